// Forms with lines that repeat: an empty line follows the last one that is written into, a line can be taken out, and the
// command beside the form follows what is typed.

import { make, whenPresent } from "./lib/dom.js";
import htmx from "./lib/htmx.js";

const inputs = (line) => line.querySelectorAll("input, textarea");
const isEmpty = (line) => [...inputs(line)].every((input) => input.value === "");

function emptied(line) {
  const copy = line.cloneNode(true);
  copy.querySelector(".error")?.remove();
  // One that was given room for several lines: the next begins with one.
  for (const area of copy.querySelectorAll("textarea")) area.replaceWith(make("input", { class: area.className, name: area.name, "aria-label": area.getAttribute("aria-label"), autocomplete: "off", spellcheck: "false" }));
  for (const input of inputs(copy)) {
    input.value = "";
    input.removeAttribute("value");
    input.classList.remove("is-invalid", "masked");
    for (const name of ["aria-invalid", "aria-describedby"]) input.removeAttribute(name);
  }
  return copy;
}

whenPresent("[data-lines]", (group) => {
  const lines = () => [...group.querySelectorAll(":scope > [data-line]")];
  const onInput = () => {
    const last = lines().at(-1);
    if (!isEmpty(last)) last.after(emptied(last));
  };
  const onClick = (event) => {
    const line = event.target.closest("[data-remove-line]")?.closest("[data-line]");
    if (!line) return;
    const beside = line.nextElementSibling?.matches("[data-line]") ? line.nextElementSibling : line.previousElementSibling;
    if (lines().length > 1) line.remove();
    else line.replaceWith(emptied(line));
    (beside ?? group).querySelector("input, textarea")?.focus();
    group.dispatchEvent(new Event("input", { bubbles: true }));
  };
  group.addEventListener("input", onInput);
  group.addEventListener("click", onClick);
});

whenPresent("[data-lines-form]", (form) => {
  let timer;
  let asked;
  const follow = async () => {
    asked?.abort();
    asked = new AbortController();
    const body = new FormData(form);
    body.set("show", "command");
    try {
      const response = await fetch(`${location.pathname}${location.search}`, { method: "POST", body, headers: { "HX-Request": "true" }, signal: asked.signal });
      if (!response.ok || !document.getElementById("command")) return;
      // Through htmx: under Trusted Types nobody else may make elements of text.
      await htmx.swap({ sourceElement: form, target: "#command", swap: "outerHTML", text: await response.text() });
    } catch (error) {
      if (error.name !== "AbortError") console.warn(error);
    }
  };
  const later = () => {
    clearTimeout(timer);
    timer = setTimeout(follow, 250);
  };
  form.addEventListener("input", later);
  return () => {
    clearTimeout(timer);
    asked?.abort();
  };
});
