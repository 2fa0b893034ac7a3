// A line in parts for drawing: [{text, kind, look, isMatch}]. Reads only what is drawn, however long the line is.

import { coloured } from "./log_ansi.js";
import { fieldsOf } from "./log_fields.js";

export const LONGEST_DRAWN = 4000;
const KEY = /(^|[\s{,([])([A-Za-z_][\w.-]{0,40}=)(?=\S)/g;

// `isWhole`: somebody wants to see all of it.
export function partsOf(raw, { areFields, finder }, isWhole = false) {
  const isLong = !isWhole && raw.length > LONGEST_DRAWN && !(areFields && raw.length < 20_000 && fieldsOf(raw));
  const whole = coloured(isLong ? raw.slice(0, LONGEST_DRAWN) : raw);
  const isPlain = whole.length <= 1 && !whole[0]?.look;
  const fields = areFields && isPlain ? fieldsOf(whole[0]?.text ?? "") : null;
  const parts = fields ?? (isPlain ? keyed(whole[0]?.text ?? "") : whole.map(({ text, look }) => ({ text, kind: "", look })));
  return { parts: finder ? marked(parts, finder) : parts, left: isLong ? raw.length - LONGEST_DRAWN : 0 };
}

function keyed(text) {
  const parts = [];
  let from = 0;
  for (const match of text.matchAll(KEY)) {
    const start = match.index + match[1].length;
    if (start > from) parts.push({ text: text.slice(from, start), kind: "" });
    parts.push({ text: match[2], kind: "k" });
    from = start + match[2].length;
  }
  if (from < text.length) parts.push({ text: text.slice(from), kind: "" });
  return parts;
}

// A match may begin in one part and end in another.
function marked(parts, finder) {
  const ranges = finder.ranges(parts.map((part) => part.text).join(""));
  if (!ranges.length) return parts;
  const cut = [];
  let offset = 0;
  for (const part of parts) {
    let from = 0;
    for (const [start, end] of ranges) {
      const [low, high] = [Math.max(start - offset, from), Math.min(end - offset, part.text.length)];
      if (high <= low) continue;
      if (low > from) cut.push({ ...part, text: part.text.slice(from, low) });
      cut.push({ ...part, text: part.text.slice(low, high), isMatch: true });
      from = high;
    }
    if (from < part.text.length) cut.push({ ...part, text: part.text.slice(from) });
    offset += part.text.length;
  }
  return cut;
}
