// Logs, live: a socket for each container fills the buffer, a window shows it, one thin bar steers both.

import "../css/logs.css";
import { copyText } from "./lib/copying.js";
import { whenPresent } from "./lib/dom.js";
import { LogBar } from "./lib/log_bar.js";
import { LogBuffer } from "./lib/log_buffer.js";
import { logFeed } from "./lib/log_feed.js";
import { logKeys } from "./lib/log_keys.js";
import { skipNote, stampOf } from "./lib/log_lines.js";
import { LogPast } from "./lib/log_past.js";
import { LogRange } from "./lib/log_range.js";
import { LogSearch } from "./lib/log_search.js";
import { logSteps } from "./lib/log_steps.js";
import { asJson, asText, save, shownLines } from "./lib/log_taking.js";
import { rememberedTimes, rememberTimes } from "./lib/log_times.js";
import { LogWindow } from "./lib/log_window.js";
import { filled, gettext, ngettext } from "./lib/words.js";

const number = new Intl.NumberFormat("en");

whenPresent("[data-logs]", (pane) => {
  const part = (name) => pane.querySelector(`[data-log-${name}]`);
  const isPage = !pane.classList.contains("is-compact");
  const sources = pane.dataset.sources ? JSON.parse(pane.dataset.sources) : [{ name: "", url: pane.dataset.url }];
  const isMerged = sources.length > 1;
  const buffer = new LogBuffer();
  const view = new LogWindow(part("view"), buffer);
  const bar = new LogBar(part);
  const figures = { rate: 0, counted: 0, taken: 0, skipped: 0, since: performance.now(), heldAt: 0, lost: new Set(), late: new Set(), unreadable: new Set() };
  view.how.names = isMerged ? sources.map((source) => source.name) : [];
  let isPaused = false;
  let isAwaited = false;

  times(rememberedTimes());
  const search = new LogSearch(part, bar, buffer, view, { isWritten: isPage, worker: pane.dataset.worker });
  const range = new LogRange(part, { change: again, isUtc: () => view.how.isUtc });
  const urlOf = (source) => `${source.url}?${range.query()}`;
  const states = sources.map(() => "");
  const feeds = sources.map((source, index) =>
    logFeed(urlOf(source), {
      take: (lines, about) => take(index, lines, about),
      tell: (message) => tell(index, message),
      onState: (state, why) => connection(index, state, why),
      end: (message) => ended(index, message),
    }),
  );
  const past = new LogPast(part("earlier"), { buffer, view, steps: logSteps(sources, buffer, range), elsewhere: (stamp) => range.around(stamp), begins: () => gettext("The log begins here") });
  isAwaited = Boolean(range.at);
  if (isAwaited) view.follow(false);

  function take(index, lines, { isReplay, skipped, before, isTorn }) {
    if (skipped) lost(index, skipped, before);
    else if (isTorn) torn(index, before);
    if (isMerged) buffer.addInOrder(lines, index);
    else buffer.add(lines, index);
    if (!isReplay && range.isLive) figures.counted += lines.length;
    figures.taken += lines.length;
    part("empty").hidden = true;
    if (isAwaited) arrive();
    redraw();
  }

  function redraw() {
    if (!isPaused) view.draw();
  }

  // At the line that the address names, once it is there.
  function arrive() {
    const found = buffer.numberAtMoment(range.at);
    if (found === undefined) return;
    isAwaited = false;
    if (isLineOf(range.at) && stampOf(buffer.line(found)) !== range.at) return missed(buffer.sourceOf(found));
    view.chosen = [found, found];
    view.show(found);
  }

  // A link to a line that is in the log no more: not the next one in its place, as if it were that.
  function missed(index) {
    buffer.addInOrder([`n${range.at} ${gettext("The line that the link names is no longer in this log. What was written next follows.")}`], index);
    part("empty").hidden = true;
    const found = buffer.numberAtMoment(range.at);
    if (found === undefined) return redraw();
    view.show(found);
  }

  // Lines have the nanosecond; nobody types it.
  const isLineOf = (stamp) => !stamp.endsWith("000000Z");

  function lost(index, count, stamp) {
    figures.skipped += count;
    note(index, filled(gettext("%(count)s lines skipped here: your connection was slower than the log"), { count: number.format(count) }), { kind: "s", stamp, count });
  }

  // More was written meanwhile than is sent at once, or than the host has kept: nobody has counted it.
  function torn(index, stamp) {
    figures.isTorn = true;
    note(index, gettext("Lines are missing here: the connection was away for too long"), { kind: "s", stamp });
  }

  function note(index, words, { kind = "n", stamp = feeds[index]?.last ?? "", count = 0 } = {}) {
    const text = isMerged ? `${sources[index].name}: ${words}` : words;
    const line = kind === "s" ? skipNote(stamp, count, text) : `n${stamp ? `${stamp} ` : ""}${text}`;
    if (isMerged && stamp) buffer.addInOrder([line], index);
    else buffer.add([line], index);
    part("empty").hidden = true;
    redraw();
  }

  function tell(index, { state, status, code, error }) {
    const before = states[index];
    states[index] = state;
    if (state === "stopped" && status === "created") note(index, gettext("the container was never started; its first start will go on here"));
    else if (state === "stopped") note(index, filled(gettext("the container has stopped, exit code %(code)s; its next start will go on here"), { code }));
    else if (state === "cut" && before !== "cut") note(index, filled(gettext("%(error)s Trying again; what is missing then comes."), { error }));
    else if (state === "unreadable") unreadable(index, error);
    else if (state === "live" && before === "cut") note(index, gettext("the host answers again"));
    else if (state === "gone") note(index, gettext("the container was removed"));
    else if (state === "live" && before === "stopped") note(index, gettext("the container was started"));
    draw();
  }

  // Long words, that stand alone: where lines would be.
  function unreadable(index, words) {
    if (isMerged) {
      if (!figures.unreadable.has(index)) note(index, words);
      figures.unreadable.add(index);
      return;
    }
    part("empty").textContent = words;
    part("empty").hidden = false;
  }

  function ended(index, { more }) {
    if (more) note(index, gettext("there is more after this"), { kind: "s" });
    else note(index, range.at ? gettext("the end of the log, as it was just now") : gettext("the end of this part"));
    if (isAwaited) {
      isAwaited = false;
      if (isLineOf(range.at)) missed(index);
      view.follow(true);
    }
    draw();
  }

  function connection(index, state, why) {
    figures.lost.delete(index);
    figures.late.delete(index);
    if (state === "lost") figures.lost.add(index);
    else if (state === "late") figures.late.add(index);
    if (state === "over") note(index, why);
    draw();
  }

  // Another part of the log is wanted.
  function again() {
    past.reset();
    buffer.clear();
    states.fill("");
    figures.unreadable.clear();
    Object.assign(figures, { skipped: 0, counted: 0, taken: 0, heldAt: 0, isTorn: false });
    view.chosen = [-1, -1];
    isAwaited = Boolean(range.at);
    isPaused = false;
    bar.paused(false);
    feeds.forEach((feed, index) => feed.restart(urlOf(sources[index])));
    view.follow(!isAwaited);
  }

  function draw() {
    const words = [];
    if (figures.lost.size) words.push(gettext("connection lost"));
    else if (figures.late.size) words.push(gettext("no answer for a while"));
    else if (states.includes("cut")) words.push(gettext("no answer from the host"));
    if (figures.unreadable.size) words.push(filled(ngettext("%(count)s cannot be read", "%(count)s cannot be read", figures.unreadable.size), { count: figures.unreadable.size }));
    if (range.isLive) words.push(filled(ngettext("%(count)s line/s", "%(count)s lines/s", figures.rate), { count: number.format(figures.rate) }));
    if (figures.skipped) words.push(filled(gettext("%(count)s skipped"), { count: number.format(figures.skipped) }));
    if (figures.isTorn) words.push(gettext("some are missing"));
    part("figures").textContent = words.join(" · ");
    part("figures").classList.toggle("is-warning", figures.lost.size + figures.late.size > 0 || states.includes("cut"));
    // Every line is one or the other: what was taken, and what was told to be missing.
    Object.assign(pane.dataset, { taken: figures.taken, skipped: figures.skipped });
    search.draw();
    past.draw();
    const jump = part("jump");
    jump.hidden = range.isLive && view.isFollowing && !isPaused;
    if (!jump.hidden) jump.textContent = `${jumpWords()} ↓`;
  }

  function jumpWords() {
    if (!range.isLive) return gettext("back to live");
    const behind = buffer.next - figures.heldAt;
    return behind > 0 ? filled(ngettext("%(count)s new line", "%(count)s new lines", behind), { count: number.format(behind) }) : gettext("go to the end");
  }

  const timer = setInterval(() => {
    const now = performance.now();
    figures.rate = Math.round((figures.counted * 1000) / (now - figures.since));
    figures.counted = 0;
    figures.since = now;
    draw();
  }, 1000);

  view.onScroll = () => {
    if (view.isFollowing) figures.heldAt = buffer.next;
    else figures.heldAt ||= buffer.next;
    if (view.isFollowing && isPaused) pause(false);
    if (!isAwaited) past.moved();
    draw();
  };

  // A line that is pointed out stands in the address; with Shift, all up to it are chosen.
  view.onPick = (picked, isExtended) => {
    const from = isExtended && view.chosen[0] >= 0 ? view.chosen[0] : picked;
    const isSame = !isExtended && view.chosen[0] === picked && view.chosen[1] === picked;
    view.chosen = isSame ? [-1, -1] : [Math.min(from, picked), Math.max(from, picked)];
    view.draw();
    part("link").disabled = view.chosen[0] < 0;
    copyWords();
  };

  function pause(wanted) {
    isPaused = wanted;
    figures.heldAt = buffer.next;
    bar.paused(wanted);
    view.follow(!wanted);
  }

  function times(mode) {
    view.how = { ...view.how, isUtc: mode === "utc" };
    pane.classList.toggle("no-times", mode === "off");
    if (part("times")) part("times").value = mode;
    view.draw();
  }

  part("times")?.addEventListener("change", ({ target }) => {
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
  part("pause").addEventListener("click", () => pause(!isPaused));
  part("jump").addEventListener("click", () => (range.isLive ? pause(false) : range.live()));
  part("copy")?.addEventListener("click", copy);
  part("link")?.addEventListener("click", link);
  // An iPhone has no such window.
  part("full").hidden = !document.fullscreenEnabled;
  part("full").addEventListener("click", () => (document.fullscreenElement ? document.exitFullscreen() : pane.requestFullscreen()));
  part("view").addEventListener("click", ({ target }) => {
    const stamp = target.closest("[data-log-load]")?.dataset.logLoad;
    if (stamp) range.around(stamp);
  });

  const wanted = () => shownLines(buffer, view.chosen[0] >= 0 ? view.chosen : undefined);

  async function copy() {
    const lines = asText(wanted(), view.how.names);
    if (await copyText(`${lines.join("\n")}\n`)) confirm("copy", filled(ngettext("Copied %(count)s line", "Copied %(count)s lines", lines.length), { count: number.format(lines.length) }), copyWords);
  }

  const copyWords = () => bar.say("copy", view.chosen[0] < 0 ? gettext("Copy the lines that are shown") : gettext("Copy the chosen lines"));

  async function link() {
    const url = new URL(location.href);
    for (const name of ["since", "until", "range"]) url.searchParams.delete(name);
    url.searchParams.set("at", stampOf(buffer.line(view.chosen[0])));
    if (await copyText(url.href)) confirm("link", gettext("Copied the link"), () => bar.say("link", gettext("Copy a link to the chosen line")));
  }

  function confirm(name, words, after) {
    const use = part(name).querySelector("use");
    const was = use.getAttribute("href");
    bar.say(name, words);
    part("said").textContent = words;
    use.setAttribute("href", `${was.split("#")[0]}#check`);
    setTimeout(() => {
      use.setAttribute("href", was);
      part("said").textContent = "";
      after();
    }, 2000);
  }

  // As it is filtered now; what the page does not hold is in the whole log, which the server sends.
  function saved(event) {
    const form = event.target.closest?.("[data-log-save]")?.dataset.logSave;
    if (form === "text") save(asText(wanted(), view.how.names), `${pane.dataset.fileName}.log`, "text/plain");
    else if (form === "json") save(asJson(wanted(), view.how.names), `${pane.dataset.fileName}.jsonl`, "application/jsonl");
  }

  if (isPage) document.addEventListener("click", saved);
  const unkey = isPage
    ? logKeys(pane, { query: part("query"), view, next: (step) => search.next(step), pause: () => pause(!isPaused), press: (name) => part(name).click() })
    : () => {};

  return () => {
    clearInterval(timer);
    document.removeEventListener("click", saved);
    unkey();
    past.stop();
    search.stop();
    feeds.forEach((feed) => feed.stop());
    view.stop();
  };
});
