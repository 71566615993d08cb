// Loaded by every page: wires what the templates mark with data- attributes.
import { errorMessage, goToLogin, isLoginPage, on } from "./dom.js";
import { startAttributes } from "./attributes.js";
import { startDecisions } from "./decisions.js";
import { startFacets } from "./facets.js";
import { startGalleries } from "./gallery.js";
import { startSearch } from "./search.js";
import { startSelections } from "./selection.js";
import { showToast, startToasts } from "./toast.js";
import { startTelling } from "./telling.js";
import { startTools } from "./tools.js";
import { startUploads } from "./upload.js";

function startTheme() {
  const root = document.documentElement;
  const buttons = document.querySelectorAll("[data-theme-choice]");
  const show = () => {
    const chosen = root.dataset.theme ?? "system";
    for (const button of buttons) {
      button.setAttribute("aria-pressed", String(button.dataset.themeChoice === chosen));
    }
  };
  on("click", "[data-theme-choice]", (_event, button) => {
    const choice = button.dataset.themeChoice;
    if (choice === "system") delete root.dataset.theme;
    else root.dataset.theme = choice;
    try {
      if (choice === "system") localStorage.removeItem("theme");
      else localStorage.setItem("theme", choice);
    } catch {
      showToast({ message: "The browser forbids storage, so the choice lasts for this page only." });
    }
    show();
  });
  show();
}

/** Menus are disclosures; they close on Escape, on a click elsewhere, and when the focus leaves. */
function startMenus() {
  const closeOthers = (inside) => {
    for (const menu of document.querySelectorAll("[data-menu][open]")) {
      if (!inside || !menu.contains(inside)) menu.open = false;
    }
  };
  document.addEventListener("click", (event) => closeOthers(event.target));
  document.addEventListener("focusin", (event) => closeOthers(event.target));
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    const open = document.querySelector("[data-menu][open]");
    if (!open) return;
    open.open = false;
    open.querySelector("summary").focus();
  });
}

/** On a phone the tabs scroll: the one whose page this is must be seen. */
function startTabs() {
  for (const tab of document.querySelectorAll(".tabs [aria-current]")) {
    const tabs = tab.closest(".tabs");
    const { left, width } = tab.getBoundingClientRect();
    tabs.scrollLeft += left + width / 2 - tabs.getBoundingClientRect().left - tabs.clientWidth / 2;
  }
}

function startDialogs() {
  on("click", "[data-dialog-open]", (_event, button) => {
    document.getElementById(button.dataset.dialogOpen)?.showModal();
  });
  on("click", "[data-dialog-close]", (_event, button) => button.closest("dialog").close());
  // A click on the backdrop has the dialog itself as its target.
  document.addEventListener("click", (event) => {
    if (event.target instanceof HTMLDialogElement && event.target.open) {
      const box = event.target.getBoundingClientRect();
      const inside =
        event.clientX >= box.left &&
        event.clientX <= box.right &&
        event.clientY >= box.top &&
        event.clientY <= box.bottom;
      // A key press on a button counts as a click at 0,0, but its target is the button.
      if (!inside) event.target.close();
    }
  });
}

/** The text of an element, or of its marked parts, one a line. */
function copiedText(source) {
  const parts = [...source.querySelectorAll("[data-copy-part]")];
  return parts.length ? parts.map((part) => part.textContent).join("\n") : source.textContent;
}

function startCopying() {
  on("click", "[data-copy]", async (_event, button) => {
    const source = button.closest("[data-copy-scope]").querySelector("[data-copy-source]");
    const label = button.querySelector("[data-copy-label]");
    try {
      await navigator.clipboard.writeText(copiedText(source));
      label.textContent = "Copied";
      showToast({ message: "Copied to the clipboard.", level: "success" });
      setTimeout(() => (label.textContent = "Copy"), 2000);
    } catch {
      getSelection().selectAllChildren(source);
      showToast({ message: "Press Ctrl+C or Command+C to copy the marked text." });
    }
  });
}

/** Nothing that htmx asks for may fail in silence. */
function startHtmxErrors() {
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (!isLoginPage(event.detail.xhr)) return;
    event.detail.shouldSwap = false;
    event.detail.isError = false;
    goToLogin();
  });
  document.addEventListener("htmx:responseError", (event) => {
    const { xhr } = event.detail;
    const told = xhr.getResponseHeader("HX-Trigger")?.includes('"toast"');
    if (!told) showToast({ message: errorMessage(xhr), level: "error" });
  });
  for (const type of ["htmx:sendError", "htmx:timeout"]) {
    document.addEventListener(type, () => {
      showToast({ message: errorMessage({ status: 0 }), level: "error" });
    });
  }
  for (const type of ["htmx:swapError", "htmx:targetError", "htmx:onLoadError"]) {
    document.addEventListener(type, () => {
      showToast({ message: "The page could not be updated. Reload it.", level: "error" });
    });
  }
}

/** "Load more" replaces itself, so the focus goes on with the first new card. */
function startLoadMore() {
  document.addEventListener("htmx:beforeSwap", (event) => {
    const place = event.detail.target;
    if (!place.matches?.("[data-load-more]") || !place.contains(document.activeElement)) return;
    const before = place.previousElementSibling;
    document.addEventListener(
      "htmx:afterSettle",
      () => before?.nextElementSibling?.querySelector("a")?.focus({ preventScroll: true }),
      { once: true },
    );
  });
}

/** A part that arrives by itself must not take the focus away from the button under a finger. */
function startFocusKeeping() {
  let kept = "";
  document.addEventListener("htmx:oobBeforeSwap", (event) => {
    const { activeElement } = document;
    kept = event.detail.target.contains(activeElement) ? activeElement.id : "";
  });
  document.addEventListener("htmx:oobAfterSwap", () => {
    if (kept) document.getElementById(kept)?.focus({ preventScroll: true });
    kept = "";
  });
}

on("change", "[data-autosubmit]", (_event, control) => control.form.requestSubmit());

startToasts();
startTheme();
startMenus();
startTabs();
startDialogs();
startCopying();
startHtmxErrors();
startLoadMore();
startFocusKeeping();
startFacets();
startSelections();
startAttributes();
startDecisions();
startGalleries();
startSearch();
startTelling();
startTools();
startUploads();
