// The table as rows of cells: where one is, what it shows, and which are marked.

export const frame = () => document.querySelector("[data-grid]");
const body = () => frame().querySelector("[data-grid-body]");
export const heads = () => [...frame().querySelectorAll("[data-head]")];
export const rowOf = (cell) => cell.closest("[data-row]");
export const rows = () => [...body().querySelectorAll("[data-row]")];
export const cellsOf = (row) => [...row.querySelectorAll("[data-cell]")];
export const columnOf = (cell) => cellsOf(rowOf(cell)).indexOf(cell);
export const headOf = (cell) => heads()[columnOf(cell)];
export const textOf = (cell) => cell.querySelector(".grid__text").textContent;
export const isEditable = (cell) => cell.getAttribute("aria-readonly") !== "true";

/** Boxes and links within cells have keys of these: Tab leads out of the grid, not through all rows. */
export function leaveTab() {
  for (const part of frame().querySelectorAll(":is([data-head], [data-cell]) :is(a, input)")) part.tabIndex = -1;
}

/** What the server has in a cell, as far as this page knows. */
const saved = new WeakMap();
export const savedText = (cell) => saved.get(cell) ?? textOf(cell);
export const keepSaved = (cell, text) => saved.set(cell, text);

export function showText(cell, text) {
  if (!saved.has(cell)) saved.set(cell, textOf(cell));
  cell.querySelector(".grid__text").textContent = text;
}

export const addressOf = (cell) => ({ row: rowOf(cell).dataset.row, column: headOf(cell).dataset.key });

export const nameOf = (cell) => `${headOf(cell).dataset.label}, ${rowOf(cell).dataset.name}`;

export function announce(text) {
  document.querySelector("[data-grid-status]").textContent = text;
}

// The cell that the keyboard is on, and the one where a range began.
let active = null;
let anchor = null;
let marked = [];

export const activeCell = () => (active?.isConnected ? active : null);

/** The cells between the two, as rows: [[cell, ...], ...]. */
export function range() {
  const here = activeCell();
  if (!here || here.dataset.head !== undefined) return [];
  const from = anchor?.isConnected && rowOf(anchor) ? anchor : here;
  const all = rows();
  const [top, bottom] = [all.indexOf(rowOf(from)), all.indexOf(rowOf(here))].sort((a, b) => a - b);
  const [left, right] = [columnOf(from), columnOf(here)].sort((a, b) => a - b);
  return all.slice(top, bottom + 1).map((row) => cellsOf(row).slice(left, right + 1));
}

function mark() {
  for (const cell of marked) cell.removeAttribute("aria-selected");
  const cells = range().flat();
  marked = cells.length > 1 ? cells : [];
  for (const cell of marked) cell.setAttribute("aria-selected", "true");
  frame().dispatchEvent(new CustomEvent("grid:marked", { bubbles: true }));
}

/** Put the keyboard on a cell; `extend` keeps where the range began. */
export function goTo(cell, { extend = false, focus = true } = {}) {
  if (!cell) return;
  activeCell()?.setAttribute("tabindex", "-1");
  active = cell;
  if (!extend) anchor = cell;
  cell.setAttribute("tabindex", "0");
  if (focus) {
    cell.focus({ preventScroll: true });
    cell.scrollIntoView({ block: "nearest", inline: "nearest" });
    cell.querySelector(".grid-problem")?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }
  mark();
}

export function markAll() {
  const all = rows();
  anchor = cellsOf(all[0])[0];
  goTo(cellsOf(all.at(-1)).at(-1), { extend: true, focus: false });
  activeCell().focus({ preventScroll: true });
}

/** The cell so many rows and columns away, at the edge where there is none; row -1 is the heads. */
export function neighbour(cell, down, right) {
  const all = [heads(), ...rows().map(cellsOf)];
  const row = all.findIndex((line) => line.includes(cell));
  const column = all[row].indexOf(cell);
  const clamp = (value, most) => Math.min(Math.max(value, 0), most);
  const line = all[clamp(row + down, all.length - 1)];
  return line[clamp(column + right, line.length - 1)];
}

/** Where the keyboard is, in words that find it again after the rows were read anew. */
export function place() {
  const here = activeCell();
  if (!here || here.dataset.head !== undefined) return null;
  return addressOf(here);
}

export function cellAt({ row, column }) {
  const line = body().querySelector(`[data-row="${row}"]`);
  const at = heads().findIndex((head) => head.dataset.key === column);
  return line && at >= 0 ? cellsOf(line)[at] : null;
}
