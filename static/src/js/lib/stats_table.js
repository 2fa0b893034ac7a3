// The charts in words and figures: a sentence for each, and a table of what they draw, for who does not see them or wants to copy.

import { make } from "./dom.js";
import { size } from "./sizes.js";
import { AT, CHARTS, CPU, LIMIT, MEMORY, momentFor, NAMES, PIDS, READ, RECEIVED, SENT, WRITTEN } from "./stats_shape.js";
import { filled, gettext } from "./words.js";

// More rows than these nobody reads: each is the mean of what it stands for, and the limit that held last.
const MOST_ROWS = 60;
const percent = (value) => `${value.toFixed(1)} %`;
const rate = (value) => `${size(value)}/s`;
const COLUMNS = [
  [CPU, gettext("CPU"), percent],
  [MEMORY, gettext("Memory"), size],
  [LIMIT, gettext("Memory limit"), (value) => (value ? size(value) : "–")],
  [RECEIVED, gettext("Received"), rate],
  [SENT, gettext("Sent"), rate],
  [READ, gettext("Read"), rate],
  [WRITTEN, gettext("Written"), rate],
  [PIDS, gettext("Processes"), (value) => String(Math.round(value))],
];

// "CPU: 1 % to 90 %, 12 % on average; now 20 %".
export function sentenceOf(name, samples) {
  const { lines, axis } = CHARTS[name];
  if (!samples.length) return gettext("Nothing measured in this time");
  const words = (value) => axis(Math.round(value * 10) / 10) || String(Math.round(value));
  const parts = lines.map((field) => {
    const values = samples.map((sample) => sample[field]);
    const figures = { name: NAMES[field], low: words(values.reduce((low, one) => Math.min(low, one))), high: words(values.reduce((high, one) => Math.max(high, one))), now: words(values.at(-1)) };
    return filled(gettext("%(name)s from %(low)s to %(high)s, at last %(now)s"), figures);
  });
  return parts.join("; ");
}

// Rows for [from, to] in seconds, the newest first: {at, values} with null where nothing was measured.
export function rowsOf(samples, [from, to]) {
  const step = (to - from) / MOST_ROWS;
  const buckets = Array.from({ length: MOST_ROWS }, () => []);
  for (const sample of samples) {
    const place = Math.min(MOST_ROWS - 1, Math.floor((sample[AT] - from) / step));
    if (place >= 0) buckets[place].push(sample);
  }
  const rows = buckets.map((some, place) => ({
    at: some.length ? some.at(-1)[AT] : from + (place + 1) * step,
    values: some.length ? COLUMNS.map(([field]) => (field === LIMIT ? some.at(-1)[LIMIT] : some.reduce((sum, sample) => sum + sample[field], 0) / some.length)) : null,
  }));
  const first = rows.findIndex(({ values }) => values);
  return first < 0 ? [] : rows.slice(first).reverse();
}

export function drawTable(table, samples, ends) {
  const moment = momentFor(ends[1] - ends[0]);
  const head = make("tr", {}, make("th", { scope: "col" }, gettext("Time")), ...COLUMNS.map(([, name]) => make("th", { scope: "col" }, name)));
  const rows = rowsOf(samples, ends).map(({ at, values }) => {
    const time = make("th", { scope: "row" }, moment(at));
    if (!values) return make("tr", { class: "dim" }, time, make("td", { colspan: COLUMNS.length, class: "nothing" }, gettext("not measured")));
    return make("tr", {}, time, ...values.map((value, place) => make("td", { "data-label": COLUMNS[place][1] }, COLUMNS[place][2](value))));
  });
  table.replaceChildren(make("caption", { class: "visually-hidden" }, gettext("What the charts show, the newest first")), make("thead", {}, head), make("tbody", {}, ...rows));
}
