// What a search in kept logs finds: newest first from the server, shown in the order in which it was written.

import "../css/logs.css";
import { whenPresent } from "./lib/dom.js";
import { liveSocket } from "./lib/live_socket.js";
import { LogBar } from "./lib/log_bar.js";
import { CAPACITY, LogBuffer } from "./lib/log_buffer.js";
import { finderOf } from "./lib/log_finder.js";
import { stampOf } from "./lib/log_lines.js";
import { asJson, asText, save, shownLines } from "./lib/log_taking.js";
import { rememberedTimes, rememberTimes, stampOfDate } from "./lib/log_times.js";
import { LogWindow } from "./lib/log_window.js";
import { size } from "./lib/sizes.js";
import { filled, gettext, ngettext } from "./lib/words.js";

const number = new Intl.NumberFormat("en");
// What is read around a line that was found.
const AROUND_MS = 60_000;

whenPresent("[data-kept]", (pane) => {
  const part = (name) => pane.querySelector(`[data-log-${name}]`);
  const buffer = new LogBuffer();
  const view = new LogWindow(part("view"), buffer);
  const bar = new LogBar(part);
  let sources = [];
  let found = [];
  let waiting = 0;

  view.how = { ...view.how, finder: asked() };
  times(rememberedTimes());
  const socket = liveSocket(pane.dataset.url, { onMessage, onState: (state, why) => state === "over" && say(why) });

  function asked() {
    const params = new URLSearchParams(location.search);
    try {
      return finderOf(params.get("q") ?? "", params.get("regex") === "1");
    } catch {
      // A pattern of another language than ours: the server found by it, nothing is marked.
      return null;
    }
  }

  function onMessage(message) {
    if (message.t === "sources") begin(message.sources);
    else if (message.t === "found") take(message.found);
    else if (message.t === "end") end(message);
    else if (message.t === "error") say(message.error);
    socket.send({ ack: 1 });
  }

  function begin(all) {
    found = [];
    sources = all;
    view.how.names = all.map((source) => source.name);
  }

  function take(lines) {
    found.push(...lines);
    waiting ||= setTimeout(draw, 150);
  }

  function draw() {
    clearTimeout(waiting);
    waiting = 0;
    buffer.clear();
    for (const [source, line] of found.slice(0, CAPACITY).reverse()) buffer.add([line], Math.min(source, 255));
    view.draw();
  }

  function end({ more, read_bytes }) {
    draw();
    const count = filled(ngettext("%(count)s line", "%(count)s lines", found.length), { count: number.format(found.length) });
    const words = found.length ? (more ? filled(gettext("the newest %(count)s; there are more"), { count }) : filled(gettext("%(count)s found"), { count })) : gettext("Nothing found");
    say(`${words} · ${filled(gettext("%(size)s looked through"), { size: size(read_bytes) })}`);
  }

  function say(words) {
    part("figures").textContent = words;
  }

  // A line that is pointed out leads to those around it, in the log of its own container.
  view.onPick = (picked) => {
    view.chosen = [picked, picked];
    view.draw();
    const when = Date.parse(`${stampOf(buffer.line(picked)).slice(0, 23)}Z`);
    const source = sources[buffer.sourceOf(picked)];
    const around = new URLSearchParams({ id: source.id, since: stampOfDate(new Date(when - AROUND_MS)), until: stampOfDate(new Date(when + AROUND_MS)) });
    part("around").href = `${pane.dataset.page}?${around}`;
    part("around").hidden = false;
  };

  function times(mode) {
    view.how = { ...view.how, isUtc: mode === "utc" };
    pane.classList.toggle("no-times", mode === "off");
    part("times").value = mode;
    view.draw();
  }

  part("times").addEventListener("change", ({ target }) => {
    rememberTimes(target.value);
    times(target.value);
  });
  bar.toggle("fields", (isOn) => {
    view.how = { ...view.how, areFields: isOn };
    view.draw();
  });
  bar.toggle("wrap", (isOn) => {
    view.isWrapped = isOn;
    pane.classList.toggle("is-wrapped", isOn);
    view.draw();
  });
  pane.addEventListener("click", ({ target }) => {
    const form = target.closest("[data-log-save]")?.dataset.logSave;
    if (form === "text") save(asText(shownLines(buffer), view.how.names), `${pane.dataset.fileName}.log`, "text/plain");
    else if (form === "json") save(asJson(shownLines(buffer), view.how.names), `${pane.dataset.fileName}.jsonl`, "application/jsonl");
  });

  return () => {
    clearTimeout(waiting);
    socket.stop();
    view.stop();
  };
});
