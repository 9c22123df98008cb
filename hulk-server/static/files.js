// Actions on the files, the trash and the links that a page lists.

import { call } from "./api.js";
import { ask, askShare, say, showLink } from "./dialogs.js";

const element = (id) => document.getElementById(id);
const join = (directory, name) => (directory ? `${directory}/${name}` : name);
const above = (path) => path.split("/").slice(0, -1).join("/");
const route = ({ kind, id }) => `/api/v1/${kind === "directory" ? "directories" : "files"}/${id}`;

/** Replaces the list that is shown by the current one. */
export async function refresh() {
  const response = await fetch(location.href, { headers: { accept: "text/html" } });
  if (!response.ok) return location.reload();
  const fresh = new DOMParser().parseFromString(await response.text(), "text/html");
  for (const id of ["files", "used"]) {
    const [old, now] = [element(id), fresh.getElementById(id)];
    if (old && now) old.replaceWith(document.adoptNode(now));
  }
}

const actions = {
  link: async ({ link }) => showLink(link),
  share: async (what) => {
    const target = what.kind === "directory" ? { directory_id: what.id } : { file_id: what.id };
    const share = await askShare(what.name, what.kind === "directory", (request) =>
      call("POST", "/api/v1/shares", { ...request, ...target }),
    );
    if (share) showLink(share.url);
  },
  rename: (what) =>
    place(what, { title: `Rename ${what.name}`, label: "New name", value: what.name, verb: "Rename" }, (name) =>
      join(above(what.path), name),
    ),
  move: (what) =>
    place(what, { title: `Move ${what.name}`, label: "To the directory", value: above(what.path) || "/", verb: "Move" }, (to) =>
      join(to.replace(/^\/+|\/+$/g, ""), what.name),
    ),
  versions: async ({ id }) => location.assign(`/app/versions/${id}`),
  delete: async (what) => {
    const remove = () => call("DELETE", route(what)).then(() => true);
    const keeps = element("files").dataset.keepsTrash === "true";
    const question = { title: `Delete ${what.name} permanently?`, verb: "Delete" };
    if (!(await (keeps ? remove() : ask(question, remove)))) return;
    say(keeps ? `${what.name} is in the trash.` : `${what.name} was deleted permanently.`);
    await refresh();
  },
};

async function place(what, question, path) {
  const moved = await ask(question, (text) => call("PUT", route(what), { path: path(text) }));
  if (!moved) return;
  say(`It is now at /${moved.path}.`);
  await refresh();
}

/** Opens the dialog of actions on a file or directory. */
function openActions(row) {
  const dialog = element("actions");
  const list = element("files").dataset;
  const allowed = {
    write: list.mayWrite === "true",
    delete: list.mayDelete === "true",
    share: list.mayShare === "true",
    file: row.dataset.kind === "file",
  };
  dialog.querySelector("[data-action=delete]").textContent =
    list.keepsTrash === "true" ? "Move to the trash" : "Delete…";
  element("actions-name").textContent = row.dataset.name;
  for (const item of dialog.querySelectorAll("[data-for]")) {
    item.hidden = allowed[item.dataset.for] === false;
  }
  dialog.what = { ...row.dataset };
  dialog.showModal();
}

async function attempt(work) {
  try {
    await work();
  } catch (error) {
    say(error.message);
  }
}

export function prepareFiles() {
  document.addEventListener("click", (event) => {
    const more = event.target.closest("#files .more");
    if (more) openActions(more.closest("li"));
  });
  const dialog = element("actions");
  dialog.addEventListener("click", (event) => {
    const action = event.target.closest("[data-action]")?.dataset.action;
    if (!action) return;
    dialog.close();
    attempt(() => actions[action](dialog.what));
  });
  element("new-folder")?.addEventListener("click", () =>
    attempt(async () => {
      const question = { title: "New folder", label: "Name", verb: "Create" };
      const { path } = element("files").dataset;
      const made = await ask(question, (name) => call("POST", "/api/v1/directories", { path: join(path, name) }));
      if (made) await refresh();
    }),
  );
}

/** Handles clicks in a list whose rows have buttons of their own. */
function prepareRows(id, does) {
  element(id)?.addEventListener("click", (event) => {
    const button = event.target.closest("[data-action]");
    if (!button) return;
    const row = button.closest("li");
    attempt(() => does[button.dataset.action](row));
  });
}

export function prepareTrash() {
  const remove = async (row, method, path, text) => {
    const answer = await call(method, path);
    say(typeof text === "function" ? text(answer) : text);
    row.remove();
  };
  prepareRows("trash", {
    restore: (row) =>
      remove(row, "POST", `/api/v1/trash/${row.dataset.id}/restore`, (restored) => `Restored to /${restored.path}.`),
    purge: async (row) => {
      const question = { title: `Delete ${row.dataset.name} permanently?`, verb: "Delete" };
      const path = `/api/v1/trash/${row.dataset.id}`;
      await ask(question, () => remove(row, "DELETE", path, "It was deleted permanently.").then(() => true));
    },
  });
  element("empty-trash")?.addEventListener("click", () =>
    attempt(async () => {
      const question = { title: "Delete everything in the trash permanently?", verb: "Delete" };
      const emptied = await ask(question, () => call("DELETE", "/api/v1/trash"));
      if (emptied) location.reload();
    }),
  );
}

export function prepareVersions() {
  prepareRows("versions", {
    restore: async (row) => {
      const file = `/api/v1/files/${element("versions").dataset.id}`;
      await call("POST", `${file}/versions/${row.dataset.number}/restore`);
      location.reload();
    },
  });
}

export function prepareShares() {
  prepareRows("shares", {
    link: async (row) => showLink(row.dataset.link),
    revoke: async (row) => {
      const question = { title: `Revoke the link to ${row.dataset.name}?`, verb: "Revoke" };
      const revoked = await ask(question, async () => {
        await call("DELETE", `/api/v1/shares/${row.dataset.id}`);
        return true;
      });
      if (revoked) row.remove();
    },
  });
}
