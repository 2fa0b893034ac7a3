// CPU, memory, network and disk of a container as charts of the last five minutes, full at once.

import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import "../css/stats.css";
import { whenPresent } from "./lib/dom.js";
import { liveSocket } from "./lib/live_socket.js";
import { scaled, size } from "./lib/sizes.js";
import { filled, gettext, ngettext } from "./lib/words.js";

const SPAN_S = 300;

// The fields of a sample, in the order in which the server sends them.
const AT = 0, CPU = 1, CPUS = 2, MEMORY = 3, LIMIT = 4, RECEIVED = 5, SENT = 6, READ = 7, WRITTEN = 8, PIDS = 9; // prettier-ignore

// `lines` are the fields drawn; `most` keeps the scale from jumping at small values; `limit` is drawn as a dashed line.
const CHARTS = {
  cpu: { lines: [CPU], most: 5, axis: (value) => `${Number(value.toFixed(1))} %` },
  memory: { lines: [MEMORY], most: 1e6, axis: size, limit: LIMIT },
  network: { lines: [RECEIVED, SENT], most: 1000, axis: (value) => `${size(value)}/s` },
  disk: { lines: [READ, WRITTEN], most: 1000, axis: (value) => `${size(value)}/s` },
};
const NAMES = { [CPU]: "CPU", [MEMORY]: "memory", [RECEIVED]: "in", [SENT]: "out", [READ]: "read", [WRITTEN]: "written" };

const WORDS = {
  cpu: (sample) => [sample[CPU].toFixed(1), filled(ngettext("% of %(count)s core", "% of %(count)s cores", sample[CPUS]), { count: sample[CPUS] })],
  memory: (sample) => [scaled(sample[MEMORY])[0], `${scaled(sample[MEMORY])[1]}${sample[LIMIT] ? ` ${filled(gettext("of %(limit)s"), { limit: size(sample[LIMIT]) })}` : ""}`],
  network: (sample) => [scaled(sample[RECEIVED])[0], filled(gettext("%(unit)s/s in · %(sent)s/s out"), { unit: scaled(sample[RECEIVED])[1], sent: size(sample[SENT]) })],
  disk: (sample) => [scaled(sample[READ] + sample[WRITTEN])[0], filled(ngettext("%(unit)s/s · %(count)s pid", "%(unit)s/s · %(count)s pids", sample[PIDS]), { unit: scaled(sample[READ] + sample[WRITTEN])[1], count: sample[PIDS] })],
};

