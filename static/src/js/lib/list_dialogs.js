// The dialogs of a list: filter by clicking, columns, saved views. They are fetched when they are asked for, with the query
// of the page, and what they send changes the list behind them.

import htmx from "./htmx.js";
import { csrf } from "./dom.js";
import { openDialog } from "./dialogs.js";
import { refreshList, showList } from "./lists.js";
import { showToast } from "./toasts.js";
import { filled, gettext } from "./words.js";

const dialog = () => document.getElementById("dialog");
let shownUrl = "";

async function put(response) {
  if (response.headers.has("HX-Redirect")) location.assign(response.headers.get("HX-Redirect"));
  const target = response.headers.get("HX-Retarget");
  if (!target) throw new Error(`${response.status} ${response.statusText}`);
  await htmx.swap({ sourceElement: document.body, target, swap: response.headers.get("HX-Reswap") ?? "innerHTML", text: await response.text() });
  return target;
}

const told = (error) => showToast(filled(gettext("Quayside did not answer: %(error)s. Try again, or reload the page."), { error: error.message }));

function withQuery(path) {
  const url = new URL(path, location.href);
  url.searchParams.set("query", location.search);
  return url;
}

async function fetchDialog(path, { isOpening = true } = {}) {
  shownUrl = path;
  try {
    const response = await fetch(withQuery(path), { headers: { "HX-Request": "true" } });
    // Whoever closed it meanwhile is done with it.
    if (!isOpening && !dialog().open) return;
    await put(response);
    openDialog(dialog());
  } catch (error) {
    told(error);
  }
}

document.addEventListener("click", (event) => {
  const opener = event.target.closest?.("[data-dialog-url]");
  if (opener) fetchDialog(opener.dataset.dialogUrl);
  const link = event.target.closest?.("a[data-with-query]");
  if (link) link.search = location.search;
});

// The filter's dialog counts what is shown and marks what is asked for: both follow each click in it.
document.addEventListener("list:shown", async () => {
  const open = dialog();
  if (!open?.open || !open.querySelector("[data-facets]")) return;
  const all = () => [...open.querySelectorAll(".values a")];
  const place = all().indexOf(document.activeElement);
  const scrolled = open.querySelector(".body").scrollTop;
  await fetchDialog(shownUrl, { isOpening: false });
  if (!open.open) return;
  open.querySelector(".body").scrollTop = scrolled;
  all()[place]?.focus({ preventScroll: true });
});

async function send(form, submitter) {
  const body = new URLSearchParams(new FormData(form, submitter));
  try {
    const response = await fetch(form.getAttribute("action"), { method: "POST", body, headers: { "HX-Request": "true", "X-CSRFToken": csrf() } });
    if (response.status !== 204) {
      await put(response);
      openDialog(dialog());
      return;
    }
    dialog().close();
    const url = response.headers.get("HX-Push-Url");
    await (url ? showList(new URL(url, location.href).href) : refreshList());
  } catch (error) {
    told(error);
  }
}

// What comes is a file: the page stays, and the dialog is done with.
document.addEventListener("submit", (event) => event.target.matches?.("form[data-download]") && setTimeout(() => dialog().close()));

document.addEventListener("submit", (event) => {
  if (!event.target.matches?.("form[data-list-form]")) return;
  event.preventDefault();
  send(event.target, event.submitter);
});

document.addEventListener("click", async (event) => {
  const poster = event.target.closest?.("[data-posts]");
  if (poster) {
    try {
      await put(await fetch(poster.dataset.posts, { method: "POST", headers: { "HX-Request": "true", "X-CSRFToken": csrf() } }));
    } catch (error) {
      told(error);
    }
  }
  const mover = event.target.closest?.("[data-columns] [data-move]");
  if (!mover) return;
  const item = mover.closest("li");
  // The first leads and stays where it is.
  if (mover.dataset.move === "1") item.nextElementSibling?.after(item);
  else if (item.previousElementSibling?.previousElementSibling) item.previousElementSibling.before(item);
  mover.focus();
});
