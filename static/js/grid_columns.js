// The chooser of columns: found by name, ordered by dragging or with buttons.
import { on } from "./dom.js";

let dragged = null;

const items = () => [...document.querySelectorAll("[data-column]")];

function move(item, by) {
  const all = items();
  const other = all[all.indexOf(item) + by];
  if (!other) return;
  if (by < 0) other.before(item);
  else other.after(item);
}

export function startColumns() {
  on("click", "[data-column-up]", (_event, button) => {
    move(button.closest("[data-column]"), -1);
    button.focus();
  });
  on("click", "[data-column-down]", (_event, button) => {
    move(button.closest("[data-column]"), 1);
    button.focus();
  });
  on("dragstart", "[data-column]", (event, item) => {
    dragged = item;
    item.classList.add("is-dragged");
    event.dataTransfer.effectAllowed = "move";
  });
  on("dragover", "[data-column]", (event, item) => {
    if (!dragged || dragged === item) return;
    event.preventDefault();
    const all = items();
    if (all.indexOf(dragged) < all.indexOf(item)) item.after(dragged);
    else item.before(dragged);
  });
  on("dragend", "[data-column]", (_event, item) => {
    item.classList.remove("is-dragged");
    dragged = null;
  });
  on("input", "[data-columns-find]", (_event, input) => {
    const wanted = input.value.trim().toLowerCase();
    for (const label of document.querySelectorAll("[data-column-name]")) {
      label.hidden = !label.dataset.columnName.includes(wanted);
    }
    for (const group of document.querySelectorAll("[data-columns-group]")) {
      group.hidden = !group.querySelector("[data-column-name]:not([hidden])");
    }
  });
}
