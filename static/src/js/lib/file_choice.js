// Which files somebody means: picked in a dialog of the browser, or dropped, with folders walked to their ends. Each is
// {path, file}; the path is relative to the folder that was chosen, and begins with its name. A dropped folder with nothing
// in it is {path, file: null}; a browser's dialog for folders tells of files only.

export function pickedFiles({ isFolder }) {
  const input = document.createElement("input");
  input.type = "file";
  input.multiple = true;
  input.webkitdirectory = isFolder;
  return new Promise((settle) => {
    input.addEventListener("change", () => settle([...input.files].map((file) => ({ path: file.webkitRelativePath || file.name, file }))));
    input.addEventListener("cancel", () => settle([]));
    input.click();
  });
}

export async function droppedFiles(transfer) {
  // Only until the event is over can the items be asked. What is no file of a disk has no entry.
  const items = [...transfer.items].filter(({ kind }) => kind === "file").map((item) => ({ entry: item.webkitGetAsEntry?.(), file: item.getAsFile() }));
  const found = [];
  for (const { entry, file } of items) {
    if (entry) await walk(entry, "", found);
    else if (file) found.push({ path: file.name, file });
  }
  return found;
}

async function walk(entry, above, found) {
  const path = above ? `${above}/${entry.name}` : entry.name;
  if (entry.isFile) {
    found.push({ path, file: await new Promise((settle, fail) => entry.file(settle, fail)) });
    return;
  }
  const reader = entry.createReader();
  const before = found.length;
  // A reader gives some at a time, and none at the end.
  for (let some; (some = await new Promise((settle, fail) => reader.readEntries(settle, fail))).length; ) {
    for (const one of some) await walk(one, path, found);
  }
  if (found.length === before) found.push({ path, file: null });
}
