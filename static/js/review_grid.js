// A screen of suggestions: marked by click, space, arrows and Shift; decided on by keys or buttons.
import { on } from "./dom.js";

const form = document.querySelector("[data-review-grid]");
const boxes = form ? [...form.querySelectorAll("[data-grid-item]")] : [];
let last = null;

function update() {
  const count = boxes.filter((box) => box.checked).length;
  form.querySelector("[data-grid-count]").textContent = String(count);
  for (const button of form.querySelectorAll("[data-grid-needs]")) button.disabled = count === 0;
  const accept = form.querySelector("[data-grid-accept]");
  if (accept) accept.textContent = count ? "Accept all but the marked" : "Accept all shown";
}

function markTo(box) {
  const [from, to] = [boxes.indexOf(last), boxes.indexOf(box)].sort((a, b) => a - b);
  if (from < 0) return;
  for (const between of boxes.slice(from, to + 1)) between.checked = last.checked;
}

/** The nearest box in a direction, by where the cards stand. */
function neighbour(box, key) {
  const at = boxes.indexOf(box);
  if (key === "ArrowRight") return boxes[at + 1];
  if (key === "ArrowLeft") return boxes[at - 1];
  const down = key === "ArrowDown";
  const here = box.closest("li").getBoundingClientRect();
  const rows = boxes
    .map((other) => ({ other, place: other.closest("li").getBoundingClientRect() }))
    .filter(({ place }) => (down ? place.top > here.top + 4 : place.top < here.top - 4));
  const tops = rows.map(({ place }) => place.top);
  const row = down ? Math.min(...tops) : Math.max(...tops);
  return rows
    .filter(({ place }) => Math.abs(place.top - row) < 4)
    .sort((a, b) => Math.abs(a.place.left - here.left) - Math.abs(b.place.left - here.left))[0]?.other;
}

/** One stop for the Tab key among all the boxes; arrows go on from there. */
function standOn(box) {
  for (const other of boxes) other.tabIndex = other === box ? 0 : -1;
}

if (form) {
  on("click", "[data-grid-item]", (event, box) => {
    if (event.shiftKey && last && last !== box) markTo(box);
    last = box;
    standOn(box);
    update();
  });
  on("keydown", "[data-grid-item]", (event, box) => {
    if (!event.key.startsWith("Arrow") || event.ctrlKey || event.metaKey || event.altKey) return;
    const next = neighbour(box, event.key);
    if (!next) return;
    event.preventDefault();
    if (event.shiftKey) {
      box.checked = true;
      next.checked = true;
      last = next;
      update();
    }
    standOn(next);
    next.focus();
  });
  on("keydown", "[data-review-grid]", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    if (event.target.closest("select, input:not([type=checkbox])")) return;
    const key = event.key.toLowerCase();
    if (key === "c") form.querySelector("[data-grid-value]")?.focus();
    else if (key === "a" || key === "r") form.querySelector(`[data-grid-act=${key}]:enabled`)?.click();
    else return;
    event.preventDefault();
  });
  window.addEventListener("pageshow", update);
  if (boxes.length) standOn(boxes[0]);
  update();
}
