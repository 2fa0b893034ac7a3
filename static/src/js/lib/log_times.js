// Moments in the reader's own time zone or in UTC: "local", "utc" or "off", remembered for all logs.

const HOUR_MS = 3600e3;
const KEY = "quayside-log-times";
const two = (number) => String(number).padStart(2, "0");

export function rememberedTimes() {
  const kept = localStorage.getItem(KEY);
  return ["local", "utc", "off"].includes(kept) ? kept : "local";
}

export const rememberTimes = (mode) => localStorage.setItem(KEY, mode);

const dateOf = (stamp) => new Date(`${stamp.slice(0, 23)}Z`);

const partsOf = (when, isUtc) =>
  isUtc
    ? [when.getUTCFullYear(), when.getUTCMonth() + 1, when.getUTCDate(), when.getUTCHours(), when.getUTCMinutes(), when.getUTCSeconds()]
    : [when.getFullYear(), when.getMonth() + 1, when.getDate(), when.getHours(), when.getMinutes(), when.getSeconds()];

// Fifty lines of one second are drawn ten times each second: what they share is worked out once.
let kept = { second: "", isUtc: false, text: "", at: 0 };

// 14:07:10.978, with the day before it where that is not today's: "11-24 14:07:10.978".
export function timeOf(stamp, isUtc) {
  if (!stamp) return "";
  const second = stamp.slice(0, 19);
  if (kept.second !== second || kept.isUtc !== isUtc || Date.now() - kept.at > 60_000) kept = { second, isUtc, text: secondOf(stamp, isUtc), at: Date.now() };
  return `${kept.text}.${stamp.slice(20, 23)}`;
}

function secondOf(stamp, isUtc) {
  const [, month, day, hour, minute, second] = partsOf(dateOf(stamp), isUtc);
  const [, thisMonth, today] = partsOf(new Date(), isUtc);
  const date = month === thisMonth && day === today ? "" : `${two(month)}-${two(day)} `;
  return `${date}${two(hour)}:${two(minute)}:${two(second)}`;
}

// The whole moment for a title: local with its zone, and as the log has it.
export const wholeOf = (stamp) => (stamp ? `${dateOf(stamp).toString().replace(/ \(.*/, "")} · ${stamp}` : "");

// Between a timestamp and the value of <input type=datetime-local>.
export function inputOf(stamp, isUtc) {
  const [year, month, day, hour, minute, second] = partsOf(dateOf(stamp), isUtc);
  return `${year}-${two(month)}-${two(day)}T${two(hour)}:${two(minute)}:${two(second)}`;
}

// An hour that is there twice, when clocks are set back, is the first one; `isEnd` wants the second.
export function stampOfInput(value, isUtc, isEnd = false) {
  const when = new Date(isUtc ? `${value}Z` : value);
  if (Number.isNaN(when.getTime())) return "";
  const later = stampOfDate(new Date(when.getTime() + HOUR_MS));
  return isEnd && inputOf(later, isUtc) === inputOf(stampOfDate(when), isUtc) ? later : stampOfDate(when);
}

export const stampOfDate = (when) => `${when.toISOString().slice(0, 23)}000000Z`;
