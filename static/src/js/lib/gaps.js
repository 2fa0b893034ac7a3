// A long list is in the page in parts. What is not there is a gap: one row, as high as those that it stands for, so that the
// scroll bar tells how long the list is and leads anywhere in it. Parts come as they are scrolled to; what is far away from
// what is read becomes a gap again, so that a page does not grow with all that was ever scrolled past.

import htmx from "./htmx.js";
import { ask } from "./asking.js";
import { afterSwaps, make } from "./dom.js";
import { filled, gettext } from "./words.js";

// As many as the server sends at once (webui.resources.query).
const PART = 100;
const AHEAD_PX = 800;
// Whoever drags the thumb passes many parts, and means the one where it rests.
const RESTS_MS = 80;
const FAST_PX_PER_MS = 10;
const AGAIN_MS = 5_000;
// So many rows at most are in the page; then as many stay as are nearest to the window.
const MOST_ROWS = 600;
const KEPT_ROWS = 400;
const WINDOW_PARAMS = ["after", "before"];

// A list that is too wide scrolls by itself, else the page does.
const wide = () => document.querySelector(".list-scroll.is-wide");
const scroller = () => wide() ?? document.scrollingElement;
const view = () => wide()?.getBoundingClientRect() ?? { top: 0, bottom: innerHeight };

export const isGap = (row) => "gap" in row.dataset;
export const sizeOf = (row) => (isGap(row) ? Number(row.dataset.gap) : 1);
export const gapsOf = () => [...document.querySelectorAll("#rows > tr[data-gap]")];

let rowPx = 0;
let scrolled = { at: 0, y: 0, isFast: false };
let resting;
let asking = null;
// What came live while a part was under way, for rows that were not there: the part may be older.
let missed = [];

// How many rows of the whole list are above this one, or below it.
const placeOf = (row) => countFrom(row.previousElementSibling, "previousElementSibling");
const countBelow = (row) => countFrom(row.nextElementSibling, "nextElementSibling");

function countFrom(row, step) {
  let count = 0;
  for (let one = row; one; one = one[step]) count += sizeOf(one);
  return count;
}

function measure() {
  const rows = [...document.querySelectorAll("#rows > tr:not([data-gap])")];
  const height = rows.reduce((sum, row) => sum + row.offsetHeight, 0);
  if (height) rowPx = height / rows.length;
}

// Called before anything is laid out anew: a page that is shorter for a moment is scrolled elsewhere.
export function draw() {
  for (const gap of gapsOf()) {
    if (!gap.querySelector(".gap-words")) say(gap, gettext("Loading…"));
    if (!rowPx) measure();
    gap.style.height = `${Math.round(Number(gap.dataset.px ?? 0) || sizeOf(gap) * rowPx)}px`;
  }
}

export const makeGap = (size) => make("tr", { class: "more", "data-gap": size }, make("td"));
export const isAsking = () => asking !== null;
export const yOf = () => scroller().scrollTop;

// Only where it is not there already: whatever still scrolls by itself, as after a wheel's turn, would end here.
export function scrollToY(y) {
  if (yOf() !== y) scroller().scrollTop = y;
}

function say(gap, ...words) {
  gap.firstElementChild.replaceChildren(make("span", { class: "gap-words" }, ...words));
}

// What of the list is to come next: what joins on to rows that are there, or else a part of its own, where the window is.
function wanted() {
  const seen = view();
  for (const gap of gapsOf()) {
    const { top, bottom, height } = gap.getBoundingClientRect();
    if (!height || bottom < seen.top - AHEAD_PX || top > seen.bottom + AHEAD_PX) continue;
    const px = height / Math.max(sizeOf(gap), 1);
    const first = Math.max(0, seen.top - AHEAD_PX - top) / px;
    const left = Math.max(0, bottom - seen.bottom - AHEAD_PX) / px;
    if (gap.previousElementSibling && first < PART / 2) return { gap, beside: "after" };
    if (gap.nextElementSibling && left < PART / 2) return { gap, beside: "before" };
    const above = Math.round(Math.max(0, seen.top - top) / px) - PART / 4;
    return { gap, at: Math.max(0, Math.min(above, sizeOf(gap) - PART)) };
  }
  return null;
}

