// Lists: filter box, selects, chips and column heads fetch the part that changes; more rows come as the reader scrolls.
// The URL always names what is shown.

import htmx from "./htmx.js";
import { announce } from "./announce.js";
import { whenPresent } from "./dom.js";
import { showToast } from "./toasts.js";
import { filled, gettext } from "./words.js";

let asked = null;

async function ask(url, signal) {
  const response = await fetch(url, { headers: { "HX-Request": "true" }, signal });
  // Whoever is signed in no longer is sent to sign in.
  if (response.headers.has("HX-Redirect")) location.assign(response.headers.get("HX-Redirect"));
  if (!response.ok) throw new Error(`${response.status} ${response.statusText}`);
  return response;
}

async function show(url, { push }) {
  asked?.abort();
  const mine = (asked = new AbortController());
  const list = document.getElementById("list");
  list?.setAttribute("aria-busy", "true");
  try {
    const response = await ask(url, mine.signal);
    const text = await response.text();
    // What arrived carries the nonce of its own response; this page trusts only its own.
    await htmx.swap({ sourceElement: document.body, target: "#list", swap: "outerHTML", text: withPageNonce(text, response) });
    history[push ? "pushState" : "replaceState"]({ htmx: true }, "", url);
    document.dispatchEvent(new CustomEvent("list:shown"));
    announce(document.querySelector("#list-count [data-total]")?.textContent ?? "");
  } catch (error) {
    if (error.name === "AbortError") return;
    list?.removeAttribute("aria-busy");
    showToast(filled(gettext("The list could not be fetched: %(error)s. What is shown may be old; try again, or reload the page."), { error: error.message }));
  }
}

export const refreshList = () => show(location.href, { push: false });
export const showList = (url) => show(url, { push: true });

// The same list once more, for those who learned something that changes its order.
export const listAgain = () => show(location.href, { push: false });

export function withPageNonce(text, response) {
  const theirs = response.headers.get("Content-Security-Policy")?.match(/'nonce-([^']+)'/)?.[1];
  const ours = document.querySelector("script[nonce]")?.nonce;
  return theirs && ours ? text.replaceAll(`nonce="${theirs}"`, `nonce="${ours}"`) : text;
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
  show(url.href, { push: false }).then(() => document.querySelector(`[data-fold="${id}"]`)?.focus({ preventScroll: true }));
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

// The first row that comes by itself takes the place of the words that there is none, and the last one leaves it to them.
document.addEventListener("htmx:after:swap", () => {
  document.getElementById("list")?.toggleAttribute("data-bare", !document.querySelector("#rows > tr[data-id], #rows > tr.group"));
});

// Changes of rows that were not scrolled to are nobody's business yet.
document.addEventListener("htmx:ws:before:message:incoming", (event) => {
  const [, id] = /^\{"target":"#([cg]-[0-9a-f]+)"/.exec(event.detail.message.data) ?? [];
  if (id && !document.getElementById(id)) event.preventDefault();
});

// A click on a row's empty part opens it, as the name does.
document.addEventListener("click", (event) => {
  const row = event.target.closest?.("#rows > tr[data-href]");
  if (!row || event.target.closest("a, button, input, label, select, .menu, .pick, .acts") || getSelection()?.toString()) return;
  if (event.ctrlKey || event.metaKey) open(row.dataset.href);
  else location.assign(row.dataset.href);
});
