// Decisions on suggestions: the focus goes on with what is next, and an edit can be given up.
import { on } from "./dom.js";

export function startDecisions() {
  // Where the focus was: a row of the attributes, or the n-th suggestion.
  let place = null;
  document.addEventListener("htmx:beforeRequest", (event) => {
    const form = event.target.closest?.("[data-decision]");
    if (!form) return;
    const row = form.closest("[data-attribute]");
    const item = form.closest("[data-suggestion]");
    const all = [...document.querySelectorAll("[data-suggestion]")];
    place = { row: row?.id ?? "", index: item ? all.indexOf(item) : 0 };
  });
  document.addEventListener("htmx:afterSettle", () => {
    if (!place || (document.activeElement && document.activeElement !== document.body)) return;
    const items = [...document.querySelectorAll("[data-suggestion]")];
    const next = place.row
      ? document.getElementById(place.row)
      : (items[Math.min(place.index, items.length - 1)] ?? document.getElementById("attributes"));
    place = null;
    const act = next?.querySelector("button") ?? next?.querySelector("a, summary");
    act?.focus({ preventScroll: true });
  });
  on("keydown", "[data-suggestion-form]", (event, form) => {
    if (event.key !== "Escape") return;
    event.preventDefault();
    form.querySelector("[data-suggestion-cancel]").click();
  });
}
