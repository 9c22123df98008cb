// The upload of one file: planned by the server, sent in parts straight to the store, checked there by
// Content-MD5 and as a whole by its SHA-256.

import { call, Lost, Refused } from "./api.js";
import { hash } from "./hash.js";
import { gate, patience, put } from "./line.js";

const PART_BYTES = 8 << 20;
const PARTS_AT_ONCE = 4;
const SIGNED_AT_ONCE = 8;
/** URLs that the store may refuse for one request, and plans for one file, before the upload fails. */
const MOST_URLS = 5;
const MOST_PLANS = 3;

/** The upload of a file. `changed` is called whenever there is something new to show. */
export class Transfer {
  sent = 0;
  text = "waiting";
  link = null;
  isDone = false;
  /** The server is checking the file: too late to cancel. */
  isChecking = false;
  isCancelled = false;
  failure = null;
  #flying = new Map();
  #planned = null;
  #end = new AbortController();

  constructor(file, path, base, changed) {
    this.file = file;
    /** The requested path, and the one that the file got. */
    this.wanted = path;
    this.path = path;
    this.base = base;
    this.changed = changed;
    this.key = `${path}/${file.size}/${Math.random()}`;
  }

  get size() {
    return this.file.size;
  }

  get moved() {
    let flying = 0;
    for (const bytes of this.#flying.values()) flying += bytes;
    return Math.min(this.size, this.sent + flying);
  }

  async run() {
    try {
      const work = this.size <= PART_BYTES ? this.#whole() : this.#parts();
      const file = await Promise.race([work, this.#cancelled()]);
      this.link = file.url;
      this.path = file.path;
      this.sent = this.size;
      this.isDone = true;
      this.#say("done");
    } catch (error) {
      if (this.isCancelled) return this.#say("cancelled");
      this.failure = error.message;
      this.#say(error.message);
    }
  }

  /** Ends the upload, and releases its space. */
  cancel() {
    this.isCancelled = true;
    this.#end.abort();
    this.#say("cancelled");
    this.#giveUp();
  }

  #giveUp() {
    const id = this.#planned;
    this.#planned = null;
    // If this request is lost too, a sweep does it.
    if (id) call("DELETE", `${this.base}/${id}/upload`).catch(() => {});
  }

  #cancelled() {
    const { signal } = this.#end;
    return new Promise((_, reject) => signal.addEventListener("abort", () => reject(new Error("cancelled"))));
  }

  /** Shows a text; requests of a cancelled upload that are still running do not change it. */
  #say(text) {
    this.text = this.isCancelled ? "cancelled" : text;
    this.changed(this);
  }

