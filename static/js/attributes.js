// Editing attributes in place: the focus follows, Escape cancels, unsaved input is never replaced.
import { on } from "./dom.js";
import { showToast } from "./toast.js";

export function startAttributes() {
  on("keydown", "[data-attribute-form]", (event, form) => {
    if (event.key !== "Escape") return;
    event.preventDefault();
    form.querySelector("[data-attribute-cancel]").click();
  });
  // A row or form that is replaced hands the focus to the new row's edit button.
  document.addEventListener("htmx:beforeSwap", (event) => {
    const { target } = event.detail;
    if (!target.matches?.("[data-attribute]") || !target.contains(document.activeElement)) return;
    const { id } = target;
    document.addEventListener(
      "htmx:afterSettle",
      () => document.getElementById(id)?.querySelector("[data-attribute-edit]")?.focus(),
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
    showToast({ message: "Attributes have changed. Reload the page to see them." });
  });
}
