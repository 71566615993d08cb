// Files for an import: sent in chunks that continue where they were cut off (tus), two files at most.
import { clone, csrfToken, goToLogin } from "./dom.js";
import { startDropzone } from "./dropzone.js";
import { showToast } from "./toast.js";

const RETRIES = [0, 1000, 3000, 5000, 10000, 20000];
const RATE_SECONDS = 5;
const MEGABYTE = 1024 * 1024;

const size = (bytes) => {
  if (bytes < MEGABYTE) return `${Math.ceil(bytes / 1024)} KB`;
  const megabytes = bytes / MEGABYTE;
  return megabytes < 1024 ? `${megabytes.toFixed(1)} MB` : `${(megabytes / 1024).toFixed(2)} GB`;
};

const left = (seconds) =>
  seconds < 60 ? `${Math.max(1, Math.round(seconds))} s left` : `${Math.round(seconds / 60)} min left`;

const isArchive = (file) => file.name.toLowerCase().endsWith(".zip");

/** What the server said, or what a lost connection is called. */
function words(error) {
  const status = error.originalResponse?.getStatus() ?? 0;
  if (!status) return "The connection is lost. It goes on by itself as soon as it is back.";
  try {
    const message = JSON.parse(error.originalResponse.getBody())?.error?.message;
    if (message) return message;
  } catch {
    // Not JSON: short plain text is the message itself.
  }
  const body = error.originalResponse.getBody()?.trim() ?? "";
  return body && body.length < 300 && !body.startsWith("<") ? body : `The server refused it (${status}).`;
}

/** One file, its row, and how far it is. */
class ImportFile {
  constructor(file, row, form, changed) {
    Object.assign(this, { file, row, changed, state: "waiting", sent: 0, marks: [] });
    this.part("name").textContent = file.name;
    for (const which of row.querySelectorAll("[data-import-which]")) which.textContent = ` ${file.name}`;
    this.part("progress").setAttribute("aria-label", `Progress of ${file.name}`);
    this.part("pause").addEventListener("click", () => this.pause());
    this.part("resume").addEventListener("click", () => this.resume());
    this.upload = new window.tus.Upload(file, {
      endpoint: form.dataset.tusUrl,
      chunkSize: Number(form.dataset.chunk),
      retryDelays: RETRIES,
      headers: { "X-CSRFToken": csrfToken() },
      metadata: { filename: file.name, filetype: file.type },
      // The address alone is no fingerprint: another catalogue has another one.
      fingerprint: async () =>
        ["prodintel", form.dataset.tusUrl, file.name, file.size, file.lastModified].join("|"),
      // An import takes it: the same file is sent anew for another one.
      removeFingerprintOnSuccess: true,
      onAfterResponse: (_request, response) => {
        if (response.getStatus() === 401) goToLogin();
      },
      onProgress: (sent) => this.progress(sent),
      onSuccess: () => this.show("done", `Arrived, ${size(file.size)}`),
      onError: (error) => this.failed(error),
    });
  }

  get id() {
    return this.upload.url.split("/").filter(Boolean).pop();
  }

  part(name) {
    return this.row.querySelector(`[data-import-${name}]`);
  }

  async start() {
    this.show("running", "Looking how far it is");
    const earlier = await this.upload.findPreviousUploads();
    if (this.state !== "running") return;
    if (earlier.length) this.upload.resumeFromPreviousUpload(earlier[earlier.length - 1]);
    this.upload.start();
  }

  async pause() {
    this.show("paused", `Paused at ${size(this.sent)} of ${size(this.file.size)}`);
    this.part("resume").focus();
    await this.upload.abort();
  }

  resume() {
    this.marks = [];
    this.show("running", "Going on");
    this.part("pause").focus();
    this.upload.start();
  }

  /** Gives it up, on the server too. */
  async cancel() {
    const wasThere = Boolean(this.upload.url);
    this.state = "cancelled";
    try {
      await this.upload.abort(wasThere);
    } catch {
      // What the server did not hear of, it removes by itself after a while.
    }
  }

