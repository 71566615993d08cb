// The grid: moving about by keyboard and pointer, after the pattern of the ARIA practices.
import { on } from "./dom.js";
import { clearCells, copy, fillDown, openPanel, paste, startActs } from "./grid_acts.js";
import { startColumns } from "./grid_columns.js";
import { edit, editorKey, finish, isEditing } from "./grid_edit.js";
import { refresh, revert, startSaving, undoLast } from "./grid_save.js";
import {
  activeCell,
  announce,
  cellsOf,
  frame,
  goTo,
  heads,
  isEditable,
  leaveTab,
  markAll,
  neighbour,
  rowOf,
  rows,
} from "./grid_table.js";

const PAGE_ROWS = 20;
const FAR = 100000;
const ARROWS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
const mayEdit = () => Boolean(frame().dataset.cellsUrl);
const isHead = (cell) => cell.dataset.head !== undefined;

/** Where a key leads from a cell; undefined for one that does not move. */
function target(event, cell) {
  const far = event.ctrlKey || event.metaKey;
  if (event.key in ARROWS) {
    const [down, right] = ARROWS[event.key].map((step) => step * (far ? FAR : 1));
    const there = neighbour(cell, down, right);
    // A range, and a jump, end with the rows.
    return isHead(there) && (far || event.shiftKey) && !isHead(cell) ? firstBelow(there) : there;
  }
  if (event.key === "Home") return far ? cellsOf(rows()[0])[0] : neighbour(cell, 0, -FAR);
  if (event.key === "End") return far ? cellsOf(rows().at(-1)).at(-1) : neighbour(cell, 0, FAR);
  if (event.key === "PageDown") return neighbour(cell, PAGE_ROWS, 0);
  if (event.key === "PageUp") {
    const there = neighbour(cell, -PAGE_ROWS, 0);
    return isHead(there) ? firstBelow(there) : there;
  }
  return undefined;
}

const firstBelow = (head) => cellsOf(rows()[0])[heads().indexOf(head)];

function toggleRow(cell) {
  const box = rowOf(cell).querySelector("[data-grid-row]");
  if (!box) return;
  box.click();
  announce(box.checked ? "Row chosen." : "Row no longer chosen.");
}

const COMMANDS = { d: fillDown, h: () => openPanel("grid-change"), z: undoLast };

function command(event, cell) {
  const key = event.key.toLowerCase();
  if (event.ctrlKey || event.metaKey) {
    if (key === "a") return markAll;
    if (key === "enter") return () => rowOf(cell).querySelector("a")?.click();
    return mayEdit() && !event.altKey && !event.shiftKey ? COMMANDS[key] : undefined;
  }
  if (event.altKey) return undefined;
  if (event.key === " ") return () => toggleRow(cell);
  if (event.key === "Enter" || event.key === "F2") return () => edit(cell);
  if (event.key === "Delete" || event.key === "Backspace") return mayEdit() ? clearCells : undefined;
  if (event.key === "Escape") {
    return cell.hasAttribute("aria-invalid") ? () => revert(cell) : () => goTo(cell);
  }
  const typed = event.key.length === 1 && isEditable(cell);
  return typed ? () => edit(cell, event.key) : undefined;
}

function keydown(event) {
  if (isEditing()) {
    editorKey(event);
    return;
  }
  const cell = event.target.closest("[data-cell], [data-head]");
  // Boxes, links and buttons within cells have keys of their own.
  if (!cell || cell !== event.target || event.isComposing) return;
  const there = target(event, cell);
  if (there) {
    event.preventDefault();
    goTo(there, { extend: event.shiftKey && !isHead(there) });
  } else if (isHead(cell)) {
    if (event.key === "Enter") cell.querySelector("a")?.click();
  } else {
    const act = command(event, cell);
    if (!act) return;
    event.preventDefault();
    act();
  }
}

function startPointer() {
  let from = null;
  on("pointerdown", "[data-cell]", (event, cell) => {
    if (event.button || event.target.closest("a, label, button, .grid-editor, .grid-choices")) return;
    if (isEditing()) finish({ save: true });
    const again = cell === activeCell() && document.activeElement === cell;
    from = event.pointerType === "mouse" ? cell : null;
    goTo(cell, { extend: event.shiftKey });
    // Touch has no double click: a second tap on the same cell edits it.
    cell.dataset.tapped = again && event.pointerType !== "mouse" ? "1" : "";
    if (event.pointerType === "mouse") event.preventDefault();
  });
  on("pointerover", "[data-cell]", (event, cell) => {
    if (from && event.buttons === 1 && cell !== activeCell()) goTo(cell, { extend: true });
  });
  document.addEventListener("pointerup", () => (from = null));
  on("click", "[data-cell]", (_event, cell) => {
    if (cell.dataset.tapped) edit(cell);
    delete cell.dataset.tapped;
  });
  on("dblclick", "[data-cell]", (event, cell) => {
    if (!event.target.closest("a, label, button")) edit(cell);
  });
}

function startGrid() {
  const place = frame();
  if (!place) return;
  place.addEventListener("keydown", keydown);
  for (const type of ["copy", "paste"]) {
    document.addEventListener(type, (event) => {
      if (isEditing() || !document.activeElement?.matches("[data-cell]")) return;
      if (type === "copy") copy(event);
      else if (mayEdit()) paste(event);
    });
  }
  for (const head of heads()) head.setAttribute("tabindex", "-1");
  leaveTab();
  place.addEventListener("focusin", (event) => {
    const cell = event.target.closest("[data-cell]");
    if (cell && cell === event.target && cell !== activeCell()) goTo(cell, { focus: false });
  });
  goTo(cellsOf(rows()[0])[0], { focus: false });
  startPointer();
  startSaving();
  startActs();
  window.addEventListener("pageshow", (event) => event.persisted && refresh());
}

startColumns();
startGrid();
