// What a sample is, how its figures read, and what each chart draws of it.

import { scaled, size } from "./sizes.js";
import { filled, gettext, ngettext } from "./words.js";

// The fields of a sample, in the order in which the server sends them.
export const AT = 0, CPU = 1, CPUS = 2, MEMORY = 3, LIMIT = 4, RECEIVED = 5, SENT = 6, READ = 7, WRITTEN = 8, PIDS = 9; // prettier-ignore

const rate = (value) => `${size(value)}/s`;

// `lines` are the fields drawn; `most` keeps the scale from jumping at small values.
export const CHARTS = {
  cpu: { lines: [CPU], most: 5, axis: (value) => `${Number(value.toFixed(1))} %` },
  memory: { lines: [MEMORY], most: 1e6, axis: size },
  network: { lines: [RECEIVED, SENT], most: 1000, axis: rate },
  disk: { lines: [READ, WRITTEN], most: 1000, axis: rate },
  // Of what is counted there is no half; its chart is low.
  pids: { lines: [PIDS], most: 4, axis: String, ticks: { space: 22, incrs: [0, 1, 2, 3, 4, 5, 6].flatMap((zeros) => [1, 2, 5].map((step) => step * 10 ** zeros)) } },
};

export const NAMES = { [CPU]: "CPU", [MEMORY]: "memory", [RECEIVED]: "in", [SENT]: "out", [READ]: "read", [WRITTEN]: "written", [PIDS]: "pids" };

export const WORDS = {
  cpu: (sample, limits) => [sample[CPU].toFixed(1), limits.cpu ? filled(gettext("% of at most %(limit)s %"), { limit: Number(limits.cpu.toFixed(1)) }) : filled(ngettext("% of %(count)s core", "% of %(count)s cores", sample[CPUS]), { count: sample[CPUS] })],
  memory: (sample) => [scaled(sample[MEMORY])[0], `${scaled(sample[MEMORY])[1]}${sample[LIMIT] ? ` ${filled(gettext("of %(limit)s"), { limit: size(sample[LIMIT]) })}` : ""}`],
  network: (sample) => [scaled(sample[RECEIVED])[0], filled(gettext("%(unit)s/s in · %(sent)s/s out"), { unit: scaled(sample[RECEIVED])[1], sent: size(sample[SENT]) })],
  disk: (sample, _limits, isTile) =>
    isTile
      ? [scaled(sample[READ] + sample[WRITTEN])[0], filled(ngettext("%(unit)s/s · %(count)s pid", "%(unit)s/s · %(count)s pids", sample[PIDS]), { unit: scaled(sample[READ] + sample[WRITTEN])[1], count: Math.round(sample[PIDS]) })]
      : [scaled(sample[READ])[0], filled(gettext("%(unit)s/s read · %(written)s/s written"), { unit: scaled(sample[READ])[1], written: size(sample[WRITTEN]) })],
  pids: (sample) => [String(Math.round(sample[PIDS])), ngettext("process or thread", "processes and threads", Math.round(sample[PIDS]))],
};

// How much longer than the steps beside it a pause is that is a hole, and what a busy host may be late.
const STEPS = 3.5;
const LATE_S = 2;

// Columns for a chart; a hole in time is a hole in the line, not a slope across it. Samples of a chart come every second or every
// few, so what is a hole is told by the steps on both sides of it; a pause of `hole_s` always is one.
export function columnsOf(samples, fields, hole_s) {
  const columns = [[], ...fields.map(() => [])];
  const step = (place) => (samples[place]?.[AT] ?? NaN) - (samples[place - 1]?.[AT] ?? NaN);
  samples.forEach((sample, place) => {
    const usual = Math.max(...[step(place - 1), step(place + 1)].filter((one) => one > 0));
    if (step(place) > Math.min(hole_s, usual > 0 ? usual * STEPS + LATE_S : hole_s)) {
      columns[0].push(sample[AT] - step(place) / 2);
      for (let column = 1; column < columns.length; column += 1) columns[column].push(null);
    }
    columns[0].push(sample[AT]);
    fields.forEach((field, column) => columns[column + 1].push(sample[field]));
  });
  return columns;
}

// Samples with holes on both sides, of which no line can be drawn: the places of their points.
export function alone(values) {
  return values.flatMap((value, place) => (value !== null && (values[place - 1] ?? null) === null && (values[place + 1] ?? null) === null ? [place] : []));
}

// What is within the last `span_s`, in the order of time. Where the clock of a host was set back, what it said before of the time
// that is yet to come goes.
export function latest(samples, span_s) {
  const newest = samples.at(-1)?.[AT] ?? 0;
  const kept = [];
  let next = Infinity;
  for (let place = samples.length - 1; place >= 0; place -= 1) {
    const sample = samples[place];
    if (sample[AT] <= newest - span_s || sample[AT] >= next) continue;
    kept.push(sample);
    next = sample[AT];
  }
  return kept.reverse();
}

const STEPS_S = [...[1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800], ...[1, 2, 3, 4, 6, 8, 12, 24, 48].map((hours) => hours * 3600)];
const hasDays = (span_s) => span_s > 2 * 86400;

// The steps, in seconds, of which an axis takes those that it has room for. A day is named once.
export const stepsFor = (span_s) => (hasDays(span_s) ? STEPS_S.filter((step) => step >= 86400) : STEPS_S);

// The moments of an axis that covers so many seconds, in the reader's zone.
export function clockFor(span_s) {
  if (hasDays(span_s)) return (seconds) => new Intl.DateTimeFormat("en", { weekday: "short", day: "numeric" }).format(seconds * 1000);
  const length = span_s > 900 ? 5 : 8;
  return (seconds) => new Date(seconds * 1000).toTimeString().slice(0, length);
}

export function momentFor(span_s) {
  if (span_s <= 86400) return (seconds) => new Date(seconds * 1000).toTimeString().slice(0, 8);
  return (seconds) => `${clockFor(span_s)(seconds)}, ${new Date(seconds * 1000).toTimeString().slice(0, 5)}`;
}

// What the newest sample says of use, for limits that are drawn elsewhere on the page.
export const usedOf = (sample) => ({ cpu: sample[CPU], memory: sample[MEMORY], pids: sample[PIDS] });
