// Another value in place of a suggestion: found by typing, chosen by digits or arrows, or written.

const SVG = "http://www.w3.org/2000/svg";
const MOST_SHOWN = 60;
const DIGITS = 9;

function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

function swatch(hex) {
  const picture = document.createElementNS(SVG, "svg");
  picture.setAttribute("class", "swatch");
  picture.setAttribute("viewBox", "0 0 16 16");
  picture.setAttribute("aria-hidden", "true");
  const dot = document.createElementNS(SVG, "circle");
  for (const [name, value] of [["cx", 8], ["cy", 8], ["r", 7], ["fill", hex]]) {
    dot.setAttribute(name, value);
  }
  picture.append(dot);
  return picture;
}

function buttons(save, cancel) {
  const saving = element("button", { type: "button", class: "button button--primary button--small" }, "Save");
  const leaving = element("button", { type: "button", class: "button button--quiet button--small" }, "Cancel");
  saving.append(element("kbd", {}, "Enter"));
  leaving.append(element("kbd", {}, "Esc"));
  saving.addEventListener("click", save);
  leaving.addEventListener("click", cancel);
  return element("div", { class: "row" }, saving, leaving);
}

/** Options that fit what was typed, those that begin with it first. */
function matching(options, text) {
  const wanted = text.trim().toLocaleLowerCase();
  const found = options.filter((option) => option.label.toLocaleLowerCase().includes(wanted));
  const begins = (option) => option.label.toLocaleLowerCase().startsWith(wanted);
  return [...found.filter(begins), ...found.filter((option) => !begins(option))];
}

/** A list to choose from. `save(values, words)` gets what was chosen. */
function chooser(place, { options, many, open, chosen, label, save, cancel }) {
  const id = `${place.closest("[data-review-item]").id}-values`;
  const picked = new Set(chosen);
  const input = element("input", {
    class: "input",
    type: "text",
    role: "combobox",
    autocomplete: "off",
    "aria-expanded": "true",
    "aria-controls": id,
    "aria-label": `${label}: type to find a value`,
    placeholder: "Type to find a value",
    maxlength: "80",
  });
  const list = element("ul", { class: "review-options", role: "listbox", id, "aria-label": label });
  if (many) list.setAttribute("aria-multiselectable", "true");
  const none = element("p", { class: "small muted", role: "status" }, "No value of the list is like this.");
  let shown = [];
  let at = 0;

  const words = (values) =>
    values.map((value) => options.find((option) => option.value === value)?.label ?? value).join(", ");
  const finish = () => {
    const values = [...picked];
    if (values.length) save(values, words(values));
  };
  const choose = (option) => {
    if (!option) return;
    if (!many) {
      save([option.value], option.label);
      return;
    }
    if (!picked.delete(option.value)) picked.add(option.value);
    input.value = "";
    draw();
  };
  const mark = () => {
    [...list.children].forEach((row, n) => row.classList.toggle("is-active", n === at));
    const row = list.children[at];
    if (row) {
      input.setAttribute("aria-activedescendant", row.id);
      row.scrollIntoView({ block: "nearest" });
    } else {
      input.removeAttribute("aria-activedescendant");
    }
  };
  const draw = () => {
    shown = matching(options, input.value).slice(0, MOST_SHOWN);
    const typed = input.value.trim();
    const known = shown.some((option) => option.label.toLocaleLowerCase() === typed.toLocaleLowerCase());
    if (open && typed && !known) shown.push({ value: typed, label: `Use “${typed}”`, hex: "" });
    at = 0;
    list.hidden = !shown.length;
    none.hidden = Boolean(shown.length);
    list.replaceChildren(
      ...shown.map((option, n) => {
        const row = element("li", {
          role: "option",
          id: `${id}-${n}`,
          class: "review-options__option",
          "aria-selected": String(picked.has(option.value)),
        });
        if (n < DIGITS && !typed) row.append(element("kbd", {}, String(n + 1)));
        if (option.hex) row.append(swatch(option.hex));
        row.append(option.label);
        row.addEventListener("mousedown", (event) => event.preventDefault());
        row.addEventListener("click", () => choose(option));
        return row;
      }),
    );
    mark();
  };
  input.addEventListener("input", draw);
  input.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    const digit = !input.value && event.key >= "1" && event.key <= "9" && event.key.length === 1;
    if (event.key === "Escape") cancel();
    else if (event.key === "ArrowDown") at = Math.min(at + 1, shown.length - 1);
    else if (event.key === "ArrowUp") at = Math.max(at - 1, 0);
    else if (event.key === "Enter") many && !input.value ? finish() : choose(shown[at]);
    else if (digit) choose(shown[Number(event.key) - 1]);
    else return;
    event.preventDefault();
    event.stopPropagation();
    mark();
  });
  const bar = many ? buttons(finish, cancel) : buttons(() => choose(shown[at]), cancel);
  place.replaceChildren(input, list, none, bar);
  draw();
  input.focus();
}

/** A text to write. Enter saves, in a text of several lines with Ctrl or Command. */
function writer(place, { long, text, label, save, cancel, decimal }) {
  const tag = long ? "textarea" : "input";
  const control = element(tag, { class: "input", "aria-label": label, maxlength: "5000" });
  if (long) control.rows = 7;
  if (decimal) control.inputMode = "decimal";
  control.value = text;
  const finish = () => {
    const written = control.value.trim();
    if (written) save([written], written);
  };
  control.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    const saves = event.key === "Enter" && (!long || event.ctrlKey || event.metaKey);
    if (saves) finish();
    else if (event.key === "Escape") cancel();
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  place.replaceChildren(control, buttons(finish, cancel));
  control.focus();
  control.setSelectionRange?.(control.value.length, control.value.length);
}

/** Open the control that fits a suggestion in `place`. */
export function startEdit(place, { control, ...rest }) {
  place.hidden = false;
  if (control === "one" || control === "many") {
    chooser(place, { ...rest, many: control === "many" });
  } else {
    writer(place, { ...rest, long: control === "long", decimal: control === "number" });
  }
}
