// Columns of a list are made wider or narrower: dragged by their right edge, or by Shift and the arrows on their head. A double
// click gives a column its own width again. Kept for this person; the columns' dialog has a field for each.

import { announce } from "./announce.js";
import { csrf } from "./dom.js";
import { refreshList } from "./lists.js";
import { showToast } from "./toasts.js";
import { filled, gettext } from "./words.js";

const NARROWEST = 48;
const WIDEST = 900;
const STEP = 16;
// What a column needs at least that shares the rest with others (webui.containers.columns).
const LEAST = 150;
const LEAST_ACTS = 108;
const KEPT_AFTER_MS = 400;

const within = (width) => Math.round(Math.min(WIDEST, Math.max(NARROWEST, width)));

// The tracks of the rows (webui/pages/tracks.py), one for each column that is shown.
const SHARE = "minmax(0,1fr)";
const ACTS = `${LEAST_ACTS}px`;
const tracksOf = (table) => getComputedStyle(table).getPropertyValue("--columns").trim().split(" ");
const needs = (track) => (track === SHARE ? LEAST : Number(/\d+/.exec(track)[0]));

// The others keep what they need: the table is scrolled to where there is no room for all. What is left over goes to columns
// without a width of their own, or to the actions.
function setWidth(head, width) {
  const table = head.closest("table");
  const place = [...head.parentElement.cells].filter((cell) => cell.offsetWidth).indexOf(head);
  const tracks = tracksOf(table).with(place, `${width}px`);
  if (tracks.at(-1) === ACTS && !tracks.includes(SHARE)) tracks[tracks.length - 1] = `minmax(${ACTS},1fr)`;
  table.style.setProperty("--columns", tracks.join(" "));
  const needed = tracks.reduce((sum, track) => sum + needs(track), 0);
  const scroller = table.parentElement;
  const isWide = needed > scroller.clientWidth;
  table.style.width = isWide ? `${needed}px` : "100%";
  scroller.classList.toggle("is-wide", isWide);
  // What scrolls is scrolled by keys, too.
  if (isWide) scroller.tabIndex = 0;
}

// Columns that the address names, as a saved view does, are as wide as it says.
function keepInAddress(column, width) {
  const url = new URL(location.href);
  const named = url.searchParams.get("columns");
  if (!named) return false;
  const parts = named.split(".").map((one) => (one.split("-")[0] !== column ? one : width ? `${column}-${width}` : column));
  url.searchParams.set("columns", parts.join("."));
  history.replaceState(history.state, "", url);
  const hadFocus = document.activeElement?.closest(`th[data-column="${column}"]`) !== null;
  refreshList().then(() => hadFocus && document.querySelector(`th[data-column="${column}"] a`)?.focus({ preventScroll: true }));
  return true;
}

async function keep(head, width) {
  if (keepInAddress(head.dataset.column, width)) return;
  const everywhere = location.pathname.startsWith("/containers/") ? [["everywhere", "1"]] : [];
  const body = new URLSearchParams([[`width-${head.dataset.column}`, width], ...everywhere]);
  try {
    const response = await fetch(head.closest("table").dataset.layoutUrl, { method: "POST", body, headers: { "HX-Request": "true", "X-CSRFToken": csrf() } });
    if (!response.ok) throw new Error(`${response.status} ${response.statusText}`);
  } catch (error) {
    showToast(filled(gettext("The width was not kept: %(error)s."), { error: error.message }));
  }
}

document.addEventListener("pointerdown", (event) => {
  const grip = event.target.closest?.("[data-grip]");
  if (!grip || event.button !== 0) return;
  event.preventDefault();
  const head = grip.closest("th");
  const began = { x: event.clientX, width: head.offsetWidth };
  let width = began.width;
  let frame = 0;
  grip.setPointerCapture(event.pointerId);
  grip.classList.add("is-dragged");

  function move({ clientX }) {
    width = within(began.width + clientX - began.x);
    frame ||= requestAnimationFrame(() => {
      frame = 0;
      setWidth(head, width);
    });
  }

  function end() {
    cancelAnimationFrame(frame);
    grip.removeEventListener("pointermove", move);
    grip.classList.remove("is-dragged");
    if (width === began.width) return;
    setWidth(head, width);
    keep(head, width);
  }

  grip.addEventListener("pointermove", move);
  grip.addEventListener("lostpointercapture", end, { once: true });
});

document.addEventListener("dblclick", async (event) => {
  const head = event.target.closest?.("[data-grip]")?.closest("th");
  if (!head) return;
  await keep(head, 0);
  refreshList();
});

let keeping;
document.addEventListener("keydown", (event) => {
  const step = { ArrowLeft: -STEP, ArrowRight: STEP }[event.key];
  const head = event.target.closest?.("#rows-head th[data-column]");
  if (!step || !head || !event.shiftKey || event.ctrlKey || event.altKey || event.metaKey) return;
  event.preventDefault();
  const width = within(head.offsetWidth + step);
  setWidth(head, width);
  announce(filled(gettext("%(column)s, %(width)s pixels wide"), { column: head.textContent.trim(), width }));
  clearTimeout(keeping);
  keeping = setTimeout(() => keep(head, width), KEPT_AFTER_MS);
});

// The end of a drag is no click on the head, which would sort.
document.addEventListener("click", (event) => event.target.closest?.("[data-grip]") && event.stopPropagation(), true);

// Where a window is so narrow that columns leave, the tracks are others.
for (const px of [1240, 1020]) {
  matchMedia(`(max-width: ${px}px)`).addEventListener("change", () => {
    if (document.querySelector(".by-row")?.style.getPropertyValue("--columns")) refreshList();
  });
}
