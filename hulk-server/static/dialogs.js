// The page's dialogs.

const element = (id) => document.getElementById(id);

let said;
export function say(text) {
  element("said").textContent = text;
  clearTimeout(said);
  said = setTimeout(() => (element("said").textContent = ""), 8000);
}

export function showLink(url) {
  const dialog = element("link");
  if (!dialog) {
    navigator.clipboard?.writeText(url);
    return;
  }
  element("link-url").value = url;
  element("link-qr").src = `/qr.svg?link=${encodeURIComponent(url)}`;
  dialog.showModal();
  element("link-url").select();
}

async function copy() {
  const input = element("link-url");
  try {
    await navigator.clipboard.writeText(input.value);
  } catch {
    // Over plain http, scripts can use only the old clipboard.
    input.select();
    document.execCommand("copy");
  }
  say("The link was copied.");
}

/** Shows a form until `act` succeeds or the user cancels it; the form shows the error of `act`. */
function form(dialog, refusal, act) {
  return new Promise((resolve) => {
    const submit = async (event) => {
      if (event.submitter?.value !== "do") return;
      event.preventDefault();
      element(refusal).textContent = "";
      try {
        resolve(await act());
        dialog.close();
      } catch (error) {
        element(refusal).textContent = error.message;
      }
    };
    dialog.addEventListener("submit", submit);
    dialog.addEventListener(
      "close",
      () => {
        dialog.removeEventListener("submit", submit);
        resolve(null);
      },
      { once: true },
    );
    element(refusal).textContent = "";
    dialog.showModal();
  });
}

/** Asks for a line of text; without a label, for a confirmation. */
export function ask({ title, label, value = "", verb = "OK" }, act) {
  element("ask-title").textContent = title;
  element("ask-label").textContent = label ?? "";
  const input = element("ask-text");
  input.parentElement.hidden = !label;
  input.required = Boolean(label);
  input.value = value;
  element("ask-do").textContent = verb;
  const asked = form(element("ask"), "ask-refusal", () => act(input.value));
  if (label) input.select();
  return asked;
}

/** Asks how to share something. */
export function askShare(name, isDirectory, act) {
  element("share-title").textContent = `Share ${name}`;
  element("share-uploads-row").hidden = !isDirectory;
  for (const id of ["share-password", "share-count"]) element(id).value = "";
  element("share-uploads").checked = false;
  return form(element("share"), "share-refusal", () => {
    const days = Number(element("share-expires").value);
    const uploads = element("share-uploads").checked;
    const request = { permissions: uploads ? { can_upload: true } : { can_download: true } };
    if (days) request.expires_at = new Date(Date.now() + days * 86_400_000).toISOString();
    if (element("share-password").value) request.password = element("share-password").value;
    if (element("share-count").value) request.max_downloads = Number(element("share-count").value);
    return act(request);
  });
}

export function prepare() {
  element("link-copy")?.addEventListener("click", copy);
}
