// Uploading: one request a photo, three at a time, each with its own progress, error and retry.
import { clone, csrfToken, errorMessage, goToLogin, isLoginPage } from "./dom.js";
import { startDropzone } from "./dropzone.js";

const AT_ONCE = 3;
const ATTEMPTS = 3;
const MEGABYTE = 1024 * 1024;

const ENDED = ["done", "duplicate", "failed", "cancelled"];

const size = (bytes) =>
  bytes < MEGABYTE ? `${Math.ceil(bytes / 1024)} KB` : `${(bytes / MEGABYTE).toFixed(1)} MB`;

const isRetryable = (upload) => upload.state === "failed" && upload.mayRetry;

const isWorthARetry = (status) => status === 0 || status === 429 || status >= 500;

/** One photo and its row. */
class Upload {
  constructor(file, row, group) {
    this.file = file;
    this.row = row;
    this.group = group;
    this.state = "waiting";
    this.percent = 0;
    this.attempts = 0;
    this.mayRetry = false;
    this.xhr = null;
    this.part("name").textContent = file.name;
    for (const which of row.querySelectorAll("[data-upload-which]")) {
      which.textContent = ` ${file.name}`;
    }
    this.showThumbnail();
    this.show("waiting", `Waiting, ${size(file.size)}`);
  }

  part(name) {
    return this.row.querySelector(`[data-upload-${name}]`);
  }

  showThumbnail() {
    const url = URL.createObjectURL(this.file);
    const image = new Image(44, 52);
    image.alt = "";
    image.decoding = "async";
    // Formats that the browser cannot show keep the icon.
    image.onload = () => {
      this.part("thumb").replaceChildren(image);
      URL.revokeObjectURL(url);
    };
    image.onerror = () => URL.revokeObjectURL(url);
    image.src = url;
  }

  show(state, words) {
    this.state = state;
    this.row.dataset.state = state;
    this.part("status").textContent = words;
    this.part("progress").hidden = state !== "running" && state !== "waiting";
    this.part("progress").value = this.percent;
    this.part("progress").setAttribute("aria-label", `Progress of ${this.file.name}`);
    this.part("retry").hidden = !(state === "failed" && this.mayRetry);
    this.part("cancel-label").textContent = state === "failed" ? "Remove" : "Cancel";
    this.part("cancel").hidden = state === "done" || state === "duplicate";
  }
}

/**
 * What keeps the photos of one product together: the first one that is new makes it, the others join
 * it. A photo that stands on another product already makes none; it joins the group's once there is one.
 */
class Group {
  constructor() {
    this.product = null;
    this.opener = null;
    this.known = [];
  }

  mayStart() {
    return this.product !== null || this.opener === null;
  }

  started(upload) {
    if (this.product === null) this.opener = upload;
  }

  ended(upload) {
    if (this.opener === upload) this.opener = null;
  }

  answered(upload, product) {
    this.ended(upload);
    if (this.product !== null) return;
    if (product.duplicate) {
      this.known.push(upload);
    } else {
      this.product = product.id;
      for (const known of this.known) known.show("waiting", "Waiting");
    }
  }
}

class Uploader {
  constructor(form) {
    this.form = form;
    this.url = form.dataset.uploadUrl;
    this.maxBytes = Number(form.dataset.maxBytes) || Infinity;
    this.uploads = [];
    this.counted = "";
    this.list = form.querySelector("[data-upload-list]");
    this.template = form.querySelector("[data-upload-template]");
    this.summary = form.querySelector("[data-upload-summary]");
  }

  get running() {
    return this.uploads.filter((upload) => upload.state === "running").length;
  }

  add(files) {
    const shared = this.form.querySelector("[name=grouping]:checked")?.value === "one";
    const one = new Group();
    const rows = document.createDocumentFragment();
    for (const file of files) {
      const row = clone(this.template);
      const upload = new Upload(file, row, shared ? one : new Group());
      row.querySelector("[data-upload-cancel]").onclick = () => this.cancel(upload);
      row.querySelector("[data-upload-retry]").onclick = () => this.retry(upload);
      if (file.size === 0) upload.show("failed", "This file is empty.");
      else if (file.size > this.maxBytes) {
        upload.show("failed", `This file has ${size(file.size)}; at most ${size(this.maxBytes)} fit.`);
      }
      this.uploads.push(upload);
      rows.append(row);
    }
    this.list.append(rows);
    this.next();
  }

  /** Start what may start now. */
  next() {
    for (const upload of this.uploads) {
      if (this.running >= AT_ONCE) break;
      if (upload.state === "waiting" && !upload.timer && upload.group.mayStart()) this.send(upload);
    }
    this.showTotals();
  }

