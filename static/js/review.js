// The review queue: shows the next suggestion at once, and tells the server behind the person's back.
import { on } from "./dom.js";
import { startEdit } from "./review_edit.js";
import { startOutbox } from "./review_outbox.js";
import { showToast } from "./toast.js";

const AHEAD = 12;
const FEW = 6;
const RETRY_MS = 3000;
const KEYS = {
  a: "accept",
  enter: "accept",
  r: "reject",
  e: "edit",
  s: "skip",
  u: "undo",
  j: "next",
  arrowright: "next",
  k: "previous",
  arrowleft: "previous",
  o: "open",
  "?": "help",
};
// Holding a key down must not decide on what nobody has looked at.
const REPEATED = new Set(["next", "previous"]);
const WORDS = { accept: "Accepted", reject: "Rejected", edit: "Changed to" };
const OFF = "review-keys-off";

const root = document.querySelector("[data-review]");
const stage = root.querySelector("[data-review-stage]");
const find = (name) => document.querySelector(`[data-review-${name}]`);
const sample = root.dataset.sample ? Number(root.dataset.sample) : null;

const items = [];
const options = {};
const decided = new Map();
const stack = [];
let at = 0;
let cursor = null;
let more = true;
let loading = false;
let left = Number(root.dataset.left);
const leftAtFirst = left;
const badge = document.querySelector(".nav__link[aria-current] .nav__count")?.firstChild;
// Not a number where there are more than the navigation counts.
const openAtFirst = Number(badge?.data);
let done = 0;
let began = 0;

const wrap = (node) => ({ id: Number(node.dataset.reviewItem), node });
const current = () => items[at];
const known = (id) => decided.has(id) || items.some((item) => item.id === id);

function say(text) {
  find("said").textContent = text;
}

function progress() {
  find("left").textContent = Math.max(left, 0).toLocaleString();
  find("done").textContent = String(done);
  if (openAtFirst) badge.data = String(Math.max(openAtFirst + left - leftAtFirst, 0));
  const minutes = (Date.now() - began) / 60000;
  const rate = done > 2 && minutes > 0.05 ? ` · ${Math.round(done / minutes)} a minute` : "";
  find("rate").textContent = rate;
  for (const button of root.querySelectorAll("[data-review-act=undo]")) button.disabled = !stack.length;
}

/** Show one suggestion and nothing else; the keyboard goes on from there. */
function show({ spoken = "" } = {}) {
  at = Math.min(Math.max(at, 0), items.length);
  for (const { node } of items) node.hidden = true;
  const item = current();
  const waits = !item && more;
  find("end").hidden = Boolean(item) || waits;
  find("bar").hidden = !item && !waits && !stack.length && !items.length;
  stage.classList.toggle("is-waiting", waits);
  find("waits").hidden = !waits;
  progress();
  if (items.length - at < FEW) load();
  if (!item) {
    if (!waits) end();
    return;
  }
  item.node.hidden = false;
  if (root.getBoundingClientRect().top < 0) root.scrollIntoView({ block: "start" });
  item.node.focus({ preventScroll: true });
  const { fieldLabel, said, product } = item.node.dataset;
  say(`${spoken} ${fieldLabel} of ${product}: ${said}`.trim());
}

function end() {
  const title = find("end-title");
  // Without a decision the page's own words stand: they know whether filters left nothing.
  if (title && (left > 0 || done > 0)) {
    title.textContent = left > 0 ? "That was the last of them" : "Nothing waits for a decision";
    find("end-text").textContent =
      left > 0 ? "Some were skipped, or somebody else is looking at them." : "Well done.";
    find("again").hidden = left <= 0;
  }
  say("Nothing more to decide on.");
  document.getElementById("main").focus({ preventScroll: true });
}

function itemsUrl(parameters) {
  const address = new URLSearchParams(root.dataset.query);
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== null) address.set(name, value);
  }
  return `${root.dataset.itemsUrl}?${address}`;
}

async function ask(parameters) {
  const response = await fetch(itemsUrl(parameters), { headers: { Accept: "application/json" } });
  if (!response.ok || response.redirected) throw new Error(String(response.status));
  const answer = await response.json();
  Object.assign(options, answer.options);
  return answer;
}

