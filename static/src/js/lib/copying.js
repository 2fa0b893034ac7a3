// Copy buttons: [data-copy] holds the text. Works on plain http too, where the clipboard API is not there.

import { showToast } from "./toasts.js";
import { gettext } from "./words.js";

// Resolves to whether it was copied; where not, that is said.
export async function copyText(text) {
  const isCopied = (await written(text)) || selected(text);
  if (!isCopied) showToast(gettext("The browser did not let this page copy. Mark the text and copy it by hand."));
  return isCopied;
}

async function written(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}

// Copies as a person does. What is outside an open dialog cannot be selected; who had the focus has it again.
function selected(text) {
  const focused = document.activeElement;
  const box = document.createElement("textarea");
  box.value = text;
  box.className = "visually-hidden";
  (focused?.closest("dialog") ?? document.body).append(box);
  box.select();
  const isCopied = document.execCommand("copy");
  box.remove();
  focused?.focus({ preventScroll: true });
  return isCopied;
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest?.("[data-copy]");
  if (!button) return;
  if (!(await copyText(button.dataset.copy))) return;
  const use = button.querySelector("use");
  const was = use?.getAttribute("href");
  use?.setAttribute("href", `${was.split("#")[0]}#check`);
  setTimeout(() => use?.setAttribute("href", was), 1200);
});
