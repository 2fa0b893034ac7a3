// The run form: its parts open when they are gone to, their heads say what is set, a file is read into a text.

import { make, whenPresent } from "./lib/dom.js";

function show(target) {
  if (!target?.matches(".section")) return;
  if (target.tagName === "DETAILS") target.open = true;
  (target.querySelector("summary") ?? target).focus({ preventScroll: true });
  target.scrollIntoView({ block: "start" });
}

// A value of several lines, such as a key, needs room: in a field of one line a browser would join them.
function withRoom(input, text) {
  const area = make("textarea", { class: input.className, name: input.name, rows: 3, "aria-label": input.getAttribute("aria-label"), spellcheck: "false" });
  area.value = input.value.slice(0, input.selectionStart) + text + input.value.slice(input.selectionEnd);
  input.replaceWith(area);
  area.focus();
  area.dispatchEvent(new Event("input", { bubbles: true }));
}

// NAME=value, one a line, as in an .env file: a row for each, from the empty one at the end on.
function fillRows(row, lines) {
  for (const line of lines) {
    const [, name, value] = line.match(/^(?:export\s+)?([^=\s]+)\s*=(.*)$/);
    row.querySelector("[name=variable_name]").value = name;
    const field = row.querySelector("[name=variable_value]");
    field.value = value.replace(/^(["'])(.*)\1$/, "$2");
    field.dispatchEvent(new Event("input", { bubbles: true }));
    row = row.nextElementSibling;
  }
  row.querySelector("[name=variable_name]").focus();
}

function pasteVariables(event) {
  const input = event.target;
  const row = input.closest?.("[data-line]");
  const text = event.clipboardData?.getData("text/plain").replace(/\r\n?/g, "\n") ?? "";
  if (!row || !input.matches("input")) return;
  if (input.name === "variable_value" && text.trimEnd().includes("\n")) {
    event.preventDefault();
    withRoom(input, text);
  }
  const lines = text.split("\n").map((line) => line.trim()).filter((line) => line && !line.startsWith("#")); // prettier-ignore
  const isLast = row.nextElementSibling === null && [...row.querySelectorAll("input")].every(({ value }) => value === "");
  if (input.name !== "variable_name" || !isLast || !lines.length || !lines.every((line) => /^(?:export\s+)?[^=\s]+\s*=/.test(line))) return;
  event.preventDefault();
  fillRows(row, lines);
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
  form.addEventListener("paste", pasteVariables);
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
