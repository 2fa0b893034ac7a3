// What a log line is: a letter (o stdout, e stderr, s skipped, n note), Docker's timestamp, a space and the text.
// All reading of text happens here, and only for lines that somebody looks at or filters by.

const ANSI = /\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[@-Z\\-_]|[\x00-\x08\x0b-\x1a\x1c-\x1f\x7f]/g;
const ERROR = /\b(?:error|err|fatal|critical|crit|panic|severe|emerg|alert|exception|traceback)\b/i;
const WARNING = /\bwarn(?:ing)?\b/i;
const DEBUG = /\b(?:debug|trace)\b/i;
// Where a program names its level, it does so early; the rest of a line is its content.
const LEVEL_WITHIN = 160;
const NAMED = /\b(?:level|lvl|severity)["']?\s*[=:]\s*["']?([a-z]+)/i;

export const isOurs = (line) => line[0] === "s" || line[0] === "n";
const spaceOf = (line) => (line[5] === "-" && line.indexOf("Z ", 20) > 0 ? line.indexOf(" ", 20) : 0);

export const stampOf = (line) => {
  const at = spaceOf(line);
  return at ? line.slice(1, at) : "";
};

export const textOf = (line) => {
  const at = spaceOf(line);
  const text = line.slice(at ? at + 1 : 1);
  return /[\x00-\x1f\x7f]/.test(text) ? text.replace(/\t/g, "    ").replace(ANSI, "") : text;
};

const two = (number) => String(number).padStart(2, "0");

// 14:07:10.978 in the reader's own time zone; the whole moment is for the title.
export function timeOf(line) {
  const stamp = stampOf(line);
  if (!stamp) return "";
  const when = new Date(`${stamp.slice(0, 23)}Z`);
  return `${two(when.getHours())}:${two(when.getMinutes())}:${two(when.getSeconds())}.${stamp.slice(20, 23)}`;
}

// 0 debug, 1 plain, 2 warning, 3 error.
export function levelOf(text) {
  const start = text.slice(0, LEVEL_WITHIN);
  const word = NAMED.exec(start)?.[1] ?? start;
  if (ERROR.test(word)) return 3;
  if (WARNING.test(word)) return 2;
  return DEBUG.test(word) ? 0 : 1;
}

// The text in parts for drawing: {text, kind} with kind "", "k" (a key), "m" (a match of the search).
export function partsOf(text, query) {
  const parts = [];
  for (const [piece, isKey] of keys(text)) marks(parts, piece, isKey ? "k" : "", query);
  return parts;
}

const KEY = /(^|[\s{,])([A-Za-z_][\w.-]{0,40}=)(?=\S)/g;
const LONGEST_DRAWN = 4000;

function keys(whole) {
  const text = whole.length > LONGEST_DRAWN ? `${whole.slice(0, LONGEST_DRAWN)}…` : whole;
  const pieces = [];
  let from = 0;
  for (const match of text.matchAll(KEY)) {
    const start = match.index + match[1].length;
    if (start > from) pieces.push([text.slice(from, start), false]);
    pieces.push([match[2], true]);
    from = start + match[2].length;
  }
  if (from < text.length) pieces.push([text.slice(from), false]);
  return pieces;
}

function marks(parts, piece, kind, query) {
  if (!query) return void parts.push({ text: piece, kind });
  const lower = piece.toLowerCase();
  let from = 0;
  for (let at = lower.indexOf(query); at >= 0; at = lower.indexOf(query, from)) {
    if (at > from) parts.push({ text: piece.slice(from, at), kind });
    parts.push({ text: piece.slice(at, at + query.length), kind: "m" });
    from = at + query.length;
  }
  if (from < piece.length) parts.push({ text: piece.slice(from), kind });
}
