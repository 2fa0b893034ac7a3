// The phone's "More": the sidebar as a drawer over the page. What it covers is inert while it is open: nothing of it can be
// pressed by mistake, come to by keyboard or read aloud. The tab bar, with the button that closes it, lies above it.

const isPhone = matchMedia("(max-width: 760px)");
const sidebar = () => document.getElementById("sidebar");
const button = () => document.querySelector("[data-sidebar]");
const isOpen = () => Boolean(sidebar()?.classList.contains("is-open"));

function set(open) {
  sidebar().classList.toggle("is-open", open);
  button().setAttribute("aria-expanded", String(open));
  for (const covered of document.querySelectorAll(".skip, .shell > :not(.sidebar)")) covered.inert = open;
}

function open() {
  set(true);
  sidebar().querySelector("nav [aria-current], nav a")?.focus({ preventScroll: true });
}

function close({ refocus = false } = {}) {
  if (!isOpen()) return;
  const hadFocus = sidebar().contains(document.activeElement);
  set(false);
  if (refocus || hadFocus) button().focus({ preventScroll: true });
}

document.addEventListener("click", ({ target }) => {
  if (target.closest?.("[data-sidebar]")) return isOpen() ? close({ refocus: true }) : open();
  // The menu of hosts and what asks a question open from it, and over it.
  if (isOpen() && !sidebar().contains(target) && !target.closest?.(".menu, dialog")) close();
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || !isOpen() || document.querySelector("dialog[open]")) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  close({ refocus: true });
}, true);

// A page that the browser keeps for "back" is kept without it, and on a wide screen the sidebar covers nothing.
addEventListener("pagehide", () => close());
isPhone.addEventListener("change", () => close());
