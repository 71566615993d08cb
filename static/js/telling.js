// Progress that arrives by itself, told to screen readers as well: at the quarters, not every second.

const QUARTERS = 4;
let told = "";

function tell() {
  const bar = document.querySelector("[hx-get] progress[value]");
  if (!bar) return;
  const percent = Math.floor(bar.position * QUARTERS) * (100 / QUARTERS);
  const text = `${bar.getAttribute("aria-label")}: ${percent} %`;
  if (text !== told) document.querySelector("[data-telling]").textContent = text;
  told = text;
}

export function startTelling() {
  document.addEventListener("htmx:afterSettle", tell);
}
