// Runs of tools: parts that are replaced while one reads them, counters, texts edited in place.
import { on } from "./dom.js";
import { morph } from "./morph.js";

// What East Asian fonts draw over two columns: the same ranges as in tools/counting.py.
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/gu;
const NEAR_END = 96;

/** How long a text is, in code points; "weighted" counts wide characters twice, "utf16" as strings do. */
function length(text, count) {
  if (count === "utf16") return text.length;
  const wide = count === "weighted" ? (text.match(WIDE)?.length ?? 0) : 0;
  return [...text].length + wide;
}

function showCount(control) {
  const counter = document.getElementById(control.dataset.counter);
  if (!counter) return;
  const limit = Number(control.dataset.limit);
  const used = length(control.value, control.dataset.count);
  const over = used - limit;
  counter.textContent = over > 0 ? `${used} of ${limit}: ${over} too many` : `${used} of ${limit}`;
  counter.classList.toggle("counter--over", over > 0);
}

/** The run whose end is being read, and where that end is; null where one reads elsewhere. */
function readEnd(target) {
  const run = target.closest("[data-follow]");
  const end = run?.getBoundingClientRect().bottom ?? 0;
  // At the top of the page nobody has begun to follow, however short it is; who marks text stays.
  const reads = scrollY > 0 && getSelection().isCollapsed;
  return run && reads && Math.abs(end - innerHeight) < NEAR_END ? { run, end } : null;
}

function follow(read) {
  const grown = read ? read.run.getBoundingClientRect().bottom - read.end : 0;
  if (grown > 0) scrollBy({ top: grown, behavior: "instant" });
}

/** Bring a part up to date; where that takes away what has the focus, it stays at the part. */
function update(part, fresh) {
  const { activeElement } = document;
  const hadFocus = part.contains(activeElement);
  morph(part, fresh);
  htmx.process(part);
  // The server counts what is kept, not what is being typed.
  part.querySelectorAll(".edit[open] [data-counter]").forEach(showCount);
  if (!hadFocus || part.contains(document.activeElement)) return;
  const again = document.getElementById(activeElement.id) ?? part;
  if (again === part) part.tabIndex = -1;
  again.focus({ preventScroll: true });
}

/** Parts arrive as often as ten times a second: who works in one, or reads its end, stays there. */
function startUpdating() {
  let read = null;
  document.addEventListener("htmx:oobBeforeSwap", ({ detail }) => {
    const { target, fragment } = detail;
    read = readEnd(target);
    if (!target.matches("[data-morph]")) return;
    detail.shouldSwap = false;
    update(target, fragment.firstElementChild);
    follow(read);
    read = null;
  });
  document.addEventListener("htmx:oobAfterSwap", () => {
    follow(read);
    read = null;
  });
}

/** A form that is replaced by what it did hands the focus to what stands in its place. */
function startHandingOn() {
  document.addEventListener("htmx:beforeSwap", ({ detail: { requestConfig } }) => {
    const form = requestConfig?.elt;
    if (!form?.contains(document.activeElement)) return;
    const edit = form.closest(".edit");
    const acts = form.closest(".suggested-field__acts");
    if (!edit && !acts) return;
    const next = edit
      ? () => document.getElementById(edit.id)?.querySelector("summary")
      : () => acts.querySelector("a, button");
    document.addEventListener("htmx:afterSettle", () => next()?.focus({ preventScroll: true }), {
      once: true,
    });
  });
}

export function startTools() {
  on("input", "[data-counter]", (_event, control) => showCount(control));
  // "toggle" does not bubble, so it is caught on its way down.
  document.addEventListener(
    "toggle",
    ({ target }) => {
      if (!(target instanceof HTMLDetailsElement) || !target.matches(".edit[open]")) return;
      const control = target.querySelector("textarea");
      if (control.dataset.counter) showCount(control);
    },
    true,
  );
  on("click", "[data-close-edit]", (_event, button) => {
    const details = button.closest("details");
    button.form.reset();
    details.open = false;
    details.querySelector("summary").focus();
  });
  startUpdating();
  startHandingOn();
}
