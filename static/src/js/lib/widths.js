// Columns of a list are made wider or narrower: dragged by their right edge, or by Shift and the arrows on their head. A double
// click gives a column its own width again. Kept for this person; the columns' dialog has a field for each.

import { announce } from "./announce.js";
import { csrf, make } from "./dom.js";
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
const colOf = (head) => head.closest("table").querySelectorAll("col")[head.cellIndex];

// Where columns are narrower, what is shared by those without a width of their own (list.css).
const narrow = matchMedia("(max-width: 1020px)");
const isShared = (col) => !col.style.width && !col.hasAttribute("width") && col.matches(narrow.matches ? ".col-auto, .col-l, .col-xl" : ".col-auto");

function setWidth(head, width) {
  colOf(head).style.width = `${width}px`;
  fit(head.closest("table"));
}

// The others keep what they need: the table is scrolled to where there is no room for all. What is left over goes to columns
// without a width of their own, or to the last.
function fit(table) {
  const cols = [...table.querySelectorAll("col")].filter((col) => getComputedStyle(col).display !== "none");
  const acts = cols.find((col) => col.classList.contains("col-acts"));
  const others = cols.filter((col) => col !== acts);
  acts?.classList.toggle("is-rest", !others.some(isShared));
  const needed = others.reduce((sum, col) => sum + (isShared(col) ? LEAST : parseFloat(getComputedStyle(col).width)), acts ? LEAST_ACTS : 0);
  const scroller = table.parentElement;
  const isWide = needed > scroller.clientWidth;
  table.style.width = isWide ? `${needed}px` : "100%";
  scroller.classList.toggle("is-wide", isWide);
  // What scrolls is scrolled by keys, too.
  if (isWide) scroller.tabIndex = 0;
}

async function keep(head, width) {
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
  // A line shows where the edge would be; a thousand rows are laid out once, where it is left.
  const line = make("div", { class: "grip-line" });
  let width = began.width;
  grip.setPointerCapture(event.pointerId);
  grip.classList.add("is-dragged");
  document.body.append(line);
  move(event);

  function move({ clientX }) {
    width = within(began.width + clientX - began.x);
    line.style.translate = `${head.getBoundingClientRect().left + width}px`;
  }

  function end() {
    grip.removeEventListener("pointermove", move);
    grip.classList.remove("is-dragged");
    line.remove();
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