  send(upload) {
    const { group } = upload;
    group.started(upload);
    upload.attempts += 1;
    upload.percent = 0;
    upload.show("running", "Sending");
    const xhr = new XMLHttpRequest();
    upload.xhr = xhr;
    const body = new FormData();
    if (group.product !== null) body.append("product", group.product);
    body.append("image", upload.file);
    xhr.open("POST", this.url);
    xhr.setRequestHeader("X-CSRFToken", csrfToken());
    xhr.setRequestHeader("Accept", "application/json");
    xhr.upload.onprogress = (event) => this.progress(upload, event);
    xhr.onload = () => this.answer(upload);
    xhr.onerror = () => this.failed(upload);
    xhr.send(body);
  }

  progress(upload, event) {
    upload.percent = Math.round((100 * event.loaded) / event.total);
    const words = upload.percent < 100 ? `Sending, ${upload.percent} %` : "Checking the photo";
    upload.show("running", words);
    this.showTotals();
  }

  answer(upload) {
    const { xhr } = upload;
    if (isLoginPage(xhr)) {
      goToLogin();
      return;
    }
    if (xhr.status < 200 || xhr.status >= 300) {
      this.failed(upload);
      return;
    }
    let product;
    try {
      product = JSON.parse(xhr.responseText);
    } catch {
      this.failed(upload);
      return;
    }
    upload.group.answered(upload, product);
    upload.show(
      product.duplicate ? "duplicate" : "done",
      product.duplicate ? `Already here: ${product.title || "the same photo"}` : "Added",
    );
    const open = upload.part("open");
    open.href = product.url;
    open.hidden = false;
    this.next();
  }

  failed(upload) {
    const { xhr } = upload;
    upload.group.ended(upload);
    if (isWorthARetry(xhr.status) && upload.attempts < ATTEMPTS) {
      const asked = Number(xhr.getResponseHeader("Retry-After"));
      const wait = Math.min(30, asked || 2 ** upload.attempts);
      upload.show("waiting", `${errorMessage(xhr)} Trying again in ${wait} s`);
      upload.timer = setTimeout(() => {
        upload.timer = 0;
        this.next();
      }, wait * 1000);
    } else {
      upload.mayRetry = isWorthARetry(xhr.status);
      upload.show("failed", errorMessage(xhr));
    }
    this.next();
  }

  /** Cancels what is on its way; takes out of the list what has failed. */
  cancel(upload) {
    upload.xhr?.abort();
    clearTimeout(upload.timer);
    upload.group.ended(upload);
    const beside = upload.row.nextElementSibling ?? upload.row.previousElementSibling;
    const hadFocus = upload.row.contains(document.activeElement);
    upload.show("cancelled", "Cancelled");
    upload.row.remove();
    this.uploads = this.uploads.filter((other) => other !== upload);
    if (hadFocus) {
      const target = beside?.querySelector("button:not([hidden]), a:not([hidden])");
      (target ?? this.form.querySelector("input[type=file]")).focus();
    }
    this.next();
  }

  retry(upload) {
    upload.attempts = 0;
    upload.show("waiting", "Waiting");
    upload.part("cancel").focus();
    this.next();
  }

  showTotals() {
    const total = this.uploads.length;
    const of = (...states) => this.uploads.filter(({ state }) => states.includes(state)).length;
    const [failed, ended] = [of("failed"), of(...ENDED)];
    const sent = this.uploads.reduce(
      (sum, upload) => sum + (ENDED.includes(upload.state) ? 100 : upload.percent),
      0,
    );
    this.summary.hidden = total === 0;
    this.form.querySelector("[data-upload-total]").value = total ? sent / total : 0;
    const words = `${ended - failed} of ${total} uploaded${failed ? `, ${failed} failed` : ""}`;
    // The count is read aloud, so it is only written when it changes.
    if (words !== this.counted) {
      this.counted = words;
      this.form.querySelector("[data-upload-count]").textContent = words;
    }
    this.form.querySelector("[data-upload-retry-all]").hidden = !this.uploads.some(isRetryable);
    this.form.querySelector("[data-upload-cancel-all]").hidden = ended === total;
    this.form.querySelector("[data-upload-clear]").hidden = ended < total;
  }

  start() {
    const input = this.form.querySelector("input[type=file]");
    input.addEventListener("change", () => {
      this.add([...input.files]);
      input.value = "";
    });
    startDropzone(this.form.querySelector("[data-dropzone]"), (files) => this.add(files));
    this.form.addEventListener("submit", (event) => event.preventDefault());
    const click = (name, act) =>
      this.form.querySelector(`[data-upload-${name}]`).addEventListener("click", act);
    click("retry-all", () => {
      this.uploads.filter(isRetryable).forEach((upload) => this.retry(upload));
    });
    click("cancel-all", () => {
      const open = this.uploads.filter(({ state }) => !ENDED.includes(state));
      open.reverse().forEach((upload) => this.cancel(upload));
    });
    click("clear", () => {
      this.uploads = [];
      this.list.replaceChildren();
      this.showTotals();
      input.focus();
    });
    window.addEventListener("beforeunload", (event) => {
      if (this.uploads.some(({ state }) => !ENDED.includes(state))) event.preventDefault();
    });
  }
}

export function startUploads() {
  for (const form of document.querySelectorAll("[data-upload]")) new Uploader(form).start();
}
