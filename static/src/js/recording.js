// Plays what a console session showed (asciicast v2): play and pause, speed, a slider. Long silences are cut short.

import { Terminal } from "@xterm/xterm";
import "@xterm/xterm/css/xterm.css";
import "../css/recording.css";
import { whenPresent } from "./lib/dom.js";
import { allowStyles } from "./lib/allow_styles.js";
import { gettext } from "./lib/words.js";

const THEME = { background: "#07131b", foreground: "#d5e1e8", cursor: "#07131b", selectionBackground: "#1d4a52", black: "#16272f", brightBlack: "#7f94a2", red: "#f87171", green: "#4ade80", yellow: "#fbbf24", blue: "#93c5fd", magenta: "#d8b4fe", cyan: "#5eead4", white: "#d5e1e8" }; // prettier-ignore
const LONGEST_SILENCE_S = 2;
const LARGEST = 500;

whenPresent("[data-recording]", (pane) => {
  const endStyles = allowStyles();
  const part = (name) => pane.querySelector(`[data-recording-${name}]`);
  const terminal = new Terminal({ fontFamily: '"JetBrains Mono", ui-monospace, monospace', fontSize: 13, lineHeight: 1.25, disableStdin: true, scrollback: 10_000, theme: THEME }); // prettier-ignore
  const asked = new AbortController();
  let head;
  let events = [];
  let next = 0;
  let at = 0;
  let frame;
  let before;

  terminal.open(part("pane"));
  load();

  async function load() {
    try {
      const answer = await fetch(pane.dataset.url, { signal: asked.signal });
      if (!answer.ok) throw new Error(String(answer.status));
      const [first, ...lines] = (await answer.text()).split("\n").filter(Boolean);
      head = JSON.parse(first);
      events = played(lines.flatMap(parsed));
    } catch (error) {
      if (error.name !== "AbortError") part("time").textContent = gettext("The recording cannot be read.");
      return;
    }
    part("place").max = String(length());
    part("place").disabled = part("play").disabled = false;
    // The end of a session says more at first sight than its empty beginning.
    seek(length());
  }

  function parsed(line) {
    try {
      return [JSON.parse(line)];
    } catch {
      return []; // the last line of a process that was killed
    }
  }

  function played(all) {
    let left = 0;
    let last = 0;
    return all.map(([time, kind, data]) => {
      const silence = time - last;
      last = time;
      left += Math.min(Math.max(silence, 0), LONGEST_SILENCE_S);
      return { time: left, kind, data };
    });
  }

  const length = () => events.at(-1)?.time ?? 0;

  function size(columns, rows) {
    if (columns > 0 && rows > 0) terminal.resize(Math.min(columns, LARGEST), Math.min(rows, LARGEST));
  }

  function seek(time) {
    terminal.reset();
    size(head.width, head.height);
    next = 0;
    show(time);
  }

  function show(time) {
    at = Math.min(time, length());
    for (; next < events.length && events[next].time <= at; next++) {
      const { kind, data } = events[next];
      if (kind === "o") terminal.write(data);
      else if (kind === "r") size(...data.split("x").map(Number));
    }
    part("place").value = String(at);
    part("time").textContent = `${clock(at)} / ${clock(length())}`;
  }

  const clock = (seconds) => `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;

  function tick(now) {
    show(at + ((now - before) / 1000) * Number(part("speed").value));
    before = now;
    if (at >= length()) pause();
    else frame = requestAnimationFrame(tick);
  }

  function play() {
    if (at >= length()) seek(0);
    before = performance.now();
    frame = requestAnimationFrame(tick);
    pane.classList.add("is-playing");
  }

  function pause() {
    cancelAnimationFrame(frame);
    frame = undefined;
    pane.classList.remove("is-playing");
  }

  part("play").addEventListener("click", () => (frame ? pause() : play()));
  part("place").addEventListener("input", () => {
    pause();
    seek(Number(part("place").value));
  });

  return () => {
    asked.abort();
    pause();
    terminal.dispose();
    endStyles();
  };
});
