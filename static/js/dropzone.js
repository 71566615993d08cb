// Files by drag and drop (folders too), by paste and from a picker, handed on as one "files" event.

/** Directories have no bytes of their own: walk them and collect their files. */
async function filesOfEntry(entry) {
  if (entry.isFile) {
    return [await new Promise((resolve, reject) => entry.file(resolve, reject))];
  }
  const reader = entry.createReader();
  const files = [];
  // One call answers with a hundred entries at most; an empty answer is the end.
  for (;;) {
    const batch = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (batch.length === 0) return files;
    for (const child of batch) files.push(...(await filesOfEntry(child)));
  }
}

async function filesOfTransfer(transfer) {
  // Entries must be taken before the first await: the list empties when the event is over.
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (!entries.some((entry) => entry.isDirectory)) return [...transfer.files];
  const nested = await Promise.all(entries.map(filesOfEntry));
  // Folders carry what systems leave behind (.DS_Store, Thumbs.db); nobody chose those.
  return nested.flat().filter((file) => !file.name.startsWith(".") && file.name !== "Thumbs.db");
}

const hasFiles = (event) => event.dataTransfer?.types.includes("Files");

function startDrops(zone, scope, deliver) {
  const overlay = document.querySelector("[data-drop-overlay]");
  // Every element passed sends an enter and a leave, so only their balance tells.
  let depth = 0;
  const show = (over) => {
    zone.classList.toggle("is-drop-target", over);
    if (overlay) overlay.hidden = !over;
  };
  scope.addEventListener("dragenter", (event) => {
    if (!hasFiles(event)) return;
    depth += 1;
    show(true);
  });
  scope.addEventListener("dragleave", (event) => {
    if (!hasFiles(event)) return;
    depth = Math.max(0, depth - 1);
    if (depth === 0) show(false);
  });
  scope.addEventListener("dragover", (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = "copy";
  });
  scope.addEventListener("drop", async (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    depth = 0;
    show(false);
    deliver(await filesOfTransfer(event.dataTransfer));
  });
}

/**
 * Make an element take files: `onFiles` gets an array of File.
 * With data-dropzone-page the whole page takes drops and pastes for it.
 */
export function startDropzone(zone, onFiles) {
  const deliver = (files) => {
    if (files.length > 0) onFiles(files);
  };
  const wholePage = zone.hasAttribute("data-dropzone-page");
  startDrops(zone, wholePage ? document : zone, deliver);
  if (wholePage) {
    document.addEventListener("paste", (event) => {
      const files = [...(event.clipboardData?.files ?? [])];
      if (files.length === 0) return;
      event.preventDefault();
      deliver(files);
    });
  }
}
