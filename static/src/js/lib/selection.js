// Which rows are selected. The ids are kept here, not in the check boxes: rows come and go under a selection.

import { afterSwaps } from "./dom.js";
import { gapsOf, keepLoaded, rowsBetween } from "./gaps.js";
import { showToast } from "./toasts.js";
import { filled, gettext } from "./words.js";

// By the id that a row is acted on by, that of its element.
const chosen = new Map();
let last = null;
// All that the filter shows is meant, also rows that were not scrolled to.
let isAll = false;

const rows = () => [...document.querySelectorAll("#rows > tr[data-id]")];
const boxOf = (row) => row.querySelector("td.pick input");

const total = () => Number(document.querySelector("#list-count [data-total]")?.dataset.total ?? 0);

export const selectedIds = () => [...chosen.keys()];
export const isAllMatching = () => isAll;
export const hasSelection = () => isAll || chosen.size > 0;

export function unselectAll() {
  chosen.clear();
  isAll = false;
  draw();
}

export function toggleRow(row) {
  if (!boxOf(row)) return;
  set(row, !chosen.has(row.dataset.id));
  draw();
}

const set = (row, isOn) => setId(row.dataset.id, row.id, isOn);

function setId(id, element, isOn) {
  if (!isOn) isAll = false;
  if (isOn) chosen.set(id, element);
  else chosen.delete(id);
}

function draw() {
  const all = rows();
  for (const row of all) {
    const box = boxOf(row);
    if (!box) continue;
    const isOn = isAll || chosen.has(row.dataset.id);
    box.checked = isOn;
    if (isOn) row.setAttribute("aria-selected", "true");
    else row.removeAttribute("aria-selected");
  }
  const able = all.filter(boxOf);
  const bulk = document.getElementById("bulk");
  if (!bulk) return;
  bulk.hidden = !hasSelection();
  document.documentElement.classList.toggle("has-bulk", !bulk.hidden);
  bulk.querySelector("[data-selected-count]").textContent = isAll ? total() : chosen.size;
  const matching = bulk.querySelector("[data-select-matching]");
  if (matching) {
    // Where there is no head with a box for all of them, on a phone, this is the way to them.
    const hasBox = document.querySelector("[data-select-all]")?.checkVisibility();
    matching.hidden = isAll || (hasBox ? chosen.size < able.length || total() <= all.length : chosen.size >= total());
    matching.querySelector("[data-matching-count]").textContent = total();
  }
  const head = document.querySelector("[data-select-all]");
  if (head) {
    head.checked = isAll || (able.length > 0 && able.every((row) => chosen.has(row.dataset.id)));
    head.indeterminate = hasSelection() && !head.checked;
  }
}

// What is gone or filtered away can no longer be acted upon unseen. What is not in the page may be in a gap.
function forgetGone({ isSame = true } = {}) {
  const present = new Set(rows().map((row) => row.dataset.id));
  if (!isSame || !gapsOf().length) for (const id of chosen.keys()) if (!present.has(id)) chosen.delete(id);
  if (chosen.size || document.querySelector('#rows [aria-selected="true"]') || document.querySelector("#bulk:not([hidden])")) draw();
}

// From the row that was clicked last to this one, also what is not in the page.
async function setAllTo(row, isOn) {
  const first = last?.isConnected ? last : document.getElementById(last?.id);
  last = row;
  set(row, isOn);
  if (first && first !== row) {
    const isBelow = first.compareDocumentPosition(row) & Node.DOCUMENT_POSITION_FOLLOWING;
    set(first, isOn);
    try {
      for (const { id, element } of await rowsBetween(...(isBelow ? [first, row] : [row, first]))) setId(id, element, isOn);
    } catch (error) {
      showToast(filled(gettext("Not all between could be selected: %(error)s. Try again."), { error: error.message }));
    }
  }
  draw();
}

// A range goes on from the row that was clicked last.
keepLoaded(() => last);

document.addEventListener("click", (event) => {
  const box = event.target.closest?.("#rows td.pick input");
  if (box) {
    const row = box.closest("tr");
    if (event.shiftKey && last) {
      setAllTo(row, box.checked);
      return;
    }
    set(row, box.checked);
    last = row;
    draw();
  } else if (event.target.closest?.("[data-unselect]")) {
    unselectAll();
  } else if (event.target.closest?.("[data-select-matching]")) {
    isAll = true;
    draw();
  }
});

document.addEventListener("change", (event) => {
  if (!event.target.matches?.("[data-select-all]")) return;
  const all = rows();
  for (const row of all) if (boxOf(row)) set(row, event.target.checked);
  // Where all groups are folded there is nothing to see of what is meant, and nothing else to mean.
  isAll = event.target.checked && !all.length && total() > 0;
  draw();
});

afterSwaps(() => forgetGone());
document.addEventListener("row:gone", ({ detail }) => {
  for (const [id, element] of chosen) if (element === detail.id) chosen.delete(id);
});
// Another filter means other rows.
document.addEventListener("list:shown", ({ detail }) => {
  if (!detail.isSame) isAll = false;
  forgetGone(detail);
  draw();
});
