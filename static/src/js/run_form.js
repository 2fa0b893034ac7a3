// The run form: its parts open when they are gone to, their heads say what is set, a file is read into a text.

import { whenPresent } from "./lib/dom.js";

function show(target) {
  if (!target?.matches(".section")) return;
  if (target.tagName === "DETAILS") target.open = true;
  (target.querySelector("summary") ?? target).focus({ preventScroll: true });
  target.scrollIntoView({ block: "start" });
}

// What the server has said of each part, beside the command that it has written.
function tellHeads(form) {
  for (const now of form.querySelectorAll("#command [data-now]")) {
    const { now: name, n } = now.dataset;
    const words = form.querySelector(`[data-words="${name}"]`);
    if (words) words.textContent = now.textContent;
    const count = form.querySelector(`[data-count="${name}"]`);
    if (!count) continue;
    count.textContent = n;
    count.hidden = n === "0" || name === "basics";
  }
}

whenPresent("[data-run-form]", (form) => {
  const onClick = (event) => {
    const link = event.target.closest(".sections a");
    if (!link) return;
    event.preventDefault();
    history.replaceState(null, "", link.hash);
    show(document.querySelector(link.hash));
  };
  const onSwap = () => tellHeads(form);
  // What is wrong and folded away would be found by nobody.
  const wrong = form.querySelector("[aria-invalid='true']");
  if (wrong) {
    for (let fold = wrong.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
    wrong.focus();
  }
  if (location.hash.startsWith("#s-")) show(document.querySelector(location.hash));
  form.addEventListener("click", onClick);
  document.addEventListener("htmx:after:swap", onSwap);
  return () => document.removeEventListener("htmx:after:swap", onSwap);
});

whenPresent("[data-text-file]", (label) => {
  label.hidden = false;
  const input = label.querySelector("input");
  input.addEventListener("change", async () => {
    const [file] = input.files;
    if (!file) return;
    const text = document.getElementById(label.dataset.textFile);
    const before = text.value.trimEnd();
    text.value = (before ? `${before}\n` : "") + (await file.text());
    input.value = "";
    text.dispatchEvent(new Event("input", { bubbles: true }));
    text.focus();
  });
});
