// Acts: every [data-act] button posts its action and the ids to the page's act URL, and puts the answer where the server
// says: a toast, a preview in the dialog, or another page. Rows that wait are marked busy until they change.

import htmx from "./htmx.js";
import { rememberSent } from "./after_form.js";
import { afterSwaps, csrf } from "./dom.js";
import { refreshList } from "./lists.js";
import { openDialog } from "./dialogs.js";
import { runFromBefore, showProgress } from "./progress_panel.js";
import { isAllMatching, selectedIds, unselectAll } from "./selection.js";
import { showToast } from "./toasts.js";
import { filled, gettext } from "./words.js";

const STREAM = "application/x-ndjson";
const BUSY = ["aria-disabled", "aria-busy"];
const rowOf = (id) => document.querySelector(`#rows > tr[data-id="${CSS.escape(id)}"]`);

function mark(ids, isBusy) {
  for (const id of ids) {
    const row = rowOf(id);
    if (isBusy) row?.setAttribute("aria-busy", "true");
    else row?.removeAttribute("aria-busy");
  }
}

// What went wrong with a row, by its id: said in the row until it is done after all, or the row is well again.
const problems = new Map();

function tellRows({ failed = {}, done = [] }) {
  for (const id of done) {
    problems.delete(id);
    rowOf(id)?.querySelector(".problem")?.remove();
  }
  for (const [id, words] of Object.entries(failed)) {
    problems.set(id, words);
    tell(rowOf(id), words);
  }
}

function tell(row, words) {
  const cell = row?.querySelector("td.state") ?? row?.querySelector("td.lead");
  if (!cell) return;
  cell.querySelector(".problem")?.remove();
  const problem = document.createElement("span");
  problem.className = "problem";
  problem.textContent = words;
  problem.title = words;
  cell.append(problem);
}

// A row that is drawn anew has lost the words: some engines say that a failed start changed the container.
afterSwaps(() => {
  for (const [id, words] of problems) {
    const row = rowOf(id);
    if (row?.querySelector("td.state .dot.good")) problems.delete(id);
    else if (row && !row.querySelector(".problem")) tell(row, words);
  }
});

async function take(response) {
  const headers = response.headers;
  if (headers.has("HX-Redirect") || headers.has("HX-Refresh")) rememberSent(document.activeElement);
  if (headers.has("HX-Redirect")) {
    location.assign(headers.get("HX-Redirect"));
    return;
  }
  if (headers.has("HX-Refresh")) {
    location.reload();
    return;
  }
  if (headers.get("Content-Type")?.startsWith(STREAM) && response.ok) {
    unselectAll();
    tellRows(await showProgress(response, { again, isBegun: true }));
    return;
  }
  const text = await response.text();
  const target = headers.get("HX-Retarget");
  if (!target) {
    if (!response.ok) showToast(filled(gettext("The server answered %(status)s. Reload the page and try again."), { status: `${response.status} ${response.statusText}`.trim() }));
    return;
  }
  await htmx.swap({ sourceElement: document.body, target, swap: headers.get("HX-Reswap") ?? "innerHTML", text });
  if (target === "#dialog") openDialog(document.getElementById("dialog"));
  const acted = JSON.parse(headers.get("HX-Trigger") ?? "{}").acted;
  // A live list changes by itself.
  if (acted?.done.length && document.getElementById("rows") && !document.querySelector("#list [data-live]")) await refreshList();
  if (acted) tellRows(acted);
  if (acted && !Object.keys(acted.failed).length && acted.done.length > 1) unselectAll();
}

const again = (url, fields, ids) => post(url, new URLSearchParams([...fields, ...ids.map((id) => ["id", id])]), ids);

export async function post(url, body, ids) {
  mark(ids, true);
  try {
    const headers = { "HX-Request": "true", "X-CSRFToken": csrf(), Accept: `${STREAM}, text/html` };
    await take(await fetch(url, { method: "POST", body, headers, redirect: "follow" }));
  } catch (error) {
    showToast(filled(gettext("Quayside did not answer: %(error)s. Nothing may have happened; look before you try again."), { error: error.message }));
  } finally {
    mark(ids, false);
  }
}

document.addEventListener("click", (event) => {
  const button = event.target.closest?.("[data-act]");
  if (!button || button.getAttribute("aria-disabled") === "true") return;
  event.preventDefault();
  const own = button.dataset.id || button.closest("[data-id]")?.dataset.id;
  const ids = "bulk" in button.dataset ? selectedIds() : own ? [own] : [];
  const url = button.closest("[data-act-url]")?.dataset.actUrl || document.querySelector("main[data-act-url]")?.dataset.actUrl;
  if (!url) return;
  const body = new URLSearchParams([["action", button.dataset.act]]);
  // All under a heading, or all that the filter shows: the server knows them, also those that were not scrolled to.
  const many = button.dataset.group ? ["heading", button.dataset.group] : "bulk" in button.dataset && isAllMatching() ? ["all", "1"] : null;
  if (many) for (const pair of [many, ["query", location.search]]) body.append(...pair);
  else for (const id of ids) body.append("id", id);
  // Not `disabled`: that would throw the focus away, and a dialog could not give it back.
  for (const name of BUSY) button.setAttribute(name, "true");
  post(url, body, ids).finally(() => BUSY.forEach((name) => button.removeAttribute(name)));
});

document.addEventListener("submit", (event) => {
  if (!event.target.matches?.("form[data-confirm]")) return;
  event.preventDefault();
  const body = new URLSearchParams(new FormData(event.target));
  event.target.closest("dialog")?.close();
  post(event.target.getAttribute("action"), body, body.getAll("id"));
});

// The rows may have come since it was begun: their problems are told once more.
runFromBefore()
  .then(async (response) => response && tellRows(await showProgress(response, { again })))
  .catch((error) => console.warn(error));
