// A line of JSON or logfmt as its message and its fields: [{text, kind}], kind "h" (the message), "k" (a key with its sign),
// "v" (a value) or "". null for a line that is neither.

const MESSAGES = ["message", "msg", "event", "text"];
// Docker's time and the dot say these already; the line as it was written still has them.
const SAID = new Set(["time", "timestamp", "ts", "@timestamp", "level", "lvl", "severity"]);
const LONGEST = 20_000;
const MOST_FIELDS = 60;
const PAIR = /([A-Za-z_@][\w.@/-]{0,60})=("(?:[^"\\]|\\.)*"|\S*)(?:\s+|$)/y;

export function fieldsOf(text) {
  if (text.length > LONGEST) return null;
  const start = text.trimStart();
  if (start[0] === "{") return ofJson(start);
  return /^[A-Za-z_@][\w.@/-]{0,60}=/.test(start) ? ofLogfmt(start) : null;
}

// What a search looks through besides the line itself.
export const flatOf = (text) => fieldsOf(text)?.map((part) => part.text).join("") ?? "";

function ofJson(text) {
  let value;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  const pairs = [];
  flatten(value, "", pairs, 0);
  return pairs.length ? drawn(pairs) : null;
}

function flatten(value, path, pairs, depth) {
  for (const [key, inner] of Object.entries(value)) {
    if (pairs.length >= MOST_FIELDS) return;
    const name = path ? `${path}.${key}` : key;
    if (inner !== null && typeof inner === "object" && !Array.isArray(inner) && depth < 6) flatten(inner, name, pairs, depth + 1);
    else pairs.push([name, typeof inner === "string" ? inner : JSON.stringify(inner)]);
  }
}

function ofLogfmt(text) {
  const pairs = [];
  PAIR.lastIndex = 0;
  while (PAIR.lastIndex < text.length) {
    const match = PAIR.exec(text);
    // Prose that begins with a pair is not logfmt.
    if (!match) return null;
    pairs.push([match[1], unquoted(match[2])]);
  }
  return pairs.length >= 2 ? drawn(pairs) : null;
}

function unquoted(value) {
  if (value[0] !== '"') return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

function drawn(pairs) {
  const head = MESSAGES.map((name) => pairs.find(([key]) => key === name)).find(Boolean);
  const parts = head ? [{ text: oneLine(head[1]), kind: "h" }] : [];
  for (const [key, value] of pairs) {
    if ((head && key === head[0]) || (head && SAID.has(key))) continue;
    if (parts.length) parts.push({ text: parts.length === 1 ? "  " : " ", kind: "" });
    parts.push({ text: `${key}=`, kind: "k" }, { text: oneLine(value), kind: "v" });
  }
  return parts;
}

const oneLine = (value) => value.replace(/[\r\n]+/g, " ⏎ ").replace(/[\x00-\x1f\x7f]/g, " ");
