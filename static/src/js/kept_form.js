// The form of a search in kept logs: which part of time, in the reader's own zone. The address holds moments in UTC.

import "../css/logs.css";
import { whenPresent } from "./lib/dom.js";
import { inputOf, rememberedTimes, stampOfDate, stampOfInput } from "./lib/log_times.js";

const HOUR_MS = 3600e3;

whenPresent("[data-kept-form]", (form) => {
  const row = form.querySelector("[data-kept-moments]");
  const [from, to] = ["from", "to"].map((name) => form.querySelector(`[data-kept-${name}]`));
  const { last, since, until, zone } = form.elements;
  const isUtc = rememberedTimes() === "utc";
  const boxOf = (stamp) => (stamp ? inputOf(stamp, isUtc) : "");

  for (const field of [since, until, zone]) field.disabled = false;
  from.value = boxOf(since.value);
  to.value = boxOf(until.value);
  row.title = isUtc ? "UTC" : Intl.DateTimeFormat().resolvedOptions().timeZone;
  draw();

  function draw() {
    row.hidden = last.value !== "between";
  }

  last.addEventListener("change", () => {
    draw();
    if (row.hidden) return;
    from.value ||= boxOf(stampOfDate(new Date(Date.now() - HOUR_MS)));
    from.focus();
  });
  // What was given to the second stays as exact as it came.
  for (const [box, kept] of [[from, since], [to, until]]) box.addEventListener("input", () => (kept.value = box.value ? stampOfInput(box.value, isUtc, box === to) : ""));
  form.addEventListener("submit", () => {
    const isBetween = last.value === "between";
    if (isBetween && !since.value && from.value) since.value = stampOfInput(from.value, isUtc);
    zone.value = last.value === "today" ? String(isUtc ? 0 : -new Date().getTimezoneOffset()) : "";
    // What says nothing is no part of the address.
    for (const field of [since, until]) field.disabled = !isBetween || !field.value;
    zone.disabled = !zone.value;
  });
});
