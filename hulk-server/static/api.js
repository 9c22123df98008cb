// Calls of the server's API by the page's scripts. The browser sends the session cookie automatically.

/** A refusal of the server, with its code. */
export class Refused extends Error {
  constructor(status, body) {
    super(body?.error?.message ?? `The server answered ${status}.`);
    this.status = status;
    this.code = body?.error?.code ?? "";
  }
}

/** The server did not answer: a retry may work. */
export class Lost extends Error {}

async function send(method, path, body) {
  try {
    return await fetch(path, {
      method,
      headers: { accept: "application/json", "content-type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  } catch {
    throw new Lost("The connection is lost.");
  }
}

/** Renews the session; of several tabs, one at a time. */
const renew = () =>
  navigator.locks ? navigator.locks.request("session", () => send("POST", "/refresh")) : send("POST", "/refresh");

export async function call(method, path, body) {
  let response = await send(method, path, body);
  // The access token has expired, as it does in the middle of a long upload.
  if (response.status === 401 && (await renew()).ok) response = await send(method, path, body);
  const text = await response.text();
  let answer = null;
  try {
    answer = text ? JSON.parse(text) : null;
  } catch {
    // A proxy answered instead of the server.
  }
  if (response.ok) return answer;
  if (response.status === 429 || response.status >= 500) {
    if (response.status !== 507) throw new Lost(new Refused(response.status, answer).message);
  }
  throw new Refused(response.status, answer);
}
