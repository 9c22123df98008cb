// The list of uploads: progress of each and of all, pause and resume.

import { showLink } from "./dialogs.js";
import { gate } from "./line.js";
import { Transfer } from "./transfer.js";

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

/** Returns the action offered for a file, its label, and its description without the name. */
function actionOf({ isDone, failure, isCancelled }) {
  if (isDone) return ["link", "Link", "Link and QR code of"];
  if (failure || isCancelled) return ["again", "Retry", "Retry the upload of"];
  return ["cancel", "Cancel", "Cancel the upload of"];
}

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

  /** Uploads files, each to its path. */
  add(files) {
    for (const { file, path } of files) this.#queue(file, path, this.#row(path));
    this.section.hidden = false;
    this.#start();
  }

  #queue(file, path, row) {
    const transfer = new Transfer(file, path, this.base, (changed) => this.#show(changed));
    transfer.row = row;
    row.transfer = transfer;
    this.#transfers.push(transfer);
    this.#waiting.push(transfer);
    this.#show(transfer);
  }

  #start() {
    this.pause.hidden = false;
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
    if (done || failed) this.say(failed ? `${count(done)} uploaded, ${failed} failed.` : `${count(done)} uploaded.`);
    else this.say("Cancelled.");
    this.finished();
  }

  #toggle() {
    if (gate.isPaused) gate.resume();
    else gate.pause();
    this.pause.textContent = gate.isPaused ? "Resume" : "Pause";
    this.say(gate.isPaused ? "Paused." : "Resumed.");
  }

  /** Does what the button of a row offers, depending on the state of its file. */
  #act({ transfer }) {
    if (transfer.isDone) return showLink(transfer.link);
    if (!transfer.failure && !transfer.isCancelled) {
      this.#waiting = this.#waiting.filter((other) => other !== transfer);
      return transfer.cancel();
    }
    this.#transfers = this.#transfers.filter((other) => other !== transfer);
    this.#queue(transfer.file, transfer.wanted, transfer.row);
    this.#start();
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
    const button = document.createElement("button");
    button.type = "button";
    button.addEventListener("click", () => this.#act(row));
    row.append(name, bar, text, button);
    this.list.prepend(row);
    return row;
  }

  #show(transfer) {
    const { row, path } = transfer;
    if (row.transfer !== transfer) return;
    const [, bar, text, button] = row.children;
    bar.value = transfer.size ? transfer.moved / transfer.size : Number(transfer.isDone);
    text.textContent = `${size(transfer.size)}, ${transfer.text}`;
    row.classList.toggle("failed", Boolean(transfer.failure));
    const [action, label, about] = actionOf(transfer);
    if (button.dataset.action !== action) {
      button.dataset.action = action;
      button.textContent = label;
      button.setAttribute("aria-label", `${about} ${path}`);
    }
    button.disabled = action === "cancel" && transfer.isChecking;
    button.hidden = transfer.isDone && !transfer.link;
    this.#sum();
  }

  #sum() {
    let [all, moved] = [0, 0];
    for (const transfer of this.#transfers.filter(({ isCancelled }) => !isCancelled)) {
      all += transfer.size;
      moved += transfer.moved;
    }
    document.getElementById("total").value = all ? moved / all : 1;
    document.getElementById("total-text").textContent = `${size(moved)} of ${size(all)}`;
  }
}