/** Fetch the next ones with their photos, before they are needed. */
async function load() {
  if (loading || !more) return;
  loading = true;
  let answer;
  try {
    answer = await ask({ n: AHEAD, after: cursor });
  } catch {
    loading = false;
    setTimeout(load, RETRY_MS);
    return;
  }
  loading = false;
  more = answer.more;
  cursor = answer.items.at(-1)?.id ?? cursor;
  const pending = new DOMParser();
  for (const { id, html } of answer.items) {
    if (known(id) || outbox.has(id)) continue;
    const node = document.adoptNode(
      pending.parseFromString(html, "text/html").querySelector("[data-review-item]"),
    );
    node.hidden = true;
    stage.append(node);
    items.push({ id, node });
  }
  if (answer.sample) sampleStands(answer.sample);
  if (stage.classList.contains("is-waiting") || (!current() && items.length)) show();
  else if (items.length - at < FEW) load();
}

function sampleStands(html) {
  const place = find("sample");
  if (place) place.innerHTML = html;
}

// --- acts ---------------------------------------------------------------------------------------

function remove(item) {
  const place = items.indexOf(item);
  if (place < 0) return;
  items.splice(place, 1);
  if (place < at) at -= 1;
  item.node.remove();
}

function decide(act, value = undefined, words = "") {
  const item = current();
  if (!item) return;
  closeEdit(item);
  began ||= Date.now();
  done += 1;
  left -= 1;
  decided.set(item.id, item);
  stack.push({ item, act });
  remove(item);
  outbox.add({ entry: item.id, act, value, sample });
  show({ spoken: `${WORDS[act]} ${words}`.trim() + "." });
}

function bringBack(item, place) {
  decided.delete(item.id);
  if (items.includes(item)) return;
  item.node.hidden = true;
  stage.append(item.node);
  items.splice(place, 0, item);
  done -= 1;
  left += 1;
}

function undo() {
  const last = stack.pop();
  if (!last) return;
  const { item, act } = last;
  if (act === "skip") {
    const place = items.indexOf(item);
    if (place >= 0) at = place;
  } else {
    if (!outbox.cancel(item.id)) outbox.add({ entry: item.id, act: "undo", sample });
    bringBack(item, at);
  }
  show({ spoken: "Taken back." });
}

function skip() {
  const item = current();
  if (!item) return;
  closeEdit(item);
  stack.push({ item, act: "skip" });
  at += 1;
  show({ spoken: "Skipped." });
}

function move(step) {
  const item = current();
  if (item) closeEdit(item);
  at = Math.min(Math.max(at + step, 0), items.length);
  show();
}

function closeEdit(item) {
  const place = item.node.querySelector("[data-review-edit]");
  if (!place || place.hidden) return;
  place.hidden = true;
  place.replaceChildren();
  item.node.querySelector("[data-review-act=edit]").setAttribute("aria-expanded", "false");
}

async function edit() {
  const item = current();
  const place = item?.node.querySelector("[data-review-edit]");
  if (!place) return;
  const { control, options: key, fieldLabel, said, open } = item.node.dataset;
  if (!options[key] && (control === "one" || control === "many")) {
    try {
      await ask({ entry: item.id });
    } catch {
      showToast({ message: "The values cannot be read just now. Try again.", level: "error" });
      return;
    }
  }
  if (item !== current()) return;
  item.node.querySelector("[data-review-act=edit]").setAttribute("aria-expanded", "true");
  startEdit(place, {
    control,
    options: options[key] ?? [],
    open: open === "true",
    chosen: JSON.parse(item.node.dataset.values || "[]"),
    text: said,
    label: fieldLabel,
    save: (values, words) => decide("edit", values, words),
    cancel: () => {
      closeEdit(item);
      item.node.focus();
    },
  });
}

function choose(key) {
  const button = current()?.node.querySelector(`[data-review-set][aria-keyshortcuts="${key}"]`);
  if (button) set(button);
}

function set(button) {
  decide("edit", [button.dataset.reviewSet], button.textContent.replace(/^\d/, ""));
}

