// Photos of an archive: chosen and counted, dragged to another product. All of it works by the form too.
import { on } from "./dom.js";

const form = document.querySelector("[data-groups-form]");
const boxes = () => [...document.querySelectorAll("[data-group-item]")];

function count() {
  form.querySelector("[data-groups-count]").textContent = String(
    boxes().filter((box) => box.checked).length,
  );
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

if (form) {
  on("change", "[data-group-item]", count);
  startDragging();
  count();
}
