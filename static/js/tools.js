// Runs of tools: parts that are replaced while one reads them, counters, texts edited in place.
import { on } from "./dom.js";

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

/** What a person did to a part: opened, typed, marked, scrolled to. */
function stateOf(part) {
  const { activeElement } = document;
  const focused = part.contains(activeElement) && activeElement.id ? activeElement : null;
  return {
    open: [...part.querySelectorAll("details[data-keep-open][open]")].map(({ id }) => id),
    typed: [...part.querySelectorAll("textarea[id], input[id]")]
      .filter((control) => control.value !== control.defaultValue)
      .map(({ id, value }) => [id, value]),
    scrolled: [...part.querySelectorAll("[tabindex]")].map(({ scrollLeft }) => scrollLeft),
    focused: focused?.id ?? "",
    selection: focused?.matches("textarea, input[type=text]")
      ? [focused.selectionStart, focused.selectionEnd]
      : null,
  };
}

function restore(part, state) {
  for (const id of state.open) {
    const details = document.getElementById(id);
    if (details) details.open = true;
  }
  for (const [id, value] of state.typed) {
    const control = document.getElementById(id);
    if (!control) continue;
    control.value = value;
    if (control.dataset.counter) showCount(control);
  }
  [...part.querySelectorAll("[tabindex]")].forEach((box, at) => {
    box.scrollLeft = state.scrolled[at] ?? 0;
  });
  if (!state.focused) return;
  const focused = document.getElementById(state.focused);
  focused?.focus({ preventScroll: true });
  if (state.selection) focused?.setSelectionRange(...state.selection);
}

/** Parts arrive as often as ten times a second: who works in one, or reads its end, stays there. */
function startKeeping() {
  const kept = new Map();
  let follow = null;
  document.addEventListener("htmx:oobBeforeSwap", ({ detail: { target } }) => {
    if (target.matches("[data-block]")) kept.set(target.id, stateOf(target));
    const run = target.closest("[data-follow]");
    const end = run?.getBoundingClientRect().bottom ?? 0;
    // At the top of the page nobody has begun to follow, however short it is.
    const follows = run && scrollY > 0 && Math.abs(end - innerHeight) < NEAR_END;
    follow = follows ? { run, end } : null;
  });
  document.addEventListener("htmx:oobAfterSwap", () => {
    for (const [id, state] of kept) {
      const part = document.getElementById(id);
      if (part) restore(part, state);
    }
    kept.clear();
    if (!follow) return;
    const grown = follow.run.getBoundingClientRect().bottom - follow.end;
    if (grown > 0) scrollBy({ top: grown, behavior: "instant" });
    follow = null;
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
  startKeeping();
}
