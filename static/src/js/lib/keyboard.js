// Keys for the whole console: / filters, j and k move, x selects, Enter opens (it is the focused link), m is the row's menu.

import { isTyping } from "./dom.js";
import { openDialog } from "./dialogs.js";
import { fetchNeighbour } from "./gaps.js";
import { hasSelection, toggleRow, unselectAll } from "./selection.js";

const links = () => [...document.querySelectorAll("#rows > tr[data-id] td.lead a")];
const currentRow = () => document.activeElement?.closest?.("#rows > tr[data-id]") ?? null;

async function move(step) {
  await closeGapBeside(currentRow(), step);
  const all = links();
  if (!all.length) return;
  const row = currentRow();
  const at = all.findIndex((link) => link.closest("tr") === row);
  const next = all[at < 0 ? (step > 0 ? 0 : all.length - 1) : Math.min(Math.max(at + step, 0), all.length - 1)];
  next.focus({ preventScroll: true, focusVisible: true });
  next.closest("tr").scrollIntoView({ block: "nearest" });
}

// What follows the last row before a gap is in it; a heading may stand between.
async function closeGapBeside(row, step) {
  const beside = step > 0 ? "nextElementSibling" : "previousElementSibling";
  for (let one = row; one && !one[beside]?.matches("[data-id]"); one = one[beside]) {
    if (one[beside] && "gap" in one[beside].dataset) await fetchNeighbour(one, step > 0 ? "after" : "before");
    if (one[beside] && "gap" in one[beside].dataset) return;
  }
}

const keys = {
  "/": () => document.getElementById("q")?.select(),
  j: () => move(1),
  k: () => move(-1),
  x: () => currentRow() && toggleRow(currentRow()),
  m: () => currentRow()?.querySelector("[data-menu]")?.click(),
  "?": () => openDialog(document.getElementById("keys")),
};

document.addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k" && !event.target.closest?.(".xterm")) {
    const palette = document.getElementById("palette");
    if (!palette) return;
    event.preventDefault();
    openDialog(palette);
    return;
  }
  if (event.key === "Escape" && event.target.id === "q") event.target.blur();
  if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target) || document.querySelector("dialog[open]")) return;
  if (event.key === "Escape" && hasSelection()) unselectAll();
  if (!Object.hasOwn(keys, event.key)) return;
  event.preventDefault();
  keys[event.key]();
});

// Skipping leaves no mark in the address: a browser would go there again, instead of to the field that a form's answer
// is about, whenever this page is sent or loaded.
document.querySelector(".skip")?.addEventListener("click", (event) => {
  const main = document.querySelector(event.currentTarget.hash);
  if (!main) return;
  event.preventDefault();
  main.focus();
  main.scrollIntoView();
});
