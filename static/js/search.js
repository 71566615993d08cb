// The search box: a photo beside the words, their weight, "/" for the focus, tidy addresses.
import { csrfToken, errorMessage, goToLogin, isLoginPage, on } from "./dom.js";
import { startDropzone } from "./dropzone.js";
import { showToast } from "./toast.js";

const NEUTRAL = { text_weight: "0.5", sort: "relevance" };

/** Send a photo; answers with {token, thumbnail_url}. Throws an Error with words for a person. */
function sendPhoto(url, file) {
  return new Promise((resolve, reject) => {
    const xhr = new XMLHttpRequest();
    const body = new FormData();
    body.append("image", file);
    xhr.open("POST", url);
    xhr.setRequestHeader("X-CSRFToken", csrfToken());
    xhr.setRequestHeader("Accept", "application/json");
    xhr.responseType = "text";
    xhr.onload = () => {
      if (isLoginPage(xhr)) goToLogin();
      else if (xhr.status >= 200 && xhr.status < 300) resolve(JSON.parse(xhr.responseText));
      else reject(new Error(errorMessage(xhr)));
    };
    xhr.onerror = () => reject(new Error(errorMessage({ status: 0 })));
    xhr.send(body);
  });
}

class SearchBox {
  constructor(root) {
    this.root = root;
    this.form = root.querySelector("[data-search-form]");
    this.input = root.querySelector("[data-search-input]");
    this.preview = root.querySelector("[data-photo-preview]");
    this.image = root.querySelector("[data-photo-image]");
    this.token = root.querySelector("[data-photo-token]");
    this.like = root.querySelector("[data-photo-like]");
    this.weight = root.querySelector("[data-weight]");
    this.generation = 0;
  }

  refine() {
    this.showWeight();
    this.form.dispatchEvent(new CustomEvent("refine"));
  }

  /** Words and photo are only weighed against each other where there are both. */
  showWeight() {
    const hasPhoto = this.token.value !== "" || this.like.value !== "";
    this.weight.hidden = !(hasPhoto && this.input.value.trim() !== "");
  }

  clearPhoto() {
    this.generation += 1;
    this.token.value = "";
    this.like.value = "";
    this.preview.hidden = true;
    this.preview.classList.remove("is-loading");
    this.image.removeAttribute("src");
  }

  /** Show the photo at once, search when the server has it. A later photo overtakes an earlier one. */
  async takePhoto(file) {
    this.clearPhoto();
    const generation = this.generation;
    const local = URL.createObjectURL(file);
    this.image.src = local;
    this.image.alt = file.name;
    this.preview.hidden = false;
    this.preview.classList.add("is-loading");
    try {
      const photo = await sendPhoto(this.root.dataset.photoUrl, file);
      if (generation !== this.generation) return;
      this.token.value = photo.token;
      // The browser itself cannot show every format that the server can read.
      if (photo.thumbnail_url) this.image.src = photo.thumbnail_url;
      this.preview.classList.remove("is-loading");
      this.refine();
    } catch (error) {
      if (generation !== this.generation) return;
      this.clearPhoto();
      showToast({ message: error.message, level: "error" });
    } finally {
      URL.revokeObjectURL(local);
    }
  }

  start() {
    const mayFocus = matchMedia("(pointer: fine)").matches && this.input.matches("[data-search-focus]");
    if (mayFocus) this.input.focus({ preventScroll: true });
    this.input.addEventListener("input", () => this.showWeight());
    this.root.querySelector("[data-weight-input]")?.addEventListener("change", () => this.refine());
    this.root.querySelector("[data-photo-clear]")?.addEventListener("click", () => {
      this.clearPhoto();
      this.refine();
      this.input.focus();
    });
    if (!this.root.dataset.photoUrl) return;
    this.root.querySelector("[data-photo-input]")?.addEventListener("change", (event) => {
      const [file] = event.target.files;
      if (file) this.takePhoto(file);
      // The same file may be picked again after it was removed.
      event.target.value = "";
    });
    startDropzone(this.root, (files) => {
      if (files.length > 1) showToast({ message: "Searching with the first of these photos." });
      this.takePhoto(files[0]);
    });
  }
}

/** Empty and neutral parameters only make an address longer. */
function startTidyAddresses() {
  document.addEventListener("htmx:configRequest", (event) => {
    if (!event.target.matches?.("[data-search-form]")) return;
    const { formData } = event.detail;
    for (const [name, value] of [...formData.entries()]) {
      if (value === "" || NEUTRAL[name] === value) formData.delete(name);
    }
  });
}

/** Typing makes one step in the history, not one a letter; facets and photos make one each. */
function startTypingHistory() {
  let typed = false;
  let lastWasTyped = false;
  document.addEventListener("htmx:configRequest", (event) => {
    typed = event.detail.triggeringEvent?.type === "input";
  });
  document.addEventListener("htmx:beforeHistoryUpdate", (event) => {
    if (typed && lastWasTyped) event.detail.history.type = "replace";
    lastWasTyped = typed;
  });
}

export function startSearch() {
  const root = document.querySelector("[data-search]");
  if (!root) return;
  new SearchBox(root).start();
  startTidyAddresses();
  startTypingHistory();
  document.addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest("input, textarea, select, [contenteditable], dialog")) return;
    event.preventDefault();
    const input = root.querySelector("[data-search-input]");
    input.focus();
    input.select();
  });
}

on("keydown", "[data-search-input]", (event, input) => {
  if (event.key === "Escape") input.blur();
});
