// What a search in kept logs finds: newest first from the server, shown in the order in which it was written. Page by page:
// what is older comes as the reader comes near it.

import "../css/logs.css";
import { announce } from "./lib/announce.js";
import { whenPresent } from "./lib/dom.js";
import { liveSocket } from "./lib/live_socket.js";
import { LogBar } from "./lib/log_bar.js";
import { LogBuffer } from "./lib/log_buffer.js";
import { finderOf } from "./lib/log_finder.js";
import { stampOf } from "./lib/log_lines.js";
import { LogPast } from "./lib/log_past.js";
import { patternOf } from "./lib/log_pattern.js";
import { asJson, asText, save, shownLines } from "./lib/log_taking.js";
import { rememberedTimes, rememberTimes, stampOfDate, timeOf } from "./lib/log_times.js";
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
  const counts = { found: 0, bytes: 0, hasMore: false, damaged: 0, reached: "", isStopped: false, isUnmarked: false };
  // From when on (ms) there is something of these containers, and whether there was more.
  const store = { begins: 0, hasDropped: false };

  view.how = { ...view.how, finder: asked() };
  times(rememberedTimes());
  const past = new LogPast(part("earlier"), { buffer, view, steps: { ask, reset: () => {}, get isWhole() { return !counts.hasMore; } }, elsewhere, begins });
  let isOver = false;
  const first = search("", { take, begin: () => (found = []), tell: progress });
  first.done.then(over, (error) => {
    part("stop").hidden = true;
    if (error) conclude(error.message);
  });
  part("stop").addEventListener("click", () => {
    first.stop();
    counts.hasMore = counts.isStopped = true;
    over();
  });

  function over() {
    isOver = true;
    part("stop").hidden = true;
    draw();
    const url = new URL(location.href);
    url.searchParams.set("until", counts.reached);
    part("further").href = url.href;
    part("further").hidden = !counts.reached || counts.found > 0;
  }

  function progress({ progress: done, of: total, read_bytes: bytes }) {
    if (isOver) return;
    part("stop").hidden = false;
    counts.bytes = bytes;
    const share = Math.floor((100 * done) / Math.max(1, total));
    const words = { share, size: size(bytes), count: number.format(found.length) };
    say(filled(ngettext("Searching: %(share)s %, %(size)s looked through, %(count)s line so far", "Searching: %(share)s %, %(size)s looked through, %(count)s lines so far", found.length), words));
  }

  // Whatever was asked for, what is not kept cannot be found.
  function begins() {
    const since = new URLSearchParams(location.search).get("since") ?? "";
    if (!store.hasDropped || !store.begins || since > stampOfDate(new Date(store.begins))) return gettext("Nothing older was found");
    return filled(gettext("What is kept begins at %(time)s: %(bound)s"), { time: beginning(), bound: pane.dataset.bound });
  }

  const beginning = () => timeOf(stampOfDate(new Date(store.begins)), view.how.isUtc).slice(0, -4);

  view.onScroll = () => past.moved();

  function asked() {
    const params = new URLSearchParams(location.search);
    const query = params.get("q") ?? "";
    if (params.get("regex") !== "1") return finderOf(query, false);
    try {
      return patternOf(query, pane.dataset.worker, { onMarked: () => view.draw(), onFailed: unmark });
    } catch {
      // A pattern of another language than ours: the server found by it, nothing is marked.
      return null;
    }
  }

  // The server has found these lines all the same.
  function unmark() {
    view.how = { ...view.how, finder: null };
    counts.isUnmarked = true;
    view.draw();
    tell();
  }

  // One page: `done` resolves when it is whole.
  function search(more, { take, begin, tell = () => {} }) {
    let stop;
    const done = new Promise((resolve, reject) => {
      let numbers = [];
      const socket = liveSocket(`${pane.dataset.url}${more}`, {
        onMessage: (message) => {
          if (message.t === "sources") {
            numbers = message.sources.map(numberOf);
            [store.begins, store.hasDropped] = [message.begins, message.dropped];
          } else if (message.t === "progress") tell(message);
          else if (message.t === "found") take(message.found.map(([source, line]) => [numbers[source], line]));
          else if (message.t === "end") resolve(message);
          else if (message.t === "error") reject(new Error(message.error));
          socket.send({ ack: 1 });
        },
        onState: (state, why) => {
          // A connection that broke searches anew.
          if (state === "open") begin();
          else if (state === "over") reject(new Error(why));
        },
      });
      stop = () => {
        socket.stop();
        reject(null);
      };
    });
    const told = done.then((end) => {
      counts.hasMore = end.more;
      counts.bytes = (isOver ? counts.bytes : 0) + end.read_bytes;
      counts.isStopped = false;
      counts.damaged = Math.max(counts.damaged, end.damaged);
      counts.reached = end.reached;
    });
    // Nothing more comes: a socket that is lost from now on would only search again.
    told.finally(() => stop()).catch(() => {});
    return { done: told, stop };
  }

  // Containers have numbers on this page, whatever they have in an answer.
  function numberOf(source) {
    const known = sources.findIndex(({ id }) => id === source.id);
    if (known >= 0) return known;
    view.how.names.push(source.name);
    return sources.push(source) - 1;
  }

  function take(lines) {
    found.push(...lines);
    waiting ||= setTimeout(draw, 150);
  }

  // The first page, as far as it has come.
  function draw() {
    clearTimeout(waiting);
    waiting = 0;
    buffer.clear();
    for (const [source, line] of [...found].reverse()) buffer.add([line], Math.min(source, 255));
    counts.found = found.length;
    view.draw();
    tell();
    past.draw();
  }

  // The page before what is here.
  function ask() {
    let older = [];
    // Where a search ended for having worked enough, it goes on there and not at the last line that it found.
    const before = counts.reached || stampOf(buffer.line(buffer.first));
    let held = 0;
    while (buffer.first + held < buffer.next && stampOf(buffer.line(buffer.first + held)) === before) held += 1;
    const { done, stop } = search(`&before=${before}&held=${held}`, { take: (lines) => older.push(...lines), begin: () => (older = []) });
    const whole = done.then(() => {
      counts.found += older.length;
      tell();
      const lines = [...older].reverse();
      return { lines: lines.map(([, line]) => line), sources: lines.map(([source]) => Math.min(source, 255)) };
    });
    return { done: whole, stop };
  }

  // The same search, as far as a moment.
  function elsewhere(stamp) {
    const url = new URL(location.href);
    url.searchParams.set("until", stamp);
    location.assign(url);
  }

  function tell() {
    if (!isOver) return;
    const count = filled(ngettext("%(count)s line", "%(count)s lines", counts.found), { count: number.format(counts.found) });
    const words = counts.isStopped ? filled(gettext("Stopped: the newest %(count)s so far"), { count }) : counts.found ? (counts.hasMore ? filled(gettext("the newest %(count)s; there are more"), { count }) : filled(gettext("%(count)s found"), { count })) : gettext("Nothing found");
    const more = counts.bytes ? [filled(gettext("%(size)s looked through"), { size: size(counts.bytes) })] : [];
    if (counts.reached) more.push(filled(gettext("searched back to %(time)s"), { time: timeOf(counts.reached, view.how.isUtc).slice(0, -4) }));
    else if (store.hasDropped && store.begins && !counts.hasMore) more.push(filled(gettext("kept since %(time)s"), { time: beginning() }));
    if (counts.damaged) more.push(filled(ngettext("%(count)s file is damaged and was left out", "%(count)s files are damaged and were left out", counts.damaged), { count: counts.damaged }));
    if (counts.isUnmarked) more.push(gettext("matches are not marked"));
    conclude([words, ...more].join(" · "));
  }

  // How far a search has come is there to be read; what came of it is heard.
  function conclude(words) {
    if (part("figures").textContent !== words) announce(words);
    say(words);
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
    first.stop();
    past.stop();
    view.how.finder?.stop?.();
    view.stop();
  };
});
