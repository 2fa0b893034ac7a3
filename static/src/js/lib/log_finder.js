// What a search looks for: words (whatever their case) or a regular expression. null where nothing is asked; throws for a
// pattern that is none.

import { flatOf } from "./log_fields.js";
import { textOf } from "./log_lines.js";

// A pattern that somebody wrote may be slow: it is not let loose on megabytes.
const LONGEST_SEARCHED = 16_000;
const MOST_RANGES = 200;

export function finderOf(query, isRegex) {
  if (!query) return null;
  const pattern = new RegExp(isRegex ? query : query.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"), "gi");
  const lower = query.toLowerCase();
  const has = isRegex
    ? (text) => {
        pattern.lastIndex = 0;
        return pattern.test(text.length > LONGEST_SEARCHED ? text.slice(0, LONGEST_SEARCHED) : text);
      }
    : (text) => text.toLowerCase().includes(lower);
  // What is drawn of JSON reads "key=value", which the line itself does not hold.
  const isPair = query.includes("=");
  return {
    matches(line) {
      const text = textOf(line);
      return has(text) || (isPair && text[0] === "{" && has(flatOf(text)));
    },
    ranges(text) {
      const found = [];
      pattern.lastIndex = 0;
      for (let match = pattern.exec(text); match && found.length < MOST_RANGES; match = pattern.exec(text)) {
        if (match[0]) found.push([match.index, match.index + match[0].length]);
        else pattern.lastIndex += 1;
      }
      return found;
    },
  };
}
