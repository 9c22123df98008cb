// The connection to the store: it may be lost, and it may be paused.

import { Lost } from "./api.js";

const LONGEST_WAIT = 15_000;

/** Open while uploads run; closed while they are paused. */
class Gate {
  #opened = Promise.resolve();
  #open = null;
  isPaused = false;
  #stops = new Set();

  pause() {
    if (this.isPaused) return;
    this.isPaused = true;
    this.#opened = new Promise((resolve) => (this.#open = resolve));
    for (const stop of this.#stops) stop();
  }

  resume() {
    this.isPaused = false;
    this.#open?.();
  }

  opened() {
    return this.#opened;
  }

  /** Calls `stop` when uploads are paused; the returned function unregisters it. */
  watch(stop) {
    this.#stops.add(stop);
    return () => this.#stops.delete(stop);
  }
}

export const gate = new Gate();

/** Waits after a lost connection: some time, or until the browser says that it is back. */
export function patience(attempt) {
  const longest = Math.min(LONGEST_WAIT, 500 * 2 ** attempt);
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, longest * (0.5 + Math.random() / 2));
    addEventListener("online", () => (clearTimeout(timer), resolve()), { once: true });
  });
}

/** Sends bytes to a signed URL; resolves with the ETag. A `signal` that is aborted ends it. */
export function put(url, headers, md5, blob, progress, signal) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("PUT", url);
    for (const [name, value] of Object.entries(headers)) {
      // The browser sets the length itself.
      if (name.toLowerCase() !== "content-length") request.setRequestHeader(name, value);
    }
    if (!("content-md5" in headers)) request.setRequestHeader("content-md5", md5);
    const stop = () => request.abort();
    const forget = gate.watch(stop);
    signal.addEventListener("abort", stop);
    const end = (outcome, value) => {
      forget();
      signal.removeEventListener("abort", stop);
      progress(0);
      outcome(value);
    };
    request.upload.onprogress = (event) => progress(event.loaded);
    request.onload = () => {
      const { status } = request;
      if (status >= 200 && status < 300) {
        end(resolve, request.getResponseHeader("etag")?.replaceAll('"', "") ?? null);
      } else if (status === 412) {
        // The object exists, since an earlier answer was lost: the server compares its bytes.
        end(resolve, null);
      } else if (status === 403 || status === 400) {
        const error = new Lost("The store requires another URL.");
        error.isSpent = true;
        end(reject, error);
      } else if (status === 429 || status >= 500) {
        end(reject, new Lost(`The store answered ${status}.`));
      } else {
        end(reject, new Error(`The store refused the upload (${status}).`));
      }
    };
    request.onerror = () => end(reject, new Lost("The connection is lost."));
    request.onabort = () => end(reject, new Lost("Paused."));
    request.send(blob);
  });
}
