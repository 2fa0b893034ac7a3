// A list that is sorted by CPU or memory keeps in order while its figures move. It asks where its rows are to stand now, a few
// times a minute, and moves them, but only while nobody is at any of them: nothing moves under a pointer.

import { connectionOf } from "./connection.js";
import { draw, gapsOf, isAsking, isGap, look, makeGap, scrollToY, sizeOf, yOf } from "./gaps.js";
import { refreshList } from "./lists.js";
import { hasSelection } from "./selection.js";

const PAUSE_MS = 6000;
// Where nothing hovers, whoever touched the list a moment ago is at it.
const TOUCHED_MS = 5000;
const SCROLLED_MS = 1000;
const ORDER = '{"target":"#rows","swap":"order"';

let askedAt = -PAUSE_MS;
let touchedAt = -TOUCHED_MS;
let scrolledAt = -SCROLLED_MS;
// "all" after an answer that could not be followed: the server takes it that it was.
let wanted = "moved";

const isSorted = () => /[?&]sort=-?(cpu|memory)\b/.test(location.search);

function isHeld() {
  const rows = document.getElementById("rows");
  const now = performance.now();
  return (
    !rows || document.hidden || isAsking() || hasSelection() || rows.matches(":hover") || rows.contains(document.activeElement) ||
    now - touchedAt < TOUCHED_MS || now - scrolledAt < SCROLLED_MS ||
    document.querySelector("body > .menu, dialog[open], .grip.is-dragged, #list[aria-busy]") !== null ||
    (!getSelection().isCollapsed && rows.contains(getSelection().anchorNode))
  );
}

document.addEventListener("figures:came", () => {
  if (!isSorted() || performance.now() - askedAt < PAUSE_MS || isHeld()) return;
  const socket = connectionOf(document.querySelector("#list [data-live]"))?.socket;
  if (socket?.readyState !== WebSocket.OPEN) return;
  askedAt = performance.now();
  socket.send(JSON.stringify({ order: wanted }));
});

document.addEventListener("htmx:ws:before:message:incoming", (event) => {
  const { data } = event.detail.message;
  if (!data.startsWith?.(ORDER)) return;
  event.preventDefault();
  const isWhole = wanted === "all";
  const isDone = !isHeld() && move(JSON.parse(data).content);
  // Whole, and yet not of these rows: the page has missed something.
  if (isWhole && !isDone && !isHeld()) refreshList();
  wanted = isDone ? "moved" : "all";
});

// Another list, or the same drawn anew by the order of now.
document.addEventListener("list:shown", () => {
  wanted = "all";
  askedAt = performance.now();
});

// `content`: "place:id,id,… place:id,…", each place where something else is to stand, counted over the whole list.
function move(content) {
  const rows = document.getElementById("rows");
  const there = [...rows.children].filter((row) => !isGap(row));
  const places = [...rows.children].flatMap((row) => (isGap(row) ? Array(sizeOf(row)).fill(null) : [row]));
  for (const run of content.split(" ")) {
    const [first, ids] = run.split(":");
    for (const [step, id] of ids.split(",").entries()) {
      if (Number(first) + step >= places.length) return false;
      places[Number(first) + step] = document.getElementById(id);
    }
  }
  const placed = places.filter(Boolean);
  if (placed.length !== there.length || new Set(placed).size !== there.length) return false;
  put(rows, places);
  return true;
}

function put(rows, places) {
  // A browser would go along with the row that it holds on to.
  const y = yOf();
  const gaps = gapsOf();
  let next = rows.firstElementChild;
  for (const row of withGaps(places, gaps)) {
    if (row === next) next = next.nextElementSibling;
    else rows.insertBefore(row, next);
  }
  for (const gap of gaps) gap.remove();
  draw();
  scrollToY(y);
  look();
}

// The rows, and between them gaps: those that are there already (which are taken from `gaps`), as long as there are any.
function* withGaps(places, gaps) {
  for (let at = 0; at < places.length; ) {
    if (places[at]) {
      yield places[at++];
      continue;
    }
    const end = places.findIndex((row, place) => place > at && row);
    const size = (end < 0 ? places.length : end) - at;
    const gap = gaps.shift() ?? makeGap(size);
    if (sizeOf(gap) !== size) delete gap.dataset.px;
    gap.dataset.gap = size;
    delete gap.dataset.lost;
    yield gap;
    at += size;
  }
}

for (const kind of ["pointerdown", "touchmove"]) {
  addEventListener(kind, ({ target }) => target.closest?.("#rows") && (touchedAt = performance.now()), { passive: true, capture: true });
}
addEventListener("scroll", () => (scrolledAt = performance.now()), { passive: true, capture: true });
