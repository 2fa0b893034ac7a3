// CPU, memory, network, disk and pids of a container as charts: the last five minutes live and full at once, or up to seven
// days of what was kept.

import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import "../css/stats.css";
import { whenPresent } from "./lib/dom.js";
import { liveSocket } from "./lib/live_socket.js";
import { alone, AT, CHARTS, clockFor, columnsOf, latest, LIMIT, momentFor, NAMES, stepsFor, usedOf, WORDS } from "./lib/stats_shape.js";
import { drawTable, sentenceOf } from "./lib/stats_table.js";
import { writeAddress } from "./lib/log_bar.js";
import { filled, gettext } from "./lib/words.js";

const stateWords = ({ state, status, code, error }) => {
  if (state === "stopped" && status === "created") return gettext("Never started. The charts begin with its first start.");
  if (state === "stopped") return filled(gettext("Not running (exit code %(code)s). The charts go on with its next start."), { code });
  if (state === "cut") return filled(gettext("The host does not answer: %(error)s. Trying again."), { error });
  return state === "gone" ? gettext("The container was removed.") : "";
};
const LIVE_S = 300;
const LIVE_HOLE_S = 35;
const AGAIN_MS = 30_000;

whenPresent("[data-stats]", (pane) => {
  const isTile = "tiles" in pane.dataset;
  const limits = { memory: 0, cpu: 0 };
  let live = [];
  let past = { samples: [], step: 10, since: 0 };
  let span_s = LIVE_S;
  let charts = [];
  let asking;
  let said = "";
  const table = pane.querySelector("[data-stats-table]");

  const socket = liveSocket(pane.dataset.url, { onMessage, onState: connection });
  const themes = new MutationObserver(build);
  const sizes = new ResizeObserver(() => charts.forEach(({ plot, element }) => plot.setSize(room(element))));
  themes.observe(document.documentElement, { attributeFilter: ["data-bs-theme"] });

  function onMessage(message) {
    if (message.t === "samples") take(message);
    else if (message.t === "state") state(message);
    socket.send({ ack: 1 });
  }

  function take({ samples: fresh, replay, limited, cpu_limit }) {
    live = latest(replay ? fresh : [...live, ...fresh], LIVE_S);
    // Without a limit of its own, a container's is the whole machine: no line to draw.
    limits.memory = limited ? (live.at(-1)?.[LIMIT] ?? 0) : 0;
    limits.cpu = cpu_limit ?? 0;
    draw();
    const last = live.at(-1);
    // Limits elsewhere on the page show what is used of them.
    if (last) pane.dispatchEvent(new CustomEvent("stats:sample", { bubbles: true, detail: usedOf(last) }));
  }

  function state(message) {
    said = stateWords(message);
    tell(said);
  }

  function connection(name, why) {
    const words = { over: why, lost: gettext("Connection lost, trying again."), late: gettext("No answer for a while; what is shown is old.") }[name] ?? "";
    // What was said of the container still holds when the line is back.
    if (words || name === "back" || name === "open") tell(words || said);
  }

  function tell(words) {
    const place = pane.querySelector("[data-stats-state]");
    if (!place) return;
    place.textContent = words;
    place.hidden = !words;
  }

  function shown() {
    if (span_s === LIVE_S) return live;
    const until = past.samples.at(-1)?.[AT] ?? 0;
    return [...past.samples, ...live.filter((sample) => sample[AT] > until)];
  }

  const hole = () => (span_s === LIVE_S ? LIVE_HOLE_S : past.step * 3.5);

  function draw() {
    const samples = shown();
    for (const { plot, name } of charts) plot.setData(columnsOf(samples, CHARTS[name].lines, hole()));
    describe(samples);
    say(live.at(-1) ?? samples.at(-1));
  }

  // For who does not see the charts. Nothing is announced: it is there when somebody comes to it.
  function describe(samples) {
    const [from, to] = ends();
    const inView = samples.filter((sample) => sample[AT] >= from && sample[AT] <= to);
    for (const { name, element } of charts) element.setAttribute("aria-label", sentenceOf(name, inView));
    if (table && !table.hidden && !isRead()) drawTable(table.firstElementChild, inView, [from, to]);
  }

  // While somebody marks figures of the table to copy them, they stay.
  const isRead = () => {
    const selection = document.getSelection();
    return !selection.isCollapsed && table.contains(selection.anchorNode);
  };

  function say(sample, name, after = "") {
    if (!sample) return;
    for (const one of name ? [name] : Object.keys(WORDS)) {
      const value = pane.querySelector(`[data-value="${one}"]`);
      if (!value) continue;
      const [figure, rest] = WORDS[one](sample, limits, isTile);
      value.textContent = figure;
      pane.querySelector(`[data-words="${one}"]`).textContent = rest + after;
    }
  }

  const room = (element) => ({ width: Math.max(80, element.clientWidth), height: Math.max(30, element.clientHeight) });

  function build() {
    sizes.disconnect();
    for (const { plot } of charts) plot.destroy();
    charts = [...pane.querySelectorAll("[data-chart]")].map((element) => {
      const name = element.dataset.chart;
      const plot = new uPlot(options(element, name), columnsOf(shown(), CHARTS[name].lines, hole()), element);
      sizes.observe(element);
      return { plot, name, element };
    });
  }

  function options(element, name) {
    const style = getComputedStyle(element);
    const [ink, line] = [style.getPropertyValue("--dim"), style.getPropertyValue("--line")];
    const chart = CHARTS[name];
    const top = (_u, _low, high) => [0, Math.max(chart.most, high ?? 0, limits[name] ?? 0) * 1.12];
    const axis = { stroke: ink, font: "11px Inter, sans-serif", grid: { stroke: line, width: 1 }, ticks: { show: false } };
    return {
      ...room(element),
      legend: { show: false },
      cursor: { show: !isTile, y: false, drag: { x: false, y: false }, points: { size: 6 }, sync: { key: "stats" } },
      // The words of the last moment on the axis stand half beside the chart.
      padding: isTile ? [2, 0, 0, 0] : [8, 24, 0, 0],
      scales: { x: { time: true, range: ends }, y: { range: top } },
      axes: isTile ? [{ show: false }, { show: false }] : [{ ...axis, size: 28, space: 76, incrs: () => stepsFor(span_s), values: (_u, ticks) => ticks.map(clockFor(span_s)) }, { ...axis, ...chart.ticks, size: 66, values: (_u, ticks) => ticks.map(chart.axis) }],
      series: [{}, ...chart.lines.map((field, index) => series(style.color, field, index))],
      hooks: { draw: [(u) => limitLine(u, limits[name], style.getPropertyValue("--bad")), (u) => sinceLine(u, ink)], setCursor: isTile ? [] : [(u) => pointed(u, name)] },
    };
  }

  // The newest sample is the clock of the host; where there is none, ours must do.
  function ends() {
    const end = live.at(-1)?.[AT] ?? Math.max(past.samples.at(-1)?.[AT] ?? 0, Date.now() / 1000);
    return [end - span_s, end];
  }

  function series(color, field, index) {
    const faint = index ? { dash: [4, 3], width: 1 } : { fill: `color-mix(in srgb, ${color} 18%, transparent)`, width: 1.5 };
    return { label: NAMES[field], stroke: color, points: { show: true, size: 3, fill: color, filter: (u, place) => alone(u.data[place]) }, spanGaps: false, ...faint };
  }

  // Above the chart's own words while the pointer rests on a moment of the past.
  function pointed(u, name) {
    const at = u.cursor.idx == null ? undefined : u.data[0][u.cursor.idx];
    const sample = at === undefined ? undefined : shown().find((one) => one[AT] === at);
    if (sample) say(sample, name, ` · ${filled(gettext("at %(time)s"), { time: momentFor(span_s)(at) })}`);
    else say(live.at(-1) ?? shown().at(-1), name);
  }

  function limitLine(u, limit, color) {
    if (!limit) return;
    const y = u.valToPos(limit, "y", true);
    const { ctx, bbox } = u;
    ctx.save();
    ctx.strokeStyle = color;
    ctx.setLineDash([3 * devicePixelRatio, 3 * devicePixelRatio]);
    ctx.lineWidth = devicePixelRatio;
    ctx.beginPath();
    ctx.moveTo(bbox.left, y);
    ctx.lineTo(bbox.left + bbox.width, y);
    ctx.stroke();
    ctx.restore();
  }

  // Left of it: containers that had this name before.
  function sinceLine(u, color) {
    if (span_s === LIVE_S || !past.since || past.since <= u.scales.x.min) return;
    const { ctx, bbox } = u;
    const x = Math.round(u.valToPos(past.since, "x", true));
    ctx.save();
    ctx.strokeStyle = color;
    ctx.lineWidth = devicePixelRatio;
    ctx.setLineDash([2 * devicePixelRatio, 2 * devicePixelRatio]);
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
    ctx.restore();
  }

  function sinceWords() {
    const place = pane.querySelector("[data-stats-since]");
    if (!place) return;
    place.hidden = span_s === LIVE_S || !past.since;
    if (!place.hidden) place.textContent = filled(gettext("Before %(time)s: an earlier container of this name."), { time: momentFor(span_s)(past.since) });
  }

  async function look() {
    asking?.abort();
    if (span_s === LIVE_S) return;
    asking = new AbortController();
    try {
      const response = await fetch(`${pane.dataset.history}?span=${span_s}`, { signal: asking.signal });
      if (!response.ok) throw new Error(`${response.status}`);
      past = await response.json();
      sinceWords();
      draw();
    } catch (error) {
      if (error.name !== "AbortError") tell(gettext("What was kept could not be read; trying again."));
    }
  }

  function choose(wanted) {
    span_s = wanted;
    past = { samples: [], step: 10, since: 0 };
    sinceWords();
    for (const button of spans) button.setAttribute("aria-pressed", String(Number(button.value) === span_s));
    writeAddress({ span: span_s === LIVE_S ? "" : String(span_s) });
    build();
    look();
  }

  pane.querySelector("[data-stats-table-shown]")?.addEventListener("click", ({ currentTarget: button }) => {
    table.hidden = !table.hidden;
    button.setAttribute("aria-pressed", String(!table.hidden));
    draw();
  });
  const spans = [...pane.querySelectorAll("[data-stats-span]")];
  for (const button of spans) button.addEventListener("click", () => choose(Number(button.value)));
  const again = setInterval(look, AGAIN_MS);
  const asked = new URLSearchParams(location.search).get("span");
  if (spans.some((button) => button.value === asked)) choose(Number(asked));
  else build();
  return () => {
    clearInterval(again);
    asking?.abort();
    themes.disconnect();
    sizes.disconnect();
    socket.stop();
    for (const { plot } of charts) plot.destroy();
  };
});
