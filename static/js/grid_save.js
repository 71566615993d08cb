// Cells saved one after the other, what became of them shown where they are; and the way back.
import { clone, csrfToken } from "./dom.js";
import { showToast } from "./toast.js";
import {
  addressOf,
  announce,
  cellAt,
  frame,
  goTo,
  keepSaved,
  leaveTab,
  nameOf,
  place,
  savedText,
  showText,
  textOf,
} from "./grid_table.js";

const SHOWN_MS = 2500;
const undoUrls = [];
let sending = Promise.resolve();

/** POST JSON or a form; the JSON of the answer. Throws an Error with the server's own words. */
export async function post(url, data) {
  const form = data instanceof FormData;
  let response;
  try {
    response = await fetch(url, {
      method: "POST",
      headers: {
        "X-CSRFToken": csrfToken(),
        Accept: "application/json",
        ...(form ? {} : { "Content-Type": "application/json" }),
      },
      body: form ? data : JSON.stringify(data),
    });
  } catch {
    throw new Error("The server cannot be reached. Check the connection and try again.");
  }
  const answer = await response.json().catch(() => null);
  if (response.ok && answer) return answer;
  throw new Error(answer?.error?.message ?? "That did not work. Reload the page and try again.");
}

function forget(cell) {
  cell.querySelector(".grid-problem")?.remove();
  cell.removeAttribute("aria-invalid");
  delete cell.dataset.state;
}

function complain(cell, message, theirs = null) {
  const problem = clone(document.getElementById("grid-problem"));
  problem.querySelector("[data-problem-text]").textContent = message;
  if (theirs !== null) {
    problem.querySelector("[data-problem-theirs]").hidden = false;
    problem.querySelector("[data-problem-acts]").hidden = false;
    problem.querySelector("[data-problem-value]").textContent = theirs || "empty";
    problem.querySelector("[data-problem-mine]").addEventListener("click", () => {
      keepSaved(cell, theirs);
      saveCell(cell, textOf(cell));
    });
    problem.querySelector("[data-problem-take]").addEventListener("click", () => {
      keepSaved(cell, theirs);
      revert(cell);
    });
  }
  cell.append(problem);
  cell.setAttribute("aria-invalid", "true");
}

/** Show again what the server has. */
export function revert(cell) {
  showText(cell, savedText(cell));
  forget(cell);
  cell.focus({ preventScroll: true });
}

function show(cell, answer) {
  forget(cell);
  if (answer.state === "saved" || answer.state === "same") {
    keepSaved(cell, answer.text);
    // Somebody may be writing on already.
    if (textOf(cell) !== answer.text) showText(cell, answer.text);
    delete cell.dataset.inherited;
    cell.dataset.state = "saved";
    setTimeout(() => cell.dataset.state === "saved" && delete cell.dataset.state, SHOWN_MS);
    announce(`Saved: ${nameOf(cell)}`);
    return;
  }
  cell.dataset.state = answer.state;
  complain(cell, answer.message, answer.state === "conflict" ? answer.text : null);
}

/** Show a text in a cell and save it, after what is being saved already. */
export function saveCell(cell, text) {
  const before = savedText(cell);
  if (text === before) {
    showText(cell, text);
    forget(cell);
    return;
  }
  showText(cell, text);
  forget(cell);
  cell.dataset.state = "pending";
  sending = sending.then(async () => {
    const wanted = { ...addressOf(cell), text, before: savedText(cell) };
    try {
      const answer = await post(frame().dataset.cellsUrl, { cells: [wanted] });
      if (answer.undo_url) undoUrls.push(answer.undo_url);
      show(cell, answer.cells[0]);
    } catch (error) {
      forget(cell);
      cell.dataset.state = "unsent";
      complain(cell, `Not saved. ${error.message}`);
      showToast({ message: `Not saved. ${error.message}`, level: "error" });
    }
  });
}

export const remember = (undoUrl) => undoUrl && undoUrls.push(undoUrl);

export async function undoLast() {
  await sending;
  const url = undoUrls.pop();
  if (url) await undo(url);
  else showToast({ message: "Nothing to undo on this page." });
}

/** Undo an act of this page by where that posts to, and show the rows as they are then. */
export async function undo(url) {
  const known = undoUrls.indexOf(url);
  if (known >= 0) undoUrls.splice(known, 1);
  try {
    const answer = await post(url, {});
    showToast({ message: answer.message, level: "success" });
    await refresh();
  } catch (error) {
    showToast({ message: error.message, level: "error" });
  }
}

/** Read the rows anew, and stay where the keyboard is. */
export async function refresh() {
  const here = place();
  const had = frame().contains(document.activeElement);
  const response = await fetch(location.href, { headers: { Accept: "text/html" } });
  if (!response.ok || response.redirected) return;
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  for (const part of ["[data-grid-body]", "[data-grid-acts]"]) {
    const [old, fresh] = [document.querySelector(part), page.querySelector(part)];
    if (!old || !fresh) continue;
    old.replaceWith(fresh);
    window.htmx?.process(fresh);
  }
  leaveTab();
  const cell = here && cellAt(here);
  if (cell) goTo(cell, { focus: had || document.activeElement === document.body });
}

export function startSaving() {
  window.addEventListener("beforeunload", (event) => {
    const open = ["pending", "refused", "unsent", "conflict"];
    if (open.some((state) => frame().querySelector(`[data-state="${state}"]`))) event.preventDefault();
  });
}