  progress(sent) {
    if (this.state !== "running") return;
    this.sent = sent;
    const now = performance.now() / 1000;
    this.marks.push([now, sent]);
    while (this.marks.length > 2 && now - this.marks[0][0] > RATE_SECONDS) this.marks.shift();
    const [since, before] = this.marks[0];
    const rate = now > since ? (sent - before) / (now - since) : 0;
    const percent = Math.floor((100 * sent) / this.file.size);
    const eta = rate > 0 ? `, ${size(rate)}/s, ${left((this.file.size - sent) / rate)}` : "";
    this.part("progress").value = percent;
    this.show("running", `${percent} %: ${size(sent)} of ${size(this.file.size)}${eta}`);
  }

  failed(error) {
    if (this.state === "cancelled") return;
    this.lost = !error.originalResponse;
    this.show("failed", words(error));
  }

  show(state, text) {
    this.state = state;
    this.row.dataset.state = state;
    this.part("words").textContent = text;
    this.part("progress").hidden = state === "done";
    this.part("pause").hidden = state !== "running";
    this.part("resume").hidden = state !== "paused" && state !== "failed";
    this.changed();
  }
}

class ImportForm {
  constructor(form) {
    this.form = form;
    this.files = { table: null, photos: null };
    this.list = form.querySelector("[data-import-list]");
    this.go = form.querySelector("[data-import-go]");
    this.status = form.querySelector("[data-import-status]");
    this.picker = form.querySelector("[data-import-picker]");
  }

  get all() {
    return Object.values(this.files).filter(Boolean);
  }

  add(files) {
    for (const file of files) {
      const kind = isArchive(file) ? "photos" : "table";
      if (file.size === 0) showToast({ message: `${file.name} is empty.`, level: "error" });
      else if (this.files[kind]) {
        const what = kind === "table" ? "table" : "zip of photos";
        showToast({ message: `One ${what} at a time: ${file.name} is left out.`, level: "warning" });
      } else this.take(kind, file);
    }
  }

  take(kind, file) {
    const row = clone(this.form.querySelector("[data-import-template]"));
    const taken = new ImportFile(file, row, this.form, () => this.update());
    this.files[kind] = taken;
    row.querySelector("[data-import-cancel]").addEventListener("click", () => this.remove(kind));
    this.list.append(row);
    taken.start();
  }

  remove(kind) {
    const taken = this.files[kind];
    this.files[kind] = null;
    taken.row.remove();
    this.picker.focus();
    this.update();
    taken.cancel();
  }

  update() {
    const open = this.all.filter(({ state }) => state !== "done").length;
    this.go.hidden = this.all.length === 0;
    this.go.disabled = open > 0;
    const text = open && this.all.length ? "You can go on as soon as everything has arrived." : "";
    if (this.status.textContent !== text) this.status.textContent = text;
  }

  submit(event) {
    if (!this.all.length || this.go.disabled) {
      event.preventDefault();
      return;
    }
    for (const [kind, taken] of Object.entries(this.files)) {
      if (!taken) continue;
      const input = document.createElement("input");
      Object.assign(input, { type: "hidden", name: `${kind}_upload`, value: taken.id });
      this.form.append(input);
    }
    this.sent = true;
    this.go.disabled = true;
    this.status.textContent = "Looking at it";
  }

  start() {
    this.picker.addEventListener("change", () => {
      this.add([...this.picker.files]);
      this.picker.value = "";
    });
    startDropzone(this.form.querySelector("[data-dropzone]"), (files) => this.add(files));
    this.form.addEventListener("submit", (event) => this.submit(event));
    window.addEventListener("online", () => {
      for (const taken of this.all) if (taken.state === "failed" && taken.lost) taken.resume();
    });
    window.addEventListener("beforeunload", (event) => {
      if (!this.sent && this.all.some(({ state }) => state === "running")) event.preventDefault();
    });
    // Back from the next page: the ids in the form are used up.
    window.addEventListener("pageshow", (event) => {
      if (event.persisted) location.reload();
    });
  }
}

for (const form of document.querySelectorAll("[data-import]")) new ImportForm(form).start();
