// The focus outlives what it was on: a live change may take away the very button or row of a list that somebody is at,
// and the browser would begin at the top of the page again. The row's name has it then, or the row that took its place.

const rows = () => [...document.querySelectorAll("#rows > tr[data-id]")];
const rowOf = (element) => element?.closest?.("#rows > tr[data-id]");
export const isFocusLost = () => document.activeElement === null || document.activeElement === document.body;

// Where somebody was last: {element, id, place}; place is that of the row in the list.
let last = null;

// The row that the keyboard is on.
function mark() {
  const link = document.activeElement?.closest("#rows > tr > td.lead > a:focus-visible");
  const row = link?.closest("tr");
  for (const one of document.querySelectorAll("#rows > tr[data-at]")) if (one !== row) delete one.dataset.at;
  if (row) row.dataset.at = "";
}

document.addEventListener("focusout", mark);
document.addEventListener("focusin", ({ target }) => {
  mark();
  const row = rowOf(target);
  if (row) last = { element: target, id: row.id, place: rows().indexOf(row) };
  // Whoever is asked something, or is at the bar for what is selected, comes back to the row.
  else if (!target.closest?.(".menu, dialog, #bulk, #progress")) last = null;
});

// A click on nothing leaves the row for good.
document.addEventListener("pointerdown", ({ target }) => {
  if (last && !rowOf(target) && !target.closest?.(".menu, dialog, #bulk, #progress")) last = null;
});

export function focusRowAgain() {
  if (!last || !isFocusLost() || document.querySelector("dialog[open]")) return;
  const row = document.getElementById(last.id);
  const all = rows();
  const next = row ?? all[Math.min(last.place, all.length - 1)];
  const target = (row && last.element.matches("[data-menu]") && row.querySelector("[data-menu]")) || next?.querySelector("td.lead a") || next?.querySelector("td.pick input");
  target?.focus({ preventScroll: true, focusVisible: true });
}

document.addEventListener("htmx:after:swap", () => {
  if (last && !last.element.isConnected) focusRowAgain();
  mark();
});
// The bar for what is selected goes with the selection, a dialog with its answer.
document.addEventListener("close", () => setTimeout(focusRowAgain), true);
