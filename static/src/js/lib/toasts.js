// Toasts: good news goes by itself, bad news stays until it is closed; a pointer or the focus on one holds it.

import { icon, make } from "./dom.js";
import { gettext } from "./words.js";

const LIFE_MS = 6000;

function age(toast) {
  if (toast.dataset.aging || toast.dataset.toast === "bad" || toast.dataset.toast === "error") return;
  toast.dataset.aging = "1";
  let left = LIFE_MS;
  const timer = setInterval(() => {
    if (!document.hidden && !toast.matches(":hover, :focus-within")) left -= 250;
    if (left > 0 && toast.isConnected) return;
    clearInterval(timer);
    toast.remove();
  }, 250);
}

export function showToast(words, tone = "bad") {
  const close = make("button", { type: "button", class: "btn-icon", "data-close": true, "aria-label": gettext("Close") }, icon("x"));
  const toast = make("div", { class: "toast-note", "data-toast": tone }, make("span", { class: `dot ${tone}` }), make("div", {}, words), close);
  document.getElementById("toasts").append(toast);
}

document.addEventListener("click", (event) => event.target.closest?.("[data-close]")?.closest("[data-toast]")?.remove());

const box = document.getElementById("toasts");
if (box) {
  const look = () => box.querySelectorAll("[data-toast]").forEach(age);
  new MutationObserver(look).observe(box, { childList: true });
  look();
}
