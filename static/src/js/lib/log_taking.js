// Taking lines away from the page: copied, or saved as text or as JSON.

import { make } from "./dom.js";
import { plainOf } from "./log_ansi.js";
import { goesOn, isOurs, rawOf, stampOf } from "./log_lines.js";

// The lines from `low` to `high` (numbers), as they are shown now. What goes on with the line above it is a part of that.
export function* shownLines(buffer, [low, high] = [0, Infinity]) {
  let last = null;
  for (let place = Math.max(0, buffer.placeOf(low)); place < buffer.count; place += 1) {
    const number = buffer.numberAt(place);
    if (number > high) break;
    const line = buffer.line(number);
    const source = buffer.sourceOf(number);
    if (last && goesOn(line) && number === last.number + 1 && source === last.source && streamOf(line) === last.stream) {
      last.raw += rawOf(line);
      last.number = number;
      continue;
    }
    if (last) yield last;
    last = isOurs(line) ? null : { number, source, stream: streamOf(line), stamp: stampOf(line), raw: rawOf(line) };
  }
  if (last) yield last;
}

const streamOf = (line) => (line[0].toLowerCase() === "e" ? "stderr" : "stdout");

export function asText(lines, names) {
  const texts = [];
  for (const { stamp, source, raw } of lines) texts.push(`${stamp} ${names.length ? `${names[source]} ` : ""}${plainOf(raw)}`.trimStart());
  return texts;
}

// One object a line: time, stream, container where there are several, and the line as it was written.
export function asJson(lines, names) {
  const texts = [];
  for (const { stamp, stream, source, raw } of lines) texts.push(JSON.stringify({ time: stamp, stream, ...(names.length ? { container: names[source] } : {}), line: raw }));
  return texts;
}

export function save(texts, name, type) {
  const url = URL.createObjectURL(new Blob([`${texts.join("\n")}\n`], { type }));
  make("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
