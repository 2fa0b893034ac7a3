// What is done to many, as it happens: one panel with a bar, and a line for each with how it went. It can be left or closed,
// and the server goes on; or stopped, and what has not begun is left alone. A page that is loaded anew finds it again.

import { csrf, icon, make } from "./dom.js";
import { focusRowAgain, isFocusLost } from "./row_focus.js";
import { filled, gettext, ngettext } from "./words.js";

const MOST_LINES = 500;
const STAYS_MS = 12_000;

const SAYS_EVERY_MS = 5_000;
// Where a run is told again, in this tab.
const KEPT = "quayside-bulk";

function panelOf({ title, items, run }) {
  document.getElementById("progress")?.remove();
  const lines = new Map(items.map((item) => [item.id, make("li", { "data-outcome": "waiting" }, make("span", { class: "dot off" }), make("b", {}, item.name), make("span", { class: "dim" }))]));
  const parts = {
    words: make("span", { class: "dim" }),
    // What is read aloud, now and then: not each of forty.
    said: make("span", { class: "visually-hidden", role: "status" }),
    bar: make("progress", { class: "meter", max: String(items.length), value: "0", "aria-label": title }),
    list: make("ol", { tabindex: "0", "aria-label": gettext("How each went") }, ...[...lines.values()].slice(0, MOST_LINES)),
    stop: make("button", { type: "button", class: "btn", "data-stop-progress": true }, icon("hand-stop"), gettext("Stop here")),
    foot: make("footer", { class: "progress-foot", hidden: true }),
  };
  const close = make("button", { type: "button", class: "btn-icon", "data-close-progress": true, "aria-label": gettext("Close") }, icon("x"));
  const panel = make("section", { class: "card progress-panel", id: "progress", tabindex: "-1", "aria-label": title }, make("header", { class: "card-header" }, make("h2", {}, title), parts.words, close), parts.said, make("div", { class: "card-body" }, parts.bar, parts.stop), parts.list, parts.foot);
  close.addEventListener("click", () => leave(panel));
  parts.stop.title = gettext("What has begun is done; the rest is left alone");
  parts.stop.addEventListener("click", () => stop(run, parts.stop));
  panel.addEventListener("keydown", (event) => event.key === "Escape" && leave(panel));
  document.body.append(panel);
  document.documentElement.classList.add("has-progress");
  return { ...parts, panel, lines, saidAt: 0 };
}

function leave(panel) {
  panel.remove();
  document.documentElement.classList.remove("has-progress");
  sessionStorage.removeItem(KEPT);
  focusRowAgain();
}

async function stop(run, button) {
  button.setAttribute("aria-disabled", "true");
  button.lastChild.data = gettext("Stopping…");
  try {
    const response = await fetch(`${run}stop/`, { method: "POST", headers: { "X-CSRFToken": csrf() } });
    if (!response.ok) throw new Error(String(response.status));
  } catch {
    button.removeAttribute("aria-disabled");
    button.lastChild.data = gettext("Could not be stopped; try again");
  }
}

function tell(line, list, { ok, left, words, url }) {
  if (!line) return;
  line.dataset.outcome = ok ? "done" : left ? "left" : "failed";
  line.querySelector(".dot").className = `dot ${ok ? "good" : left ? "off" : "bad"}`;
  const said = line.lastElementChild;
  said.className = ok || left ? "dim" : "words bad";
  said.replaceChildren(words || (ok ? gettext("done") : gettext("failed")));
  if (url) said.append(" ", make("a", { href: url }, gettext("its job")));
  // What went wrong leads, also where there were too many to show all.
  if (!ok && !left) list.prepend(line);
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

// Shows a streamed answer to its end; resolves to { failed: {id: words}, done: [ids], left: [ids] }. again(url, fields, ids) asks
// for the same once more. `isBegun`: just now, by somebody who may have lost the focus with the button for it.
export async function showProgress(response, { again, isBegun = false }) {
  const acted = { failed: {}, done: [], left: [] };
  let head;
  let shown;
  let isWhole = false;
  try {
    for await (const line of linesOf(response.body)) {
      if (line.items) {
        head = line;
        shown = panelOf(line);
        if (isBegun && isFocusLost()) shown.panel.focus({ preventScroll: true });
        sessionStorage.setItem(KEPT, line.run);
      } else if (line.end) isWhole = true;
      else {
        if (line.ok) acted.done.push(line.id);
        else if (line.left) acted.left.push(line.id);
        else acted.failed[line.id] = line.words;
        tell(shown.lines.get(line.id), shown.list, line);
      }
      count(shown, acted);
    }
  } finally {
    if (shown) finish(shown, acted, { isWhole, ask: (ids) => again(head.url, head.again, ids) });
  }
  return acted;
}

// A run that this tab began before the page was loaded anew; null where there is none.
export async function runFromBefore() {
  const run = sessionStorage.getItem(KEPT);
  if (!run) return null;
  const response = await fetch(run, { headers: { "HX-Request": "true" } });
  if (response.ok) return response;
  sessionStorage.removeItem(KEPT);
  return null;
}

function count(shown, acted) {
  const { words, bar, said } = shown;
  const [done, failed, left] = [acted.done.length, Object.keys(acted.failed).length, acted.left.length];
  bar.value = done + failed + left;
  const all = [filled(gettext("%(done)s of %(all)s done"), { done, all: bar.max })];
  if (failed) all.push(filled(ngettext("%(n)s failed", "%(n)s failed", failed), { n: failed }));
  if (left) all.push(filled(ngettext("%(n)s left alone", "%(n)s left alone", left), { n: left }));
  words.textContent = all.join(" · ");
  if (performance.now() - shown.saidAt < SAYS_EVERY_MS) return;
  shown.saidAt = performance.now();
  said.textContent = words.textContent;
}

function finish({ panel, words, said, bar, stop: stopper, foot }, acted, { isWhole, ask }) {
  const failed = Object.keys(acted.failed);
  if (failed.length) bar.classList.add("bad");
  else if (!acted.left.length) bar.classList.add("good");
  panel.dataset.ended = isWhole ? "whole" : "cut";
  // The focus is not lost with the button that had it.
  if (stopper === document.activeElement) panel.querySelector("[data-close-progress]").focus();
  stopper.remove();
  if (!isWhole) words.textContent = gettext("The connection broke. What was begun goes on; look at the list.");
  said.textContent = words.textContent;
  if (!isWhole) return;
  offer(foot, filled(ngettext("Try %(n)s again", "Try %(n)s again", failed.length), { n: failed.length }), failed, { panel, ask });
  offer(foot, filled(ngettext("Go on with the other %(n)s", "Go on with the other %(n)s", acted.left.length), { n: acted.left.length }), acted.left, { panel, ask });
  if (!failed.length && !acted.left.length) leaveLater(panel);
}

function offer(foot, words, ids, { panel, ask }) {
  if (!ids.length) return;
  const button = make("button", { type: "button", class: "btn" }, words);
  button.addEventListener("click", () => {
    leave(panel);
    ask(ids);
  });
  foot.append(button);
  foot.hidden = false;
}

// Good news goes by itself, but not from under a pointer or the focus.
function leaveLater(panel) {
  setTimeout(() => {
    if (panel.matches(":hover, :focus-visible") || panel.querySelector(":focus-visible")) leaveLater(panel);
    else if (panel.isConnected) leave(panel);
  }, STAYS_MS);
}