  /** Retries for as long as there is no answer; with another URL, a few times. */
  async #stubborn(attempt) {
    let spent = 0;
    for (let count = 0; ; count += 1) {
      if (gate.isPaused) {
        this.#say("paused");
        await gate.opened();
        this.#say("sending");
      }
      if (this.isCancelled) throw new Error("cancelled");
      try {
        const found = await attempt();
        this.#say(this.isDone ? "done" : "sending");
        return found;
      } catch (error) {
        if (this.isCancelled || !(error instanceof Lost)) throw error;
        spent += Number(error.isSpent ?? false);
        if (spent > MOST_URLS) throw new Error("The store accepts none of the URLs that the server signs.");
        if (gate.isPaused) continue;
        this.#say(`${error.message} Retrying…`);
        await patience(Math.min(count, 10));
      }
    }
  }

  async #plan(more) {
    const request = { path: this.path, size_bytes: this.size, ...more };
    if (this.file.type) request.mime_type = this.file.type;
    const created = await call("POST", this.base, request);
    if (created.upload.kind !== "none") this.#planned = created.file.id;
    if (this.isCancelled) this.#giveUp();
    return created;
  }

  #report(created, more) {
    this.isChecking = true;
    this.#say("checking");
    const report = { status: "uploaded", version: created.file.version, ...more };
    return this.#stubborn(() => call("PUT", `${this.base}/${created.file.id}/status`, report));
  }

  #progress(number) {
    return (bytes) => {
      if (bytes) this.#flying.set(number, bytes);
      else this.#flying.delete(number);
      this.changed(this);
    };
  }

  async #whole() {
    this.#say("reading");
    const { md5, base64 } = await hash({ op: "part", file: this.key, blob: this.file });
    const { sha256 } = await hash({ op: "end", file: this.key });
    for (let plans = 1; ; plans += 1) {
      // A URL may have expired since it was signed: each attempt has its own.
      const created = await this.#stubborn(async () => {
        const planned = await this.#plan({ sha256, part_md5s: [md5] });
        const { kind, url, headers } = planned.upload;
        if (kind !== "none") await put(url, headers, base64, this.file, this.#progress(1), this.#end.signal);
        return planned;
      });
      if (created.upload.kind === "none") return created.file;
      try {
        return await this.#report(created, { sha256, md5 });
      } catch (error) {
        this.isChecking = false;
        // The store does not have all of it: it is planned and sent once more.
        const isIncomplete = error instanceof Refused && error.code === "UPLOAD_INCOMPLETE";
        if (!isIncomplete || plans === MOST_PLANS) throw error;
      }
    }
  }

  async #parts() {
    this.#say("reading");
    const head = await hash({ op: "digest", blob: this.file.slice(0, PART_BYTES) });
    const created = await this.#stubborn(() => this.#plan({ part_md5s: [head.md5] }));
    if (created.upload.kind === "none") return created.file;
    const etags = await this.#sendParts(created);
    const { sha256 } = await hash({ op: "end", file: this.key });
    const count = created.upload.part_count;
    const inOrder = Array.from({ length: count }, (_, at) => etags.get(at + 1));
    const more = inOrder.every(Boolean) ? { part_etags: inOrder } : {};
    return this.#report(created, { sha256, ...more });
  }

  /** Hashes the parts in order and sends them; those that the store has already are not sent again. */
  async #sendParts(created) {
    const { part_size: size, part_count: count, received, part_digest: kind } = created.upload;
    const had = new Map(received.map((part) => [part.number, part.etag]));
    const urls = new Map(created.upload.parts.map((part) => [part.number, part]));
    const etags = new Map();
    let next = 1;
    let reading = Promise.resolve();
    const read = (number) => {
      const blob = this.file.slice((number - 1) * size, Math.min(this.size, number * size));
      reading = reading.then(() => hash({ op: "part", file: this.key, blob, kind: had.has(number) && kind }));
      return reading.then((digests) => ({ number, blob, digests }));
    };
    const sender = async () => {
      while (next <= count && !this.isCancelled) {
        const number = next;
        next += 1;
        const { blob, digests } = await read(number);
        if (had.has(number) && had.get(number) === digests[kind]) {
          etags.set(number, had.get(number));
        } else {
          const etag = await this.#stubborn(() => this.#sendPart(created, urls, number, count, blob, digests.base64));
          etags.set(number, etag);
        }
        this.sent += blob.size;
        this.changed(this);
      }
    };
    const stop = (error) => {
      next = Infinity;
      throw error;
    };
    await Promise.all(Array.from({ length: PARTS_AT_ONCE }, () => sender().catch(stop)));
    return etags;
  }

  async #sendPart(created, urls, number, count, blob, md5) {
    if (!urls.has(number)) {
      const last = Math.min(count, number + SIGNED_AT_ONCE - 1);
      const parts = Array.from({ length: last - number + 1 }, (_, at) => ({ number: number + at }));
      const request = { version: created.file.version, parts };
      const signed = await call("POST", `${this.base}/${created.file.id}/upload/parts`, request);
      for (const part of signed.parts) urls.set(part.number, part);
    }
    const { url, headers } = urls.get(number);
    try {
      return await put(url, headers, md5, blob, this.#progress(number), this.#end.signal);
    } catch (error) {
      // The URL has expired or was used up: the next attempt uses another one.
      if (error.isSpent) urls.clear();
      throw error;
    }
  }
}
