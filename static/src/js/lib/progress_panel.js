// What is done to many, as it happens: one panel with a bar, and a line for each with how it went. It can be left or closed;
// the server goes on.

import { icon, make } from "./dom.js";
import { filled, gettext, ngettext } from "./words.js";

const MOST_LINES = 500;
const STAYS_MS = 12_000;

function panelOf(title, items) {
  document.getElementById("progress")?.remove();
  const lines = new Map(items.map((item) => [item.id, make("li", { "data-outcome": "waiting" }, make("span", { class: "dot off" }), make("b", {}, item.name), make("span", { class: "dim" }))]));
  const parts = {
    words: make("span", { class: "dim", role: "status" }),
    bar: make("progress", { class: "meter", max: String(items.length), value: "0", "aria-label": title }),
    list: make("ol", { tabindex: "0", "aria-label": gettext("How each went") }, ...[...lines.values()].slice(0, MOST_LINES)),
  };
  const close = make("button", { type: "button", class: "btn-icon", "data-close-progress": true, "aria-label": gettext("Close") }, icon("x"));
  const panel = make("section", { class: "card progress-panel", id: "progress", "aria-label": title }, make("header", { class: "card-header" }, make("h2", {}, title), parts.words, close), make("div", { class: "card-body" }, parts.bar), parts.list);
  close.addEventListener("click", () => panel.remove());
  document.body.append(panel);
  return { ...parts, panel, lines };
}

function tell(line, { ok, words, url }) {
  if (!line) return;
  line.dataset.outcome = ok ? "done" : "failed";
  line.querySelector(".dot").className = `dot ${ok ? "good" : "bad"}`;
  const said = line.lastElementChild;
  said.className = ok ? "dim" : "words bad";
  said.replaceChildren(words || (ok ? gettext("done") : gettext("failed")));
  if (url) said.append(" ", make("a", { href: url }, gettext("its job")));
  // What went wrong leads.
  if (!ok) line.parentElement?.prepend(line);
}

async function* linesOf(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const parts = (rest + value).split("\n");
    rest = parts.pop();
    for (const part of parts) if (part) yield JSON.parse(part);
  }
}

// Shows a streamed answer to its end; resolves to { failed: {id: words}, done: [ids] }.
export async function showProgress(response) {
  const acted = { failed: {}, done: [] };
  let shown;
  let isWhole = false;
  try {
    for await (const line of linesOf(response.body)) {
      if (line.items) shown = panelOf(line.title, line.items);
      else if (line.end) isWhole = true;
      else {
        if (line.ok) acted.done.push(line.id);
        else acted.failed[line.id] = line.words;
        tell(shown.lines.get(line.id), line);
      }
      count(shown, acted);
    }
  } finally {
    if (shown) finish(shown, acted, isWhole);
  }
  return acted;
}

function count({ words, bar }, acted) {
  const [done, failed] = [acted.done.length, Object.keys(acted.failed).length];
  bar.value = done + failed;
  const said = filled(gettext("%(done)s of %(all)s done"), { done, all: bar.max });
  words.textContent = failed ? `${said} · ${filled(ngettext("%(n)s failed", "%(n)s failed", failed), { n: failed })}` : said;
}

function finish({ panel, words, bar }, acted, isWhole) {
  const failed = Object.keys(acted.failed).length;
  bar.classList.add(failed ? "bad" : "good");
  panel.dataset.ended = isWhole ? "whole" : "cut";
  if (!isWhole) words.textContent = gettext("The connection broke. What was begun goes on; look at the list.");
  else if (!failed) leaveLater(panel);
}

// Good news goes by itself, but not from under a pointer or the focus.
function leaveLater(panel) {
  setTimeout(() => {
    if (panel.matches(":hover, :focus-within")) leaveLater(panel);
    else panel.remove();
  }, STAYS_MS);
}
