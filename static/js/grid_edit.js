// The editors of cells, one for each kind of column.
import { announce, goTo, headOf, isEditable, nameOf, neighbour, textOf } from "./grid_table.js";
import { saveCell } from "./grid_save.js";

const SEVERAL = new Set(["choices", "tags"]);
const NUMBERS = new Set(["money", "number", "whole"]);
let open = null;

export const isEditing = () => open !== null;

function control(head, text) {
  const { kind, list } = head.dataset;
  if (kind === "boolean") return yesOrNo(text);
  if (kind === "long-text") {
    const area = document.createElement("textarea");
    area.value = text;
    return area;
  }
  const input = document.createElement("input");
  input.type = "text";
  input.autocomplete = "off";
  input.value = text;
  if (NUMBERS.has(kind)) input.inputMode = "decimal";
  if (list && kind !== "choices") input.setAttribute("list", list);
  return input;
}

function yesOrNo(text) {
  const select = document.createElement("select");
  for (const value of ["", "Yes", "No"]) select.add(new Option(value || "–", value));
  select.value = text;
  return select;
}

/** The values of a text with commas; a value with a comma stands in quotes. */
const split = (text) =>
  [...text.matchAll(/"((?:[^"]|"")*)"|([^,]+)/g)]
    .map((match) => (match[1] !== undefined ? match[1].replaceAll('""', '"') : match[2].trim()))
    .filter(Boolean);

const quoted = (value) => (/^"|,/.test(value) ? `"${value.replaceAll('"', '""')}"` : value);

/** What a list offers as boxes, below the text that they are written into. */
function choices(input, list) {
  const options = [...(document.getElementById(list)?.options ?? [])].map((option) => option.value);
  if (!options.length) return null;
  const panel = document.createElement("div");
  panel.className = "grid-choices";
  for (const value of options) {
    const label = document.createElement("label");
    const box = document.createElement("input");
    box.type = "checkbox";
    box.checked = split(input.value).includes(value);
    box.addEventListener("change", () => {
      const others = split(input.value).filter((each) => each !== value);
      input.value = (box.checked ? [...others, value] : others).map(quoted).join(", ");
    });
    label.append(box, document.createTextNode(value));
    panel.append(label);
  }
  input.addEventListener("input", () => {
    const now = new Set(split(input.value));
    for (const label of panel.children) label.firstChild.checked = now.has(label.textContent);
  });
  return panel;
}

/** Edit a cell; with `text` what is written instead of what it shows. */
export function edit(cell, text = null) {
  if (!isEditable(cell) || open) {
    if (!open) announce("This cell cannot be edited here.");
    return;
  }
  const head = headOf(cell);
  const editor = control(head, text ?? textOf(cell));
  editor.classList.add("grid-editor");
  editor.setAttribute("aria-label", nameOf(cell));
  const panel = SEVERAL.has(head.dataset.kind) ? choices(editor, head.dataset.list) : null;
  open = { cell, editor };
  cell.classList.add("is-edited");
  cell.append(editor);
  if (panel) cell.append(panel);
  editor.focus();
  if (text === null) editor.select?.();
  cell.addEventListener("focusout", left);
}

function left(event) {
  // To one of the boxes below, or to another window: it stays open.
  if (open && !open.cell.contains(event.relatedTarget) && document.hasFocus()) finish({ save: true });
}

/** Close the editor, and keep what it says or not. */
export function finish({ save, focus = false }) {
  if (!open) return;
  const { cell, editor } = open;
  open = null;
  const text = editor.value;
  cell.removeEventListener("focusout", left);
  cell.classList.remove("is-edited");
  editor.remove();
  cell.querySelector(".grid-choices")?.remove();
  if (save) saveCell(cell, text);
  if (focus) goTo(cell);
}

/** A key while a cell is edited; returns whether that was all. */
export function editorKey(event) {
  const { cell, editor } = open;
  const inText = editor instanceof HTMLTextAreaElement;
  if (event.key === "Escape") finish({ save: false, focus: true });
  else if (event.key === "Tab") {
    const there = neighbour(cell, 0, event.shiftKey ? -1 : 1);
    finish({ save: true });
    goTo(there);
  } else if (event.key === "Enter" && inText && (event.altKey || event.shiftKey)) {
    editor.setRangeText("\n", editor.selectionStart, editor.selectionEnd, "end");
  } else if (event.key === "Enter" && event.target.type !== "checkbox") {
    const there = neighbour(cell, event.shiftKey ? -1 : 1, 0);
    finish({ save: true });
    goTo(there);
  } else return;
  event.preventDefault();
}
