// The list of uploads: progress of each and of all, pause and resume.

import { showLink } from "./dialogs.js";
import { gate, Transfer } from "./transfer.js";

const FILES_AT_ONCE = 3;

const UNITS = ["B", "KiB", "MiB", "GiB", "TiB"];
export function size(bytes) {
  let unit = 0;
  while (bytes >= 1024 && unit < UNITS.length - 1) {
    bytes /= 1024;
    unit += 1;
  }
  return `${unit ? bytes.toFixed(1) : bytes} ${UNITS[unit]}`;
}

const count = (files) => (files === 1 ? "1 file" : `${files} files`);

/** `base` is the API's route for files, `finished` is called when all are done. */
export class Uploads {
  #transfers = [];
  #waiting = [];
  #running = 0;

  constructor(base, finished, say) {
    this.base = base;
    this.finished = finished;
    this.say = say;
    this.section = document.getElementById("uploads");
    this.list = document.getElementById("upload-list");
    this.pause = document.getElementById("pause");
    this.pause.addEventListener("click", () => this.#toggle());
    addEventListener("beforeunload", (event) => {
      if (this.#running) event.preventDefault();
    });
  }

  /** Puts files, each with its path. */
  add(files) {
    for (const { file, path } of files) {
      const transfer = new Transfer(file, path, this.base, (changed) => this.#show(changed));
      transfer.row = this.#row(path);
      this.#transfers.push(transfer);
      this.#waiting.push(transfer);
      this.#show(transfer);
    }
    this.section.hidden = false;
    this.pause.hidden = false;
    this.#start();
  }

  #start() {
    while (this.#running < FILES_AT_ONCE && this.#waiting.length) {
      const transfer = this.#waiting.shift();
      this.#running += 1;
      transfer.run().then(() => this.#ended());
    }
  }

  #ended() {
    this.#running -= 1;
    this.#start();
    if (this.#running) return;
    const failed = this.#transfers.filter((transfer) => transfer.failure).length;
    const done = this.#transfers.filter((transfer) => transfer.isDone).length;
    this.pause.hidden = true;
    this.say(failed ? `${count(done)} put, ${failed} failed.` : `${count(done)} put.`);
    this.finished();
  }

  #toggle() {
    if (gate.isPaused) gate.resume();
    else gate.pause();
    this.pause.textContent = gate.isPaused ? "Resume" : "Pause";
    this.say(gate.isPaused ? "Paused." : "Going on.");
  }

  #row(path) {
    const row = document.createElement("li");
    const name = document.createElement("span");
    name.className = "name";
    name.textContent = path;
    const bar = document.createElement("progress");
    bar.max = 1;
    bar.setAttribute("aria-label", path);
    const text = document.createElement("span");
    text.className = "notes";
    row.append(name, bar, text);
    this.list.prepend(row);
    return row;
  }

  #show(transfer) {
    const { row, link } = transfer;
    row.children[1].value = transfer.size ? transfer.moved / transfer.size : Number(transfer.isDone);
    row.children[2].textContent = `${size(transfer.size)}, ${transfer.text}`;
    row.classList.toggle("failed", Boolean(transfer.failure));
    if (link && row.children.length === 3) {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = "Link";
      button.setAttribute("aria-label", `Link and QR code of ${transfer.path}`);
      button.addEventListener("click", () => showLink(link));
      row.append(button);
    }
    this.#sum();
  }

  #sum() {
    let [all, moved] = [0, 0];
    for (const transfer of this.#transfers) {
      all += transfer.size;
      moved += transfer.moved;
    }
    document.getElementById("total").value = all ? moved / all : 1;
    document.getElementById("total-text").textContent = `${size(moved)} of ${size(all)}`;
  }
}
