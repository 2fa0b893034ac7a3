// Lists: filter box, selects, chips and column heads fetch the part that changes; further rows come as the reader scrolls
// (gaps.js, or one after the other where nobody knows how many there are).
// The URL always names what is shown.

import htmx from "./htmx.js";
import { announce } from "./announce.js";
import { ask, withPageNonce } from "./asking.js";
import { afterSwaps, whenPresent } from "./dom.js";
import { keepPlace, letGo } from "./gaps.js";
import { showToast } from "./toasts.js";
import { filled, gettext } from "./words.js";

let asked = null;

// `isSame` says that the reader stays where they are: it is the same list, drawn anew. Another one begins at its beginning.
async function show(given, { push, isSame = false }) {
  const url = listUrl(given);
  asked?.abort();
  const mine = (asked = new AbortController());
  const list = document.getElementById("list");
  list?.setAttribute("aria-busy", "true");
  try {
    const [response, comeBack] = await Promise.all([ask(url, mine.signal), isSame ? keepPlace(url) : toBeginning]);
    const text = await response.text();
    await htmx.swap({ sourceElement: document.body, target: "#list", swap: "outerHTML", text: withPageNonce(text, response) });
    history[push ? "pushState" : "replaceState"]({ htmx: true }, "", url);
    document.dispatchEvent(new CustomEvent("list:shown", { detail: { isSame } }));
    await comeBack();
    announce(["#list-count [data-total]", "#list-doubts"].map((part) => document.querySelector(part)?.textContent ?? "").join(". "));
  } catch (error) {
    if (error.name === "AbortError") return;
    list?.removeAttribute("aria-busy");
    showToast(filled(gettext("The list could not be fetched: %(error)s. What is shown may be old; try again, or reload the page."), { error: error.message }));
  } finally {
    if (asked === mine) letGo();
  }
}

export const refreshList = () => show(location.href, { push: false, isSame: true });
export const showList = (url) => show(url, { push: true });

// A list as a whole, where the address of the page named some rows of it.
function listUrl(given) {
  const url = new URL(given, location.href);
  for (const name of ["after", "before"]) url.searchParams.delete(name);
  return url.href;
}

function toBeginning() {
  const card = document.querySelector("section.list");
  if (card?.getBoundingClientRect().top < 0) card.scrollIntoView({ block: "start" });
}

function urlOf(form) {
  // What a select offers first is the default, and the default needs no word in the URL.
  const isDefault = ([name, value]) => value === "" || form.elements[name]?.options?.[0]?.value === value;
  const params = new URLSearchParams([...new FormData(form)].filter((pair) => !isDefault(pair)));
  return params.size ? `${location.pathname}?${params}` : location.pathname;
}

whenPresent("#filter", (form) => {
  let timer;
  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(() => show(urlOf(form), { push: false }), 120);
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    clearTimeout(timer);
    show(urlOf(form), { push: true });
  });
  return () => clearTimeout(timer);
});

document.addEventListener("click", (event) => {
  const link = event.target.closest?.("a[data-list-link]");
  if (!link || event.metaKey || event.ctrlKey || event.shiftKey || event.button !== 0 || !document.getElementById("list")) return;
  event.preventDefault();
  const url = new URL(link.href);
  const box = document.getElementById("q");
  if (box) box.value = url.searchParams.get("q") ?? "";
  for (const select of document.querySelectorAll("#filter select")) select.value = url.searchParams.get(select.name) ?? select.options[0].value;
  const wayBack = wayBackTo(link);
  show(link.href, { push: true }).then(() => document.activeElement === document.body && wayBack()?.focus({ preventScroll: true }));
});

// What was clicked is drawn anew: the same head of a column has the focus then, or the same chip; the box, where it is gone.
function wayBackTo(link) {
  const column = link.closest("th")?.cellIndex;
  const place = [...(link.parentElement?.children ?? [])].indexOf(link);
  const isChip = link.closest("#chips") !== null;
  return () => {
    const head = column === undefined ? null : document.querySelector("#list thead tr")?.cells[column]?.querySelector("a");
    return head ?? (isChip ? document.getElementById("chips")?.children[place] : null) ?? document.getElementById("q");
  };
}

// A heading folds its group away, for whoever opens this URL.
document.addEventListener("click", (event) => {
  const button = event.target.closest?.("[data-fold]");
  if (!button) return;
  const url = new URL(location.href);
  const folded = new Set((url.searchParams.get("fold") ?? "").split(",").filter(Boolean));
  const id = button.dataset.fold;
  if (!folded.delete(id)) folded.add(id);
  if (folded.size) url.searchParams.set("fold", [...folded].join(","));
  else url.searchParams.delete("fold");
  show(url.href, { push: false, isSame: true }).then(() => document.querySelector(`[data-fold="${id}"]`)?.focus({ preventScroll: true }));
});

// Ports of the machine that the console itself is reached at: only the browser knows by which name that is.
for (const kind of ["pointerover", "focusin"]) {
  document.addEventListener(kind, (event) => {
    const link = event.target.closest?.("a[data-port]");
    if (!link) return;
    const [scheme, port] = link.dataset.port.split(":");
    link.href = `${scheme}://${location.hostname}:${port}/`;
  });
}

whenPresent("tr[data-more]", (row) => {
  const watcher = new IntersectionObserver(async ([seen]) => {
    if (!seen.isIntersecting) return;
    watcher.disconnect();
    try {
      const text = await (await ask(row.dataset.more)).text();
      if (!row.isConnected) return;
      // A row that came by itself meanwhile is not shown twice.
      for (const [, id] of text.matchAll(/<tr id="([\w-]+)"/g)) document.getElementById(id)?.remove();
      await htmx.swap({ sourceElement: document.body, target: row, swap: "outerHTML", text });
    } catch (error) {
      row.firstElementChild.textContent = filled(gettext("More could not be fetched: %(error)s. Reload the page."), { error: error.message });
    }
  }, { rootMargin: "800px" });
  watcher.observe(row);
  return () => watcher.disconnect();
});

// Rows come and go by themselves; where none is left the page says so.
afterSwaps(() => {
  document.getElementById("list")?.classList.toggle("is-empty", document.querySelector("#rows > tr:is([data-id], .group, .more)") === null);
});

// A click on a row's empty part opens it, as the name does.
document.addEventListener("click", (event) => {
  const row = event.target.closest?.("#rows > tr[data-href]");
  if (!row || event.target.closest("a, button, input, label, select, .menu, .pick, .acts") || getSelection()?.toString()) return;
  if (event.ctrlKey || event.metaKey) open(row.dataset.href);
  else location.assign(row.dataset.href);
});
