// One line as an element: its time, whose it is, its level as a dot, its words. Text goes in as text nodes only, and colours
// of terminals as classes or as numbers.

import { goesOn, isOurs, levelOf, noteOf, rawOf, stampOf, textOf } from "./log_lines.js";
import { partsOf } from "./log_parts.js";
import { timeOf } from "./log_times.js";
import { make } from "./dom.js";
import { size } from "./sizes.js";
import { filled, gettext } from "./words.js";

const LEVELS = ["debug", "", "warning", "error"];
const KINDS = { h: "h", k: "k", v: "v" };

// `how`: {areFields, isUtc, finder, names: of the sources, none for one, whole: numbers of long lines that are drawn to their end}.
export function rowOf(line, number, source, how) {
  const row = isOurs(line) ? note(line) : words(line, number, source, how);
  row.dataset.n = number;
  return row;
}

function note(line) {
  const text = noteOf(line);
  if (line[0] === "n") return make("div", { class: "log-note" }, text);
  const load = make("button", { type: "button", class: "log-load", "data-log-load": stampOf(line) }, gettext("show them"));
  return make("div", { class: "log-note skipped" }, `${text} · `, load);
}

function words(line, number, source, how) {
  const raw = rawOf(line);
  const { parts, left } = partsOf(raw, how, how.whole.has(number));
  const body = make("span", { class: "words" });
  if (goesOn(line)) body.append(make("span", { class: "k", title: gettext("goes on with the line above") }, "↳ "));
  for (const part of parts) body.append(drawn(part));
  if (left) body.append(" … ", make("button", { type: "button", class: "log-load", "data-log-whole": number }, filled(gettext("show %(size)s more"), { size: size(left) })));
  const stamp = stampOf(line);
  const level = goesOn(line) ? "" : LEVELS[levelOf(textOf(line.length > 2000 ? line.slice(0, 2000) : line))];
  const row = make("div", { class: `log-line ${level}${line[0] === "e" ? " stderr" : ""}` }, make("time", { class: "t" }, timeOf(stamp, how.isUtc)));
  if (how.names.length) row.append(make("span", { class: `log-source source-${source % 8}`, title: how.names[source] }, how.names[source]));
  row.append(make("i", { class: "log-dot" }), body);
  return row;
}

function drawn({ text, kind, look, isMatch }) {
  if (!kind && !look && !isMatch) return text;
  const element = make(isMatch ? "mark" : "span", {}, text);
  if (KINDS[kind]) element.className = kind;
  if (look) {
    element.classList.add(...look.classes);
    if (look.color) element.style.color = look.color;
    if (look.background) element.style.backgroundColor = look.background;
  }
  return element;
}
