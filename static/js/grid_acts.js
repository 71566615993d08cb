// Acts on many cells: what they would change is shown in a dialog, and done from there.
import { on } from "./dom.js";
import { showToast } from "./toast.js";
import { formatTsv, parseTsv } from "./grid_tsv.js";
import { post, refresh, remember, saveCell, undo } from "./grid_save.js";
import {
  activeCell,
  addressOf,
  announce,
  cellsOf,
  columnOf,
  frame,
  goTo,
  heads,
  isEditable,
  range,
  rowOf,
  rows,
  textOf,
} from "./grid_table.js";

const chosen = () => [...frame().querySelectorAll("[data-grid-row]:checked")];
const shape = (cells) => `${cells.length} × ${cells[0]?.length ?? 0}`;

async function showPlan(request) {
  const dialog = document.getElementById("grid-diff");
  const place = dialog.querySelector("[data-grid-diff]");
  place.textContent = "Looking what would change…";
  dialog.showModal();
  try {
    const { url } = await request;
    const response = await fetch(url, { headers: { "X-Grid-Part": "1" } });
    place.innerHTML = await response.text();
    window.htmx?.process(place);
  } catch (error) {
    dialog.close();
    showToast({ message: error.message, level: "error" });
  }
}

/** Texts for many cells: [[cell, text], ...]. One is written at once, more are shown first. */
export function write(pairs) {
  const wanted = pairs.filter(([cell, text]) => isEditable(cell) && textOf(cell) !== text);
  if (!wanted.length) announce("Nothing to change there.");
  else if (wanted.length === 1) saveCell(...wanted[0]);
  else {
    const cells = wanted.map(([cell, text]) => ({ ...addressOf(cell), text }));
    showPlan(post(frame().dataset.planUrl, { cells }));
  }
}

export function copy(event) {
  const cells = range();
  if (!cells.length) return;
  event.clipboardData.setData("text/plain", formatTsv(cells.map((row) => row.map(textOf))));
  event.preventDefault();
  announce(`Copied ${shape(cells)} cells.`);
}

export function paste(event) {
  const here = range();
  if (!here.length) return;
  event.preventDefault();
  const texts = parseTsv(event.clipboardData.getData("text/plain"));
  const one = texts.length === 1 && texts[0].length === 1;
  if (one) {
    write(here.flat().map((cell) => [cell, texts[0][0]]));
    return;
  }
  const all = rows();
  const top = all.indexOf(rowOf(here[0][0]));
  const first = columnOf(here[0][0]);
  const lines = all.slice(top, top + texts.length).map(cellsOf);
  const pairs = lines.flatMap((cells, row) =>
    texts[row].flatMap((text, at) => (cells[first + at] ? [[cells[first + at], text]] : [])),
  );
  const beyond = texts.flat().length - pairs.length;
  if (beyond) showToast({ message: `${beyond} of the cells lie beyond this page and are left out.` });
  write(pairs);
}

export function fillDown() {
  const cells = range();
  if (!cells.length) return;
  if (cells.length > 1) {
    write(cells.slice(1).flatMap((row) => row.map((cell, at) => [cell, textOf(cells[0][at])])));
    return;
  }
  const all = rows();
  const above = all[all.indexOf(rowOf(cells[0][0])) - 1];
  if (!above) return;
  write(cells[0].map((cell) => [cell, textOf(cellsOf(above)[columnOf(cell)])]));
}

export const clearCells = () => write(range().flat().map((cell) => [cell, ""]));

export function openPanel(id) {
  const panel = document.getElementById(id);
  if (!panel) return;
  panel.open = true;
  if (id === "grid-change") prepare(panel);
  panel.querySelector("input:not([type=hidden]):not([type=radio])").focus();
}

/** Offer what is marked: its columns, and its rows where there are several. */
function prepare(panel) {
  const cells = range();
  if (cells.length) {
    const keys = new Set(cells[0].map((cell) => heads()[columnOf(cell)].dataset.key));
    const boxes = [...panel.querySelectorAll("[name=column]")];
    if (boxes.some((box) => keys.has(box.value))) {
      for (const box of boxes) box.checked = keys.has(box.value);
    }
  }
  const some = chosen().length || cells.length > 1;
  panel.querySelector(`[name=all][value="${some ? 0 : 1}"]`).checked = true;
}

function scopeWords() {
  const place = document.querySelector("[data-grid-scope]");
  if (!place) return;
  const [boxes, marked] = [chosen().length, range().length];
  if (boxes) place.textContent = `The ${boxes} chosen row${boxes === 1 ? "" : "s"}`;
  else place.textContent = marked > 1 ? `The ${marked} marked rows` : "The row that the cursor is on";
  document.querySelector("[data-grid-chosen]").textContent = boxes ? `, ${boxes} chosen` : "";
}

function planOfForm(form) {
  const data = new FormData(form);
  if (data.get("all") === "0" && !data.has("row")) {
    for (const cells of range()) data.append("row", rowOf(cells[0]).dataset.row);
  }
  showPlan(post(form.action, data));
}

export async function apply(form) {
  const button = form.querySelector("[type=submit]");
  button.disabled = true;
  try {
    const answer = await post(form.action, new FormData(form));
    document.getElementById("grid-diff").close();
    showToast({ message: answer.message, level: "success", undoUrl: answer.undo_url || null });
    remember(answer.undo_url);
    await refresh();
    activeCell()?.focus({ preventScroll: true });
  } catch (error) {
    button.disabled = false;
    showToast({ message: error.message, level: "error" });
  }
}

export function startActs() {
  on("click", "[data-grid-open]", (event, link) => {
    event.preventDefault();
    const panel = document.getElementById(link.dataset.gridOpen);
    if (panel?.open) panel.open = false;
    else openPanel(link.dataset.gridOpen);
  });
  on("submit", "[data-grid-change]", (event, form) => {
    event.preventDefault();
    planOfForm(form);
  });
  on("submit", "#grid-diff [data-grid-apply]", (event, form) => {
    event.preventDefault();
    apply(form);
  });
  // A toast's undo would leave the page; here the rows are read anew.
  on("submit", "#toasts form", (event, form) => {
    const { pathname } = new URL(form.action);
    if (!pathname.includes("/grid/edits/")) return;
    event.preventDefault();
    form.closest("[data-toast]").remove();
    undo(pathname);
  });
  on("change", "[data-grid-all]", (_event, all) => {
    for (const box of frame().querySelectorAll("[data-grid-row]")) box.checked = all.checked;
    scopeWords();
  });
  on("change", "[data-grid-row]", scopeWords);
  document.addEventListener("grid:marked", scopeWords);
  document.getElementById("grid-diff")?.addEventListener("close", () => goTo(activeCell()));
  // A job on the page has ended: what it changed is shown.
  document.addEventListener("htmx:afterSettle", (event) => {
    const isOfActs = event.detail.target.id === "bulk-acts";
    if (isOfActs && !document.querySelector("#bulk-acts[hx-get]")) refresh();
  });
}