whenPresent("[data-stats]", (pane) => {
  const isTile = "tiles" in pane.dataset;
  let samples = [];
  let isLimited = false;
  let charts = [];

  const socket = liveSocket(pane.dataset.url, { onMessage, onState: (state, why) => tell(state === "over" ? why : state === "lost" ? gettext("Connection lost, trying again.") : "") });
  const themes = new MutationObserver(build);
  const sizes = new ResizeObserver(() => charts.forEach(({ plot, element }) => plot.setSize(room(element))));
  themes.observe(document.documentElement, { attributeFilter: ["data-bs-theme"] });

  function onMessage(message) {
    if (message.t === "samples") take(message);
    else if (message.t === "state") state(message);
    socket.send({ ack: 1 });
  }

  function take({ samples: fresh, replay, limited }) {
    isLimited = limited;
    samples = replay ? fresh : [...samples, ...fresh];
    const newest = samples.at(-1)?.[AT] ?? 0;
    samples = samples.filter((sample) => sample[AT] > newest - SPAN_S);
    draw();
    const last = samples.at(-1);
    // Limits elsewhere on the page show what is used of them.
    if (last) pane.dispatchEvent(new CustomEvent("stats:sample", { bubbles: true, detail: { cpu: last[CPU], memory: last[MEMORY], pids: last[PIDS] } }));
  }

  function state({ state: name, code, error }) {
    if (name === "stopped") tell(filled(gettext("Not running (exit code %(code)s). The charts go on with its next start."), { code }));
    else if (name === "cut") tell(filled(gettext("The host does not answer: %(error)s. Trying again."), { error }));
    else if (name === "gone") tell(gettext("The container was removed."));
    else tell("");
  }

  function tell(words) {
    const place = pane.querySelector("[data-stats-state]");
    if (!place) return;
    place.textContent = words;
    place.hidden = !words;
  }

  function columns(fields) {
    return [samples.map((sample) => sample[AT]), ...fields.map((field) => samples.map((sample) => sample[field]))];
  }

  // Without a limit of its own, a container's is the whole machine: no line to draw.
  const hasLimit = () => isLimited && samples.length > 0 && samples.at(-1)[LIMIT] > 0;

  function draw() {
    const sample = samples.at(-1);
    for (const { plot, name } of charts) plot.setData(columns(CHARTS[name].lines));
    if (!sample) return;
    for (const [name, words] of Object.entries(WORDS)) {
      const [value, rest] = words(sample);
      pane.querySelector(`[data-value="${name}"]`).textContent = value;
      pane.querySelector(`[data-words="${name}"]`).textContent = rest;
    }
  }

  const room = (element) => ({ width: Math.max(80, element.clientWidth), height: Math.max(30, element.clientHeight) });

  function build() {
    sizes.disconnect();
    for (const { plot } of charts) plot.destroy();
    charts = [...pane.querySelectorAll("[data-chart]")].map((element) => {
      const name = element.dataset.chart;
      const plot = new uPlot(options(element, name), columns(CHARTS[name].lines), element);
      sizes.observe(element);
      return { plot, name, element };
    });
  }

  function options(element, name) {
    const style = getComputedStyle(element);
    const [ink, line] = [style.getPropertyValue("--dim"), style.getPropertyValue("--line")];
    const chart = CHARTS[name];
    const top = (u, low, high) => [0, Math.max(chart.most, (chart.limit && hasLimit() ? Math.max(high ?? 0, samples.at(-1)[chart.limit]) : (high ?? 0)) * 1.12)];
    const axis = { stroke: ink, font: "11px Inter, sans-serif", grid: { stroke: line, width: 1 }, ticks: { show: false } };
    return {
      ...room(element),
      legend: { show: false },
      cursor: { show: !isTile, y: false, drag: { x: false, y: false }, points: { size: 6 } },
      padding: isTile ? [2, 0, 0, 0] : [8, 8, 0, 0],
      scales: { x: { time: true, range: () => { const end = samples.at(-1)?.[AT] ?? Date.now() / 1000; return [end - SPAN_S, end]; } }, y: { range: top } },
      axes: isTile ? [{ show: false }, { show: false }] : [{ ...axis, size: 28, space: 76, values: (u, ticks) => ticks.map(clock) }, { ...axis, size: 66, values: (u, ticks) => ticks.map(chart.axis) }],
      series: [{}, ...chart.lines.map((field, index) => series(style.color, field, index))],
      hooks: { draw: chart.limit ? [(u) => limitLine(u, style.getPropertyValue("--bad"))] : [], setCursor: isTile ? [] : [(u) => pointed(u, name)] },
    };
  }

  function series(color, field, index) {
    const faint = index ? { dash: [4, 3], width: 1 } : { fill: `color-mix(in srgb, ${color} 18%, transparent)`, width: 1.5 };
    return { label: NAMES[field], stroke: color, points: { show: false }, spanGaps: false, ...faint };
  }

  // Above the chart's own words while the pointer rests on a moment of the past.
  function pointed(u, name) {
    const sample = u.cursor.idx == null ? samples.at(-1) : samples[u.cursor.idx];
    if (!sample) return;
    const [value, rest] = WORDS[name](sample);
    pane.querySelector(`[data-value="${name}"]`).textContent = value;
    pane.querySelector(`[data-words="${name}"]`).textContent = u.cursor.idx == null ? rest : `${rest} · ${filled(gettext("at %(time)s"), { time: clock(sample[AT]) })}`;
  }

  function limitLine(u, color) {
    if (!hasLimit()) return;
    const y = u.valToPos(samples.at(-1)[LIMIT], "y", true);
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

  build();
  return () => {
    themes.disconnect();
    sizes.disconnect();
    socket.stop();
    for (const { plot } of charts) plot.destroy();
  };
});

const clock = (seconds) => new Date(seconds * 1000).toTimeString().slice(0, 8);
