// Columns of an export: chosen, and put into order by dragging or with the arrows.
import { on } from "./dom.js";

const list = document.querySelector("[data-columns]");
const status = document.querySelector("[data-columns-status]");

const nameOf = (item) => item.querySelector("input").value;

function tell(item) {
  const place = [...list.children].indexOf(item) + 1;
  status.textContent = `${nameOf(item)} is column ${place} of ${list.children.length}.`;
}

function move(item, before, control) {
  list.insertBefore(item, before);
  // Moving an element takes the focus off it.
  control.focus();
  tell(item);
}

function setAll(checked) {
  for (const box of list.querySelectorAll("input")) box.checked = checked || "fixed" in box.dataset;
}

if (list) {
  on("click", "[data-column-up]", (event, button) => {
    event.preventDefault();
    const item = button.closest("[data-column]");
    if (item.previousElementSibling) move(item, item.previousElementSibling, button);
  });
  on("click", "[data-column-down]", (event, button) => {
    event.preventDefault();
    const item = button.closest("[data-column]");
    if (item.nextElementSibling) move(item, item.nextElementSibling.nextElementSibling, button);
  });
  on("click", "[data-columns-all]", () => setAll(true));
  on("click", "[data-columns-none]", () => setAll(false));

  let dragged = null;
  list.addEventListener("pointerdown", (event) => {
    const grip = event.target.closest("[data-column-grip]");
    if (!grip) return;
    event.preventDefault();
    dragged = grip.closest("[data-column]");
    dragged.classList.add("is-dragged");
    list.setPointerCapture(event.pointerId);
  });
  list.addEventListener("pointermove", (event) => {
    if (!dragged) return;
    const over = document.elementFromPoint(event.clientX, event.clientY)?.closest("[data-column]");
    if (!over || over === dragged || over.parentElement !== list) return;
    const { top, height } = over.getBoundingClientRect();
    const below = event.clientY > top + height / 2;
    list.insertBefore(dragged, below ? over.nextElementSibling : over);
  });
  for (const end of ["pointerup", "pointercancel"]) {
    list.addEventListener(end, () => {
      if (!dragged) return;
      dragged.classList.remove("is-dragged");
      tell(dragged);
      dragged = null;
    });
  }
}
