// Menus. The menu beside its button is a pattern: what opens is a copy at the end of the body, so that neither a live
// change of its row nor the overflow of a table touches it. A row's button says what its menu holds in `data-items`.

import { icon, make } from "./dom.js";
import { focusRowAgain } from "./row_focus.js";

let open = null;

export function closeMenu({ refocus = false } = {}) {
  if (!open) return;
  const { button, menu } = open;
  open = null;
  menu.remove();
  button.setAttribute("aria-expanded", "false");
  if (!refocus) return;
  if (button.isConnected) button.focus();
  else focusRowAgain();
}

const items = () => [...open.menu.querySelectorAll('[role="menuitem"]')];

function place(menu, button) {
  const at = button.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = menu;
  const below = at.bottom + 4 + height < innerHeight - 8;
  menu.style.top = `${Math.max(8, below ? at.bottom + 4 : at.top - 4 - height)}px`;
  const left = at.left + width < innerWidth - 8 && at.left < innerWidth / 2 ? at.left : at.right - width;
  menu.style.left = `${Math.min(Math.max(8, left), innerWidth - width - 8)}px`;
}

function madeOf(items) {
  const item = ({ act, href, words, icon: drawing, danger }) => {
    const own = href ? { href } : { type: "button", "data-act": act };
    const common = { class: danger ? "menu-item danger" : "menu-item", role: "menuitem", tabindex: "-1" };
    return make(href ? "a" : "button", { ...common, ...own }, icon(drawing), words);
  };
  return make("div", { class: "menu", role: "menu" }, ...items.map(item));
}

function openMenu(button, { focusFirst }) {
  const menu = button.dataset.items ? madeOf(JSON.parse(button.dataset.items)) : button.nextElementSibling.cloneNode(true);
  menu.dataset.id = button.closest("[data-id]")?.dataset.id ?? "";
  menu.dataset.actUrl = button.closest("[data-act-url]")?.dataset.actUrl ?? "";
  menu.style.position = "fixed";
  menu.hidden = false;
  document.body.append(menu);
  place(menu, button);
  button.setAttribute("aria-expanded", "true");
  open = { button, menu };
  if (focusFirst) items()[0]?.focus();
  else menu.querySelector('[role="menuitem"]')?.focus({ preventScroll: true });
}

document.addEventListener("click", (event) => {
  const button = event.target.closest?.("[data-menu]");
  const wasOpen = open?.button === button;
  if (open && !open.menu.contains(event.target)) closeMenu();
  if (button && !wasOpen) openMenu(button, { focusFirst: event.detail === 0 });
  // An item does its work first: other listeners still need the menu's data.
  else if (open?.menu.contains(event.target) && event.target.closest('[role="menuitem"]')) setTimeout(() => closeMenu({ refocus: true }));
});

const moves = {
  ArrowDown: (at, count) => (at + 1) % count,
  ArrowUp: (at, count) => (at - 1 + count) % count,
  Home: () => 0,
  End: (_at, count) => count - 1,
};

document.addEventListener("keydown", (event) => {
  if (!open) return;
  if (event.key === "Escape" || event.key === "Tab") {
    closeMenu({ refocus: true });
    if (event.key === "Escape") event.preventDefault();
    event.stopImmediatePropagation();
  } else if (moves[event.key]) {
    event.preventDefault();
    const all = items();
    all[moves[event.key](all.indexOf(document.activeElement), all.length)]?.focus();
  }
}, true);

addEventListener("scroll", () => closeMenu(), { capture: true, passive: true });
addEventListener("resize", () => closeMenu());
