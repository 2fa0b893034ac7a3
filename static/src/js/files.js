// The files of a container: picking and dropping what is uploaded, and downloads of a selection.

import "../css/files.css";
import { csrf, make, whenPresent } from "./lib/dom.js";
import { droppedFiles, pickedFiles } from "./lib/file_choice.js";
import { openDialog } from "./lib/dialogs.js";
import { refreshList } from "./lib/lists.js";
import { isAllMatching, selectedIds } from "./lib/selection.js";
import { size as formatSize } from "./lib/sizes.js";
import { showToast } from "./lib/toasts.js";
import { uploadFiles } from "./lib/uploading.js";
import { filled, gettext, ngettext } from "./lib/words.js";

whenPresent("[data-files]", (page) => {
  const part = (name) => page.querySelector(`[data-${name}]`);
  const stopping = new AbortController();
  const { signal } = stopping;
  let running = null;

  // Many names do not fit into an address: a form takes them, and the browser shows the download.
  function downloadSelected(format) {
    const form = make("form", { method: "post", action: page.dataset.downloadUrl, hidden: true });
    const pairs = [["csrfmiddlewaretoken", csrf()], ["format", format], ...(isAllMatching() ? [["all", "1"], ["query", location.search]] : selectedIds().map((id) => ["name", id]))]; // prettier-ignore
    for (const [name, value] of pairs) form.append(make("input", { type: "hidden", name, value }));
    document.body.append(form);
    form.submit();
    form.remove();
  }

  // Before the acts script, which would post them as acts.
  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("[data-bulk][data-act]");
    if (!button || !["tar", "zip"].includes(button.dataset.act)) return;
    event.stopImmediatePropagation();
    downloadSelected(button.dataset.act);
  }, { capture: true, signal }); // prettier-ignore

  async function upload(files) {
    if (!files.length) return;
    if (running) return showToast(gettext("Another upload is under way here. Wait for it, or cancel it."));
    const problem = await mayReplace(files);
    if (problem) return problem === true ? undefined : showToast(problem);
    const total = files.reduce((sum, { file }) => sum + (file?.size ?? 0), 0);
    const began = performance.now();
    running = new AbortController();
    part("uploading").hidden = false;
    try {
      const count = await uploadFiles(page.dataset.uploadUrl, files, {
        signal: running.signal,
        onProgress: (sent) => {
          const perSecond = sent / Math.max((performance.now() - began) / 1000, 0.2);
          part("upload-meter").value = total ? sent / total : 1;
          const words = sent < total ? gettext("Uploading %(sent)s of %(total)s · %(rate)s/s") : gettext("%(total)s are here, and go into the container");
          part("upload-words").textContent = filled(words, { sent: formatSize(sent), total: formatSize(total), rate: formatSize(perSecond) });
        },
      });
      const words = count ? ngettext("%(count)s file uploaded", "%(count)s files uploaded", count) : gettext("Nothing but empty folders was uploaded");
      showToast(filled(words, { count }), "good");
    } catch (error) {
      if (error.name !== "AbortError") showToast(error.message);
      else showToast(gettext("The upload was cancelled. Files that were not whole yet were not written."), "warning");
    } finally {
      await refreshList();
      running = null;
      part("uploading").hidden = true;
    }
  }

  // What is there already is replaced only after it was named. True: the person wants to keep it.
  async function mayReplace(files) {
    const names = [...new Set(files.map(({ path }) => path.split("/")[0]))];
    try {
      const response = await fetch(page.dataset.clashUrl, { method: "POST", body: JSON.stringify(names), headers: { "X-CSRFToken": csrf(), "Content-Type": "application/json" } });
      const answer = await response.json();
      if (answer.problem) return answer.problem;
      return answer.found.length ? !(await confirmed(answer.found)) : false;
    } catch (error) {
      return filled(gettext("Nothing was uploaded: %(error)s"), { error: error.message });
    }
  }

  function confirmed(found) {
    const dialog = document.getElementById("dialog");
    const rows = found.slice(0, 50).map(({ name, is_folder }) => make("tr", {}, make("td", { class: "code" }, name), make("td", { class: "dim" }, is_folder ? gettext("files of the same names in it are replaced") : gettext("is replaced"))));
    const doIt = make("button", { type: "button", class: "btn btn-big btn-danger" }, filled(ngettext("Replace %(count)s", "Replace %(count)s", found.length), { count: found.length }));
    const keep = make("button", { type: "button", class: "btn btn-big", "data-close-dialog": true, autofocus: true }, gettext("Upload nothing"));
    const more = found.length > rows.length ? make("p", { class: "kept" }, filled(gettext("and %(count)s more"), { count: found.length - rows.length })) : "";
    dialog.replaceChildren(make("div", { class: "dialog" },
      make("header", {}, make("h2", { id: "dialog-title" }, gettext("Already there"))),
      make("div", { class: "body" }, make("table", { class: "rows" }, make("tbody", {}, ...rows)), more),
      make("footer", {}, make("b", {}), keep, doIt))); // prettier-ignore
    openDialog(dialog);
    return new Promise((settle) => {
      doIt.addEventListener("click", () => (settle(true), dialog.close()));
      dialog.addEventListener("close", () => settle(false), { once: true });
    });
  }

  // On the document: an open menu may stand elsewhere than where it was written.
  document.addEventListener("click", async (event) => {
    const pick = event.target.closest?.("[data-pick]");
    if (event.target.closest?.("[data-upload-cancel]")) running?.abort();
    if (pick) await upload(await pickedFiles({ isFolder: pick.dataset.pick === "folder" }));
  }, { signal }); // prettier-ignore

  if ("mayWrite" in page.dataset && part("drop")) {
    let depth = 0;
    const isFiles = (event) => event.dataTransfer?.types.includes("Files");
    const show = (isOver) => {
      depth = Math.max(0, depth + (isOver ? 1 : -1));
      part("drop").hidden = depth === 0;
    };
    document.addEventListener("dragenter", (event) => isFiles(event) && (event.preventDefault(), show(true)), { signal });
    document.addEventListener("dragover", (event) => isFiles(event) && event.preventDefault(), { signal });
    document.addEventListener("dragleave", (event) => isFiles(event) && show(false), { signal });
    document.addEventListener("drop", async (event) => {
      if (!isFiles(event)) return;
      event.preventDefault();
      depth = 1;
      show(false);
      await upload(await droppedFiles(event.dataTransfer));
    }, { signal }); // prettier-ignore
  }

  const warn = (event) => running && event.preventDefault();
  addEventListener("beforeunload", warn, { signal });
  return () => {
    stopping.abort();
    running?.abort();
  };
});
