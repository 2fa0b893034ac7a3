// Which rows are selected. The ids are kept here, not in the check boxes: rows come and go under a selection.

const chosen = new Set();
let last = null;
// All that the filter shows is meant, also rows that were not scrolled to.
let isAll = false;

const rows = () => [...document.querySelectorAll("#rows > tr[data-id]")];
const boxOf = (row) => row.querySelector("td.pick input");

const total = () => Number(document.querySelector("#list-count [data-total]")?.dataset.total ?? 0);

export const selectedIds = () => [...chosen];
export const isAllMatching = () => isAll;

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

function set(row, isOn) {
  if (!isOn) isAll = false;
  if (isOn) chosen.add(row.dataset.id);
  else chosen.delete(row.dataset.id);
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
  const bulk = document.getElementById("bulk");
  if (!bulk) return;
  bulk.hidden = chosen.size === 0;
  document.documentElement.classList.toggle("has-bulk", !bulk.hidden);
  bulk.querySelector("[data-selected-count]").textContent = isAll ? total() : chosen.size;
  const matching = bulk.querySelector("[data-select-matching]");
  if (matching) {
    matching.hidden = isAll || chosen.size < all.length || total() <= all.length;
    matching.querySelector("[data-matching-count]").textContent = total();
  }
  const head = document.querySelector("[data-select-all]");
  if (head) {
    head.checked = isAll || (all.length > 0 && all.every((row) => chosen.has(row.dataset.id)));
    head.indeterminate = chosen.size > 0 && !head.checked;
  }
}

// What is gone or filtered away can no longer be acted upon unseen.
function forgetGone() {
  const present = new Set(rows().map((row) => row.dataset.id));
  for (const id of chosen) if (!present.has(id)) chosen.delete(id);
  if (chosen.size || document.querySelector('#rows [aria-selected="true"]') || document.querySelector("#bulk:not([hidden])")) draw();
}

document.addEventListener("click", (event) => {
  const box = event.target.closest?.("#rows td.pick input");
  if (box) {
    const row = box.closest("tr");
    const all = rows();
    const [from, to] = [all.indexOf(last), all.indexOf(row)];
    if (event.shiftKey && from >= 0) for (const one of all.slice(Math.min(from, to), Math.max(from, to) + 1)) set(one, box.checked);
    else set(row, box.checked);
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
  for (const row of rows()) set(row, event.target.checked);
  draw();
});

document.addEventListener("htmx:after:swap", forgetGone);
// Another filter means other rows.
document.addEventListener("list:shown", () => {
  isAll = false;
  draw();
});