const ACTS = {
  accept: () => may("accept") && decide("accept"),
  reject: () => may("reject") && decide("reject"),
  edit,
  skip,
  undo,
  next: () => move(1),
  previous: () => move(-1),
  open: () => {
    const link = current()?.node.querySelector("[data-review-open]");
    if (link) window.open(link.href, "_blank", "noopener");
  },
  help: () => document.getElementById("review-keys").showModal(),
};

const may = (act) => Boolean(current()?.node.querySelector(`[data-review-act=${act}]`));

// --- what came of it ----------------------------------------------------------------------------

function outcome(decision, { state, message }) {
  const item = decided.get(decision.entry);
  if (state === "refused") {
    const again = decision.act === "undo" ? null : item;
    forget(decision.entry);
    if (again) {
      bringBack(again, Math.min(at + 1, items.length));
      if (items.length === 1) show();
      else progress();
    }
    const product = again ? `${again.node.dataset.product}: ` : "";
    showToast({ message: `${product}${message}`, level: "error" });
  } else if (message) {
    if (state === "already") forget(decision.entry);
    const product = item ? `${item.node.dataset.product}: ` : "";
    showToast({ message: `${product}${message}` });
    progress();
  }
}

/** Nothing of this suggestion can be undone any more. */
function forget(id) {
  for (let n = stack.length - 1; n >= 0; n -= 1) {
    if (stack[n].item.id === id && stack[n].act !== "skip") stack.splice(n, 1);
  }
}

function unsent({ unsent: count, cut }) {
  const banner = find("unsent");
  banner.hidden = !cut || count === 0;
  const decisions = count === 1 ? "1 decision is" : `${count} decisions are`;
  const text = `No connection. ${decisions} kept here and sent as soon as there is one again.`;
  if (!banner.hidden && banner.textContent !== text) banner.textContent = text;
}

// --- keys ---------------------------------------------------------------------------------------

function keysAreOff() {
  try {
    return localStorage.getItem(OFF) === "1";
  } catch {
    return false;
  }
}

function startKeys() {
  const box = find("single-keys");
  box.checked = !keysAreOff();
  box.addEventListener("change", () => {
    try {
      if (box.checked) localStorage.removeItem(OFF);
      else localStorage.setItem(OFF, "1");
    } catch {
      showToast({ message: "The browser forbids storage, so the choice lasts for this page only." });
    }
  });
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.isComposing || !box.checked) return;
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (document.querySelector("dialog[open]")) return;
    const target = event.target instanceof Element ? event.target : document.body;
    if (target.closest("input, textarea, select, [contenteditable], [data-menu][open]")) return;
    const key = event.key.toLowerCase();
    // Whoever stands on a button or link means that one.
    if (key === "enter" && target.closest("a, button, summary")) return;
    const act = KEYS[key];
    if (event.repeat && !REPEATED.has(act)) return;
    if (act) ACTS[act]();
    else if (key >= "1" && key <= "9" && key.length === 1) choose(key);
    else return;
    event.preventDefault();
  });
}

on("click", "[data-review-act]", (event, button) => {
  const act = button.dataset.reviewAct;
  if (act === "help") return;
  event.preventDefault();
  ACTS[act]();
});
on("click", "[data-review-set]", (event, button) => {
  event.preventDefault();
  set(button);
});
on("submit", "[data-review-form]", (event) => event.preventDefault());
on("click", "[data-review-thumb]", (event, thumb) => {
  if (event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  const photos = thumb.closest("[data-review-photos]");
  const large = photos.querySelector("[data-review-large]");
  large.srcset = thumb.dataset.srcset;
  large.src = thumb.dataset.src;
  for (const other of photos.querySelectorAll("[data-review-thumb]")) {
    if (other === thumb) other.setAttribute("aria-current", "true");
    else other.removeAttribute("aria-current");
  }
});

const outbox = startOutbox({
  url: root.dataset.decideUrl,
  keeps: root.dataset.keeps,
  onOutcome: outcome,
  onSample: sampleStands,
  onChange: unsent,
});
for (const node of stage.querySelectorAll("[data-review-item]")) {
  const item = wrap(node);
  if (outbox.has(item.id)) node.remove();
  else items.push(item);
}
startKeys();
show();
