// Decisions on their way to the server: in their order, kept until they are answered for.
import { csrfToken, goToLogin, isLoginPage } from "./dom.js";

const FIRST_RETRY_MS = 1000;
const LONGEST_RETRY_MS = 15000;
const MOST_AT_ONCE = 20;
// A page that was asked for before a decision was answered for still shows what it was about.
const STALE_MS = 30000;
// Answers after which trying again may help.
const PASSING = new Set([408, 425, 429]);

/** What other visits to this page left behind unsent, and a name for what this one leaves. */
function recall(keeps) {
  const left = [];
  try {
    for (const name of Object.keys(localStorage).filter((key) => key.startsWith(`${keeps}:`))) {
      left.push(...JSON.parse(localStorage.getItem(name)));
      localStorage.removeItem(name);
    }
  } catch {
    // Without storage, or with something else in it: what is unsent lives as long as the page.
  }
  return left;
}

/** What was answered for a moment ago, in this tab: {entry: when}. */
function recent(keeps) {
  try {
    const all = Object.entries(JSON.parse(sessionStorage.getItem(keeps) ?? "{}"));
    return Object.fromEntries(all.filter(([, when]) => Date.now() - when < STALE_MS));
  } catch {
    return {};
  }
}

/**
 * The decisions that are not answered for yet. `onOutcome(decision, outcome)` hears what became of
 * each, `onSample(html)` how a sample stands, `onChange({unsent, cut})` how many there are and
 * whether the connection is cut.
 */
export function startOutbox({ url, keeps, onOutcome, onSample, onChange }) {
  const name = `${keeps}:${Date.now()}-${Math.random()}`;
  const waiting = recall(keeps);
  // What was decided on, also once that is answered for: a list asked for before still has it.
  const passed = new Set();
  const note = ({ entry, act }) => (act === "undo" ? passed.delete(entry) : passed.add(entry));
  for (const entry of Object.keys(recent(keeps))) passed.add(Number(entry));
  waiting.forEach(note);
  const answered = (decisions) => {
    const settled = recent(keeps);
    for (const { entry } of decisions) {
      if (passed.has(entry)) settled[entry] = Date.now();
      else delete settled[entry];
    }
    try {
      sessionStorage.setItem(keeps, JSON.stringify(settled));
    } catch {
      // Without storage a page that was on its way shows them once more.
    }
  };
  let flying = 0;
  let cut = false;
  let wait = FIRST_RETRY_MS;
  let timer = 0;

  const keep = () => {
    try {
      if (waiting.length) localStorage.setItem(name, JSON.stringify(waiting));
      else localStorage.removeItem(name);
    } catch {
      // As above.
    }
    onChange({ unsent: waiting.length, cut });
  };

  const request = (decisions) =>
    fetch(url, {
      method: "POST",
      // Finished by the browser even when the page is left meanwhile.
      keepalive: true,
      headers: {
        "Content-Type": "application/json",
        Accept: "application/json",
        "X-CSRFToken": csrfToken(),
      },
      body: JSON.stringify({
        sample: decisions[0].sample,
        decisions: decisions.map(({ entry, act, value }) => ({ entry, act, value })),
      }),
    });

  const tryLater = () => {
    cut = true;
    flying = 0;
    clearTimeout(timer);
    timer = setTimeout(send, wait);
    wait = Math.min(wait * 2, LONGEST_RETRY_MS);
    keep();
  };

  /** The next ones that belong to the same sample, or to none. */
  const next = () => {
    const some = waiting.slice(0, MOST_AT_ONCE);
    const end = some.findIndex((decision) => decision.sample !== some[0].sample);
    return end < 0 ? some : some.slice(0, end);
  };

  async function send() {
    if (flying || !waiting.length) return;
    clearTimeout(timer);
    const decisions = next();
    flying = decisions.length;
    let response;
    let answer = {};
    try {
      response = await request(decisions);
      answer = await response.json().catch(() => ({}));
    } catch {
      tryLater();
      return;
    }
    if (isLoginPage({ responseURL: response.url })) {
      flying = 0;
      goToLogin();
      return;
    }
    if (response.status >= 500 || PASSING.has(response.status)) {
      tryLater();
      return;
    }
    waiting.splice(0, decisions.length);
    flying = 0;
    cut = false;
    wait = FIRST_RETRY_MS;
    keep();
    const problem = answer.error?.message ?? "This was not taken. Reload the page and try again.";
    decisions.forEach((decision, n) => {
      const outcome = answer.outcomes?.[n] ?? { state: "refused", message: problem };
      if (outcome.state === "refused") passed.delete(decision.entry);
      onOutcome(decision, outcome);
    });
    answered(decisions);
    if (answer.sample) onSample(answer.sample);
    send();
  }

  window.addEventListener("online", send);
  window.addEventListener("pagehide", () => {
    // What was not begun yet; it stays kept until it is answered for, and twice is no harm.
    if (waiting.length > flying) request(waiting.slice(flying)).catch(() => {});
  });
  window.addEventListener("beforeunload", (event) => {
    if (waiting.length && cut) event.preventDefault();
  });
  keep();
  send();

  return {
    /** Send a decision behind those that wait: {entry, act, value, sample}. */
    add(decision) {
      waiting.push(decision);
      note(decision);
      keep();
      send();
    },
    /** Take back what was not sent yet; false when it is on its way or there. */
    cancel(entry) {
      const last = waiting.map((decision) => decision.entry).lastIndexOf(entry);
      if (last < flying || waiting[last].act === "undo") return false;
      waiting.splice(last, 1);
      passed.delete(entry);
      keep();
      return true;
    },
    /** Whether this suggestion was decided on. */
    has: (entry) => passed.has(entry),
  };
}
