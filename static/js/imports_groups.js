// Photos of an archive: chosen and counted, dragged to another product. All of it works by the form too.
import { on } from "./dom.js";

const form = document.querySelector("[data-groups-form]");
const boxes = () => [...document.querySelectorAll("[data-group-item]")];

function count() {
  const chosen = boxes().filter((box) => box.checked).length;
  form.querySelector("[data-groups-count]").textContent = String(chosen);
  form.hidden = !chosen;
}

/** What is dragged: the photo under the pointer, or all that are chosen if it is among them. */
function dragged(photo) {
  const box = photo.querySelector("[data-group-item]");
  if (box.checked) return;
  for (const other of boxes()) other.checked = other === box;
  count();
}

function startDragging() {
  for (const photo of document.querySelectorAll("[data-group-photo]")) photo.draggable = true;
  let from = null;
  on("dragstart", "[data-group-photo]", (event, photo) => {
    dragged(photo);
    from = photo.closest("[data-group]");
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", photo.dataset.groupPhoto);
  });
  const over = (group) => {
    for (const other of document.querySelectorAll("[data-group]")) {
      other.classList.toggle("is-drop-target", other === group);
    }
  };
  on("dragover", "[data-group]", (event, group) => {
    if (!from || group === from) return;
    event.preventDefault();
    over(group);
  });
  document.addEventListener("dragend", () => {
    from = null;
    over(null);
  });
  on("drop", "[data-group]", (event, group) => {
    if (!from || group === from) return;
    event.preventDefault();
    form.querySelector("[data-groups-to]").value = group.dataset.group;
    form.requestSubmit(form.querySelector("[value=move]"));
  });
}

/** What cannot be shown is no photo; the import says why. */
function hideBroken() {
  for (const image of document.querySelectorAll("[data-group-photo] img")) {
    const hide = () => image.classList.add("is-broken");
    if (image.complete && !image.naturalWidth && image.currentSrc) hide();
    else image.addEventListener("error", hide);
  }
}

if (form) {
  hideBroken();
  on("change", "[data-group-item]", count);
  // Not to send the form off, as Enter in a box would; and the way there by Tab is long.
  on("keydown", "[data-group-item]", (event, box) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    box.checked = true;
    count();
    form.querySelector("[data-groups-to]").focus();
  });
  startDragging();
  count();
}
