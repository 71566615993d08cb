// Toasts: shown by templates, by the HX-Trigger header "toast", or from other modules.
import { clone, on } from "./dom.js";

const SHORT_MS = 6000;
const LONG_MS = 15000;

const told = (toast) => toast.querySelector("[data-toast-message]").textContent;

/** Show a message. Levels: info, success, warning, error; undoUrl adds a form that POSTs there. */
export function showToast({ message, level = "info", undoUrl = null }) {
  // What asks again by itself fails again: one error that stands says it.
  const standing = document.querySelectorAll('#toasts [data-toast="error"]');
  const same = level === "error" && [...standing].find((toast) => told(toast) === message);
  if (same) return same;
  const template =
    document.getElementById(undoUrl ? "toast-undo" : `toast-${level}`) ??
    document.getElementById("toast-info");
  const toast = clone(template);
  toast.querySelector("[data-toast-message]").textContent = message;
  if (undoUrl) toast.querySelector("form").action = undoUrl;
  document.getElementById("toasts").append(toast);
  return toast;
}

function remove(toast) {
  // Focus must not fall back to the top of the page when its element goes.
  if (toast.contains(document.activeElement)) document.getElementById("main")?.focus();
  toast.remove();
}

/** Errors stay until dismissed; the rest leave by themselves, but never under the pointer or the focus. */
function schedule(toast) {
  if (toast.dataset.toast === "error") return;
  const wait = toast.querySelector("[data-toast-undo]") ? LONG_MS : SHORT_MS;
  let timer = 0;
  const start = () => {
    clearTimeout(timer);
    timer = setTimeout(() => remove(toast), wait);
  };
  const stop = () => clearTimeout(timer);
  toast.addEventListener("pointerenter", stop);
  toast.addEventListener("focusin", stop);
  toast.addEventListener("pointerleave", start);
  toast.addEventListener("focusout", start);
  start();
}

export function startToasts() {
  const region = document.getElementById("toasts");
  if (!region) return;
  region.querySelectorAll("[data-toast]").forEach(schedule);
  new MutationObserver((records) => {
    for (const record of records) {
      for (const node of record.addedNodes) {
        if (node instanceof Element && node.matches("[data-toast]")) schedule(node);
      }
    }
  }).observe(region, { childList: true });
  on("click", "[data-toast-close]", (_event, button) => remove(button.closest("[data-toast]")));
  document.addEventListener("toast", (event) => {
    const { message, level, undo_url: undoUrl } = event.detail;
    showToast({ message, level, undoUrl });
  });
}
