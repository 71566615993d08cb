// Facets live inside the results, which htmx replaces: what was open stays open, and where it was.
import { on } from "./dom.js";

const opened = new Map();
const scrolled = new Map();
const wide = matchMedia("(min-width: 60rem)");

/** Beside the results the filters are always shown: the disclosure around them is then open too. */
function openBesideResults() {
  for (const filters of document.querySelectorAll('[data-facet="filters"]')) {
    if (wide.matches) filters.open = true;
  }
}

export function startFacets() {
  openBesideResults();
  wide.addEventListener("change", openBesideResults);
  // "toggle" does not bubble, so it is caught on its way down.
  document.addEventListener(
    "toggle",
    (event) => {
      if (event.target instanceof Element && event.target.matches("[data-facet]")) {
        opened.set(event.target.dataset.facet, event.target.open);
      }
    },
    true,
  );
  document.addEventListener("htmx:beforeSwap", () => {
    for (const box of document.querySelectorAll("[data-keep-scroll]")) {
      scrolled.set(box.dataset.keepScroll, box.scrollTop);
    }
  });
  document.addEventListener("htmx:afterSwap", () => {
    for (const facet of document.querySelectorAll("[data-facet]")) {
      if (opened.has(facet.dataset.facet)) facet.open = opened.get(facet.dataset.facet);
    }
    openBesideResults();
    for (const box of document.querySelectorAll("[data-keep-scroll]")) {
      box.scrollTop = scrolled.get(box.dataset.keepScroll) ?? 0;
    }
  });
  // A control with form="..." stands outside of its form, where its change does not bubble to it.
  on("change", "[form]", (_event, control) => {
    if (control.form?.matches("[data-search-form]")) {
      control.form.dispatchEvent(new CustomEvent("refine"));
    }
  });
}
