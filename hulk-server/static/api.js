// The server's API, as the page's scripts ask it. The session cookie comes along by itself.

/** What the server refused, with its code. */
export class Refused extends Error {
  constructor(status, body) {
    super(body?.error?.message ?? `The server answered ${status}.`);
    this.status = status;
    this.code = body?.error?.code ?? "";
  }
}

/** Nobody answered: the same may work later. */
export class Lost extends Error {}

export async function call(method, path, body) {
  let response;
  try {
    response = await fetch(path, {
      method,
      headers: { accept: "application/json", "content-type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  } catch {
    throw new Lost("The line is lost.");
  }
  const text = await response.text();
  let answer = null;
  try {
    answer = text ? JSON.parse(text) : null;
  } catch {
    // Somebody in between answered.
  }
  if (response.ok) return answer;
  if (response.status === 429 || response.status >= 500) {
    if (response.status !== 507) throw new Lost(new Refused(response.status, answer).message);
  }
  throw new Refused(response.status, answer);
}
