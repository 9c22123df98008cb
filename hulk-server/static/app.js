// Connects the scripts to the page; without scripts it still lists and downloads.

import { prepare, say } from "./dialogs.js";
import { watch } from "./drop.js";
import { prepareFiles, prepareShares, prepareTrash, prepareVersions, refresh } from "./files.js";
import { Uploads } from "./uploads.js";

const element = (id) => document.getElementById(id);

function prepareUploads() {
  const receive = element("receive");
  const base = receive ? `/api/v1/shares/public/${receive.dataset.token}/files` : "/api/v1/files";
  const uploads = new Uploads(base, () => (receive ? null : refresh()), say);
  const most = Number(receive?.dataset.most ?? 0);
  const add = (files) => {
    const directory = element("files")?.dataset.path;
    const wanted = files.filter(({ file }) => !most || file.size <= most);
    if (wanted.length < files.length) say(`Too large for this link: ${files.length - wanted.length} of ${files.length}.`);
    if (wanted.length) {
      uploads.add(wanted.map(({ file, path }) => ({ file, path: directory ? `${directory}/${path}` : path })));
    }
  };
  watch(add, (error) => say(`The folder cannot be read: ${error.message}`));
}

prepare();
if (element("drop")) prepareUploads();
if (element("files")) prepareFiles();
prepareTrash();
prepareShares();
prepareVersions();
