// Editing attributes in place: the focus follows, Escape cancels, unsaved input is never replaced.
import { on } from "./dom.js";
import { showToast } from "./toast.js";

export function startAttributes() {
  on("keydown", "[data-attribute-form]", (event, form) => {
    if (event.key !== "Escape") return;
    event.preventDefault();
    form.querySelector("[data-attribute-cancel]").click();
  });
  // A form that gives way to its row hands the focus to the row's edit button.
  document.addEventListener("htmx:beforeSwap", (event) => {
    const form = event.detail.target;
    if (!form.matches?.("[data-attribute-form]") || event.detail.xhr.status === 422) return;
    const row = form.id;
    document.addEventListener(
      "htmx:afterSettle",
      () => document.getElementById(row)?.querySelector("[data-attribute-edit]")?.focus(),
      { once: true },
    );
  });
  // An attribute that was added leaves the menu of those that are missing.
  on("click", "[data-attribute-add]", (_event, link) => {
    link.closest("details").open = false;
    link.hidden = true;
  });
  document.addEventListener("htmx:oobBeforeSwap", (event) => {
    if (!event.detail.target.querySelector("[data-attribute-form]")) return;
    event.detail.shouldSwap = false;
    showToast({ message: "More attributes have been found. Reload the page to see them." });
  });
}
