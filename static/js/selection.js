// Choosing cards or rows for a bulk action: counts, select all, ranges with Shift.
import { on } from "./dom.js";

let last = null;

const items = (scope) => [...scope.querySelectorAll("[data-select-item]")];

// The box that stands for all products of the list, those of other pages too.
const matching = (scope) => scope.querySelector("[data-select-matching]");

function update(scope) {
  const boxes = items(scope);
  const chosen = boxes.filter((box) => box.checked).length;
  const all = matching(scope);
  const count = all?.checked ? Number(all.dataset.count) : chosen;
  const bar = scope.querySelector("[data-selection-bar]");
  if (bar) {
    bar.hidden = count === 0;
    bar.querySelector("[data-selection-count]").textContent = count.toLocaleString("en");
  }
  for (const all of scope.querySelectorAll("[data-select-all]")) {
    all.checked = chosen > 0 && chosen === boxes.length;
    all.indeterminate = chosen > 0 && chosen < boxes.length;
  }
}

function setAll(scope, checked) {
  if (!checked && matching(scope)) matching(scope).checked = false;
  for (const box of items(scope)) box.checked = checked;
  update(scope);
}

function selectRange(scope, box) {
  const boxes = items(scope);
  const [from, to] = [boxes.indexOf(last), boxes.indexOf(box)].sort((a, b) => a - b);
  if (from < 0) return;
  for (const between of boxes.slice(from, to + 1)) between.checked = box.checked;
}

export function startSelections() {
  on("click", "[data-select-item]", (event, box) => {
    const scope = box.closest("[data-selection]");
    if (!scope) return;
    if (event.shiftKey && last?.isConnected) selectRange(scope, box);
    last = box;
    if (!box.checked && matching(scope)) matching(scope).checked = false;
    update(scope);
  });
  on("change", "[data-select-all]", (_event, all) => {
    setAll(all.closest("[data-selection]"), all.checked);
  });
  on("change", "[data-select-matching]", (_event, all) => {
    setAll(all.closest("[data-selection]"), all.checked);
  });
  on("click", "[data-selection-clear]", (_event, button) => {
    const scope = button.closest("[data-selection]");
    setAll(scope, false);
    items(scope)[0]?.focus();
  });
  const updateAll = () => document.querySelectorAll("[data-selection]").forEach(update);
  document.addEventListener("htmx:afterSettle", updateAll);
  // Browsers restore check boxes when one comes back to a page.
  window.addEventListener("pageshow", updateAll);
  updateAll();
}
