// Taking lines away from the page: copied, or saved as text or as JSON.

import { isOurs, rawOf, stampOf, textOf } from "./log_lines.js";
import { make } from "./dom.js";

// The lines from `low` to `high` (numbers), as they are shown now.
export function* shownLines(buffer, [low, high] = [0, Infinity]) {
  for (let place = Math.max(0, buffer.placeOf(low)); place < buffer.count; place += 1) {
    const number = buffer.numberAt(place);
    if (number > high) return;
    if (!isOurs(buffer.line(number))) yield { line: buffer.line(number), source: buffer.sourceOf(number) };
  }
}

export function asText(lines, names) {
  const texts = [];
  for (const { line, source } of lines) texts.push(`${stampOf(line)} ${names.length ? `${names[source]} ` : ""}${textOf(line)}`.trimStart());
  return texts;
}

// One object a line: time, stream, container where there are several, and the line as it was written.
export function asJson(lines, names) {
  const texts = [];
  for (const { line, source } of lines) {
    const stream = line[0].toLowerCase() === "e" ? "stderr" : "stdout";
    texts.push(JSON.stringify({ time: stampOf(line), stream, ...(names.length ? { container: names[source] } : {}), line: rawOf(line) }));
  }
  return texts;
}

export function save(texts, name, type) {
  const url = URL.createObjectURL(new Blob([`${texts.join("\n")}\n`], { type }));
  make("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