export function look() {
  clearTimeout(resting);
  const next = asking ? null : wanted();
  if (!next || performance.now() - Number(next.gap.dataset.failed ?? -AGAIN_MS) < AGAIN_MS) return;
  const rested = performance.now() - scrolled.at;
  if (rested < RESTS_MS && (scrolled.isFast || !next.beside)) resting = setTimeout(look, RESTS_MS - rested);
  else if (next.beside) fetchBeside(next.gap, next.beside);
  else fetchInto(next.gap, { after: `${placeOf(next.gap) + next.at}:` }, "");
}

// Brings the part that follows the row above a gap ("after"), or stands before the row below it ("before").
function fetchBeside(gap, beside) {
  const isAfter = beside === "after";
  const place = placeOf(gap) + (isAfter ? 0 : sizeOf(gap));
  const row = isAfter ? gap.previousElementSibling : gap.nextElementSibling;
  // Where its neighbour led to nothing new, the place does.
  const key = "lost" in gap.dataset ? "" : (row?.id ?? "");
  return fetchInto(gap, { [beside]: `${place}:${key}` }, beside);
}

function fetchInto(gap, where, beside) {
  missed = [];
  asking = partOf(where)
    .then((text) => gap.isConnected && put(gap, text, beside))
    .catch((error) => tellTrouble(gap, error))
    .finally(() => {
      asking = null;
      unload();
      look();
    });
  return asking;
}

async function partOf(where, of = location.href) {
  const url = new URL(of);
  for (const name of WINDOW_PARAMS) url.searchParams.delete(name);
  for (const [name, value] of Object.entries(where)) url.searchParams.set(name, value);
  return (await ask(url)).text();
}

const idIn = (row) => /^<tr [^>]*?\bid="([\w-]+)"/.exec(row)?.[1];

// A part as the server sent it: its rows, and how many there are above and below.
function read(text) {
  const part = { rows: [], above: 0, below: 0 };
  for (const row of text.match(/<tr [\s\S]*?<\/tr>/g) ?? []) {
    const [, size, isBelow] = /^<tr class="more" data-gap="(\d+)"( data-below)?/.exec(row) ?? [];
    if (!size) part.rows.push(row);
    else part[isBelow ? "below" : "above"] = Number(size);
  }
  return part;
}

// Puts a part in place of a gap, or between what is left of it. Rows that are there already stay where they are.
async function put(gap, text, beside) {
  const { rows, above, below } = read(text);
  const placeIn = (row) => (row ? rows.findIndex((one) => idIn(one) === row.id) : -1);
  const [upper, lower] = [placeIn(gap.previousElementSibling), placeIn(gap.nextElementSibling)];
  const [over, under] = [above - placeOf(gap), below - countBelow(gap)];
  const hasUpper = beside !== "after" && upper < 0 && over > 0;
  const hasLower = beside !== "before" && lower < 0 && under > 0;
  const fresh = rows.slice(upper + 1, lower < 0 ? rows.length : lower).filter((row) => !document.getElementById(idIn(row)));
  const lost = fresh.length ? "" : " data-lost";
  const left = (size) => `<tr class="more" data-gap="${size}"${lost}><td></td></tr>`;
  const parts = [hasUpper ? left(over) : "", ...fresh, hasLower ? left(under) : ""].join("");
  const { scrollTop, clientHeight, scrollHeight } = scroller();
  if (parts) await htmx.swap({ sourceElement: document.body, target: gap, swap: "outerHTML", text: parts });
  else gap.remove();
  await catchUp();
  // Who had come to the end, and has not gone elsewhere meanwhile, stays there.
  const wasAtEnd = scrollTop + clientHeight >= scrollHeight - 1;
  if (wasAtEnd && Math.abs(yOf() - scrollTop) < clientHeight) scrollToY(scroller().scrollHeight);
}

function tellTrouble(gap, error) {
  gap.dataset.failed = performance.now();
  const again = make("button", { type: "button", class: "btn" }, gettext("Try again"));
  again.addEventListener("click", () => {
    delete gap.dataset.failed;
    say(gap, gettext("Loading…"));
    look();
  });
  say(gap, filled(gettext("More could not be fetched: %(error)s."), { error: error.message }), " ", again);
}

