// Files and folders that are chosen or dropped.

/** Returns all files below a dropped entry, with their paths from it. */
async function walk(entry, above) {
  const path = `${above}${entry.name}`;
  if (entry.isFile) {
    const file = await new Promise((resolve, reject) => entry.file(resolve, reject));
    return [{ file, path }];
  }
  const reader = entry.createReader();
  const found = [];
  for (;;) {
    // The browser returns at most a hundred at a time.
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (!some.length) break;
    for (const below of some) found.push(...(await walk(below, `${path}/`)));
  }
  return found;
}

/** Calls `add` with what is dropped anywhere on the page, or chosen. */
export function watch(add, failed) {
  const zone = document.getElementById("drop");
  for (const picker of zone.querySelectorAll("input[type=file]")) {
    picker.addEventListener("change", () => {
      add(Array.from(picker.files, (file) => ({ file, path: file.webkitRelativePath || file.name })));
      picker.value = "";
    });
  }
  const hasFiles = (event) => event.dataTransfer?.types.includes("Files");
  addEventListener("dragover", (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    zone.classList.add("over");
  });
  addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) zone.classList.remove("over");
  });
  addEventListener("drop", async (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    zone.classList.remove("over");
    // The browser clears the list once this function waits for anything.
    const entries = Array.from(event.dataTransfer.items, (item) => item.webkitGetAsEntry?.() ?? null);
    const files = Array.from(event.dataTransfer.files);
    try {
      const found = entries.some(Boolean)
        ? (await Promise.all(entries.filter(Boolean).map((entry) => walk(entry, "")))).flat()
        : files.map((file) => ({ file, path: file.name }));
      add(found);
    } catch (error) {
      failed(error);
    }
  });
}
