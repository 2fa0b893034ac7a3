// The dialog that chooses containers: typing narrows the list, what is chosen stays in sight. What was made since the
// page came is asked for when the dialog opens.

import "../css/logs.css";
import { make, whenPresent } from "./lib/dom.js";

whenPresent("[data-choices]", (form) => {
  const filter = form.querySelector("[data-choices-filter]");
  const narrow = () => {
    const wanted = filter.value.trim().toLowerCase();
    for (const choice of form.querySelectorAll("[data-choice]")) choice.hidden = !choice.querySelector("input").checked && !choice.textContent.toLowerCase().includes(wanted);
  };
  const choices = form.querySelector(".choices");
  const addNew = async () => {
    const response = await fetch(form.dataset.freshUrl);
    if (!response.ok) return;
    const fresh = await response.json();
    const known = new Map([...choices.querySelectorAll("[data-choice] input")].map((input) => [input.value, input.closest("[data-choice]")]));
    if (fresh.length && !known.size) choices.replaceChildren();
    let before = null;
    for (const [name, words] of fresh) {
      const choice = known.get(name) ?? choiceOf(name, words);
      if (!known.has(name)) before ? before.after(choice) : choices.prepend(choice);
      before = choice;
    }
    narrow();
  };
  // An opened dialog says so by its attribute; not every browser has an event for it.
  const openings = new MutationObserver(() => form.parentElement.open && form.dataset.freshUrl && addNew().catch(console.warn));
  openings.observe(form.parentElement, { attributeFilter: ["open"] });
  filter.addEventListener("input", narrow);
  return () => {
    openings.disconnect();
    filter.removeEventListener("input", narrow);
  };
});

function choiceOf(name, words) {
  const input = make("input", { type: "checkbox", class: "form-check-input", name: "c", value: name });
  return make("label", { class: "check", "data-choice": "" }, input, make("span", {}, name), " ", make("small", { class: "dim" }, words));
}
