// Computes digests beside the page: the SHA-256 of a whole file part by part, and the digests of parts.

import { blake3 } from "./noble-hashes/blake3.js";
import { md5 } from "./noble-hashes/legacy.js";
import { sha256 } from "./noble-hashes/sha2.js";

const files = new Map();
let last = Promise.resolve();

const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
const base64 = (bytes) => btoa(String.fromCharCode(...bytes));

async function answer({ op, file, blob, kind }) {
  if (op === "end") {
    const digest = hex((files.get(file) ?? sha256.create()).digest());
    files.delete(file);
    return { sha256: digest };
  }
  const bytes = new Uint8Array(await blob.arrayBuffer());
  if (op === "part") {
    if (!files.has(file)) files.set(file, sha256.create());
    files.get(file).update(bytes);
  }
  const digest = md5(bytes);
  const found = { md5: hex(digest), base64: base64(digest) };
  if (kind === "blake3") found.blake3 = hex(blake3(bytes));
  return found;
}

// One after another: the parts of a file must be hashed in order.
self.onmessage = ({ data }) => {
  last = last.then(async () => {
    try {
      self.postMessage({ id: data.id, found: await answer(data) });
    } catch (error) {
      files.delete(data.file);
      self.postMessage({ id: data.id, failed: String(error?.message ?? error) });
    }
  });
};