// Live messages, {"target", "swap", "content"}: of rows in a gap they only make it larger or smaller.
document.addEventListener("htmx:ws:before:message:incoming", (event) => {
  const { data } = event.detail.message;
  const [, id, swap] = /^\{"target":"#([a-z]+-[\w-]+)","swap":"(delete|outerMorph|afterend)"/.exec(data) ?? [];
  if (swap === "delete") document.dispatchEvent(new CustomEvent("row:gone", { detail: { id } }));
  const isThere = id && document.getElementById(id) !== null;
  if (!id || (isThere && !(asking && swap === "delete"))) return;
  if (asking) missed.push(JSON.parse(data));
  if (isThere) return;
  event.preventDefault();
  if (!asking) resize(swap);
});

function resize(swap) {
  const step = { delete: -1, afterend: 1 }[swap];
  const [largest] = gapsOf().sort((one, other) => sizeOf(other) - sizeOf(one));
  if (!step || !largest) return;
  largest.dataset.gap = Math.max(0, sizeOf(largest) + step);
  if (largest.dataset.px) largest.dataset.px = Math.max(0, Number(largest.dataset.px) + step * rowPx);
  draw();
}

async function catchUp() {
  const messages = missed;
  missed = [];
  for (const { target, swap, content } of messages) {
    const row = document.querySelector(target);
    if (!row) resize(swap);
    else if (swap === "delete") row.remove();
    else if (swap !== "afterend" || !document.getElementById(idIn(content))) await htmx.swap({ sourceElement: document.body, target, swap, text: content });
  }
}

// Brings the row that follows this one ("after") or stands before it, where a gap is in between.
export async function fetchNeighbour(row, beside) {
  const step = beside === "after" ? "nextElementSibling" : "previousElementSibling";
  const hasGap = () => row[step] && isGap(row[step]) && !("failed" in row[step].dataset);
  while (hasGap()) await (asking ?? fetchBeside(row[step], beside));
}

// The rows between two of the list, of which the first stands above the other, as {id, element}: the id that a row is acted on
// by and that of its element. What is in gaps is only asked for: a range may be as long as the list.
export async function rowsBetween(first, last) {
  const found = [];
  for (let row = first.nextElementSibling; row && row !== last; row = row.nextElementSibling) {
    if (isGap(row)) found.push(...(await rowsIn(row)));
    else if (row.dataset.id) found.push({ id: row.dataset.id, element: row.id });
  }
  return found;
}

async function rowsIn(gap) {
  const rows = [];
  let place = placeOf(gap);
  let key = gap.previousElementSibling?.id ?? "";
  for (let left = sizeOf(gap); left > 0; ) {
    const part = read(await partOf({ after: `${place}:${key}` })).rows.slice(0, left);
    if (!part.length) break;
    rows.push(...part);
    left -= part.length;
    place += part.length;
    key = idIn(part.at(-1)) ?? "";
  }
  return rows.map((row) => ({ id: /^<tr [^>]*?\bdata-id="([^"]+)"/.exec(row)?.[1], element: idIn(row) })).filter(({ id }) => id);
}

// What somebody is at stays, however far away it is.
const keepers = [];
export const keepLoaded = (which) => keepers.push(which);
const isInUse = (row) => row.matches(":focus-within, [aria-busy]") || row.querySelector('[aria-expanded="true"][data-menu]') !== null;

// Makes gaps of rows that are far away from the window.
function unload() {
  const body = document.getElementById("rows");
  if (asking || !body || body.childElementCount <= MOST_ROWS) return;
  const rows = [...body.querySelectorAll(":scope > tr:not([data-gap])")];
  if (rows.length <= MOST_ROWS) return;
  const seen = view();
  const middle = rows.findIndex((row) => row.getBoundingClientRect().bottom > seen.top);
  const kept = new Set(keepers.map((which) => which()));
  const first = Math.max(0, Math.min(middle - KEPT_ROWS / 2, rows.length - KEPT_ROWS));
  const far = rows.filter((row, place) => (place < first || place >= first + KEPT_ROWS) && !kept.has(row) && !isInUse(row) && !isSelected(row));
  // Read before anything is changed, or the page would be laid out for each.
  const heights = new Map(far.map((row) => [row, row.offsetHeight]));
  const y = yOf();
  for (const row of far) giveWay(row, heights.get(row));
  for (const gap of gapsOf()) if (gap.nextElementSibling && isGap(gap.nextElementSibling)) join(gap, gap.nextElementSibling);
  draw();
  scrollToY(y);
}

const isSelected = (row) => !getSelection().isCollapsed && getSelection().containsNode(row, true);
const pxOf = (gap) => Number(gap.dataset.px ?? 0) || sizeOf(gap) * rowPx;

// A gap is as high as the rows were that it stands for now.
function giveWay(row, px) {
  const above = row.previousElementSibling;
  if (above && isGap(above)) {
    Object.assign(above.dataset, { px: pxOf(above) + px, gap: sizeOf(above) + 1 });
    row.remove();
  } else {
    const gap = makeGap(1);
    gap.dataset.px = px;
    row.replaceWith(gap);
  }
}

function join(upper, lower) {
  Object.assign(lower.dataset, { px: pxOf(upper) + pxOf(lower), gap: sizeOf(upper) + sizeOf(lower) });
  upper.remove();
}

// What a reader of a list sees first, so that the list can be drawn anew around it: resolves to a function that comes back to
// it, once the new list, that of `url`, is there. Until then nothing becomes shorter: a browser would scroll elsewhere.
export async function keepPlace(url) {
  const before = scroller();
  const { scrollTop, scrollLeft } = before;
  const row = [...document.querySelectorAll("#rows > tr:not([data-gap])")].find((one) => one.getBoundingClientRect().bottom > view().top);
  const top = row?.getBoundingClientRect().top;
  const place = row ? placeOf(row) - PART / 4 : 0;
  hold();
  const text = place > PART / 2 ? await partOf({ after: `${place}:` }, url).catch(() => "") : "";
  return async () => {
    const gap = gapsOf().at(-1);
    if (text && gap) await put(gap, text, "");
    draw();
    letGo();
    const again = row && document.getElementById(row.id);
    const now = scroller();
    now.scrollLeft = scrollLeft;
    // Who has scrolled on meanwhile is not brought back.
    const scrolledOn = now === before ? now.scrollTop - scrollTop : 0;
    if (again) now.scrollTop += again.getBoundingClientRect().top - top + scrolledOn;
  };
}

// A rule, not a style of the elements: a swap would write that into what comes in their place, which the content policy refuses.
const held = new CSSStyleSheet();
document.adoptedStyleSheets.push(held);

function hold() {
  held.replaceSync(`#rows { min-height: ${document.getElementById("rows")?.offsetHeight ?? 0}px; }`);
}

export function letGo() {
  held.replaceSync("");
}

// After a break the list comes anew from its beginning; whoever read further down stays there.
document.addEventListener("htmx:ws:before:message:incoming", ({ detail }) => {
  if (!detail.message.data.startsWith?.('{"target":"#rows","swap":"innerMorph"')) return;
  const kept = keepPlace().then((comeBack) => document.addEventListener("htmx:ws:after:message:incoming", comeBack, { once: true }));
  detail.waitUntil(kept.catch((error) => console.warn(error)));
});

document.addEventListener("htmx:after:swap", draw);
// To look is to lay out.
afterSwaps(() => {
  unload();
  look();
});
document.addEventListener("list:shown", () => {
  measure();
  draw();
  look();
});
addEventListener("scroll", () => {
  const now = performance.now();
  const y = scroller().scrollTop;
  scrolled = { at: now, y, isFast: Math.abs(y - scrolled.y) > FAST_PX_PER_MS * Math.max(now - scrolled.at, 1) };
  look();
}, { passive: true, capture: true });
addEventListener("resize", () => {
  // Rows may be of another height now.
  for (const gap of gapsOf()) delete gap.dataset.px;
  measure();
  draw();
  look();
});
// The keys that scroll a page scroll the list, where that is what scrolls.
addEventListener("keydown", ({ key, target }) => {
  if (target === document.body && ["Home", "End", "PageUp", "PageDown"].includes(key)) wide()?.focus({ preventScroll: true });
});
draw();
look();
