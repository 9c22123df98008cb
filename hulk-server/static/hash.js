// The worker that computes digests, and its open questions.

const worker = new Worker(new URL("./hash-worker.js", import.meta.url), { type: "module" });
const asked = new Map();
let lastId = 0;

worker.onmessage = ({ data }) => {
  const waiting = asked.get(data.id);
  asked.delete(data.id);
  if (data.failed) waiting.reject(new Error(`The file cannot be read: ${data.failed}`));
  else waiting.resolve(data.found);
};

/** Asks the worker for digests. */
export function hash(question) {
  lastId += 1;
  const id = lastId;
  return new Promise((resolve, reject) => {
    asked.set(id, { resolve, reject });
    worker.postMessage({ ...question, id });
  });
}
