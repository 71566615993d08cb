// The photos of a product: small photos scroll the stage sideways without moving the page.
import { on } from "./dom.js";

function mark(gallery, index) {
  gallery.querySelectorAll("[data-gallery-thumb]").forEach((thumb, place) => {
    if (place === index) thumb.setAttribute("aria-current", "true");
    else thumb.removeAttribute("aria-current");
  });
}

export function startGalleries() {
  on("click", "[data-gallery-thumb]", (event, thumb) => {
    event.preventDefault();
    const gallery = thumb.closest("[data-gallery]");
    const stage = gallery.querySelector("[data-gallery-stage]");
    const photo = document.getElementById(thumb.hash.slice(1));
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    stage.scrollTo({
      left: photo.offsetLeft - stage.offsetLeft,
      behavior: calm ? "instant" : "smooth",
    });
  });
  document.addEventListener(
    "scroll",
    (event) => {
      const stage = event.target;
      if (!(stage instanceof Element) || !stage.matches("[data-gallery-stage]")) return;
      mark(stage.closest("[data-gallery]"), Math.round(stage.scrollLeft / stage.clientWidth));
    },
    { capture: true, passive: true },
  );
}
