// What a log line is: a letter (o stdout, e stderr; O and E where it goes on with the line above; n a note of ours, s lines
// skipped), Docker's timestamp in UTC with nine digits, a space and the text.

import { plainOf } from "./log_ansi.js";

export const isOurs = (line) => line[0] === "s" || line[0] === "n";
export const goesOn = (line) => line[0] === "O" || line[0] === "E";
const isStamped = (line) => line[30] === "Z" && line[31] === " ";

export const stampOf = (line) => (isStamped(line) ? line.slice(1, 31) : "");
export const rawOf = (line) => (isStamped(line) ? line.slice(32) : line.slice(1));
export const textOf = (line) => plainOf(rawOf(line));

// A note about lines that were skipped: how many, and the words for it.
export const skipNote = (stamp, count, words) => `s${stamp ? `${stamp} ` : ""}${count}\0${words}`;
export const skippedIn = (line) => (line[0] === "s" ? Number(rawOf(line).split("\0")[0]) || 0 : 0);
export const noteOf = (line) => rawOf(line).slice(rawOf(line).indexOf("\0") + 1);

const ERROR = /\b(?:error|err|fatal|critical|crit|panic|severe|emerg|emergency|alert|exception|traceback)\b/i;
const WARNING = /\bwarn(?:ing)?\b/i;
const DEBUG = /\b(?:debug|trace|verbose)\b/i;
// Where a program names its level, it does so early; the rest of a line is its content.
const LEVEL_WITHIN = 160;
const NAMED = /\b(?:level|lvl|severity)["']?\s*[=:]\s*["']?([a-z]+|\d+)/i;

// 0 debug, 1 plain, 2 warning, 3 error.
export function levelOf(text) {
  const start = text.length > LEVEL_WITHIN ? text.slice(0, LEVEL_WITHIN) : text;
  const named = NAMED.exec(start)?.[1];
  // Numbers are those of pino and bunyan.
  if (named && named <= "9") return named >= 50 ? 3 : named >= 40 ? 2 : named >= 30 ? 1 : 0;
  const word = named ?? start;
  if (ERROR.test(word)) return 3;
  if (WARNING.test(word)) return 2;
  return DEBUG.test(word) ? 0 : 1;
}
