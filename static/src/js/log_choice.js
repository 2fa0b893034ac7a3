// The dialog that chooses containers: typing narrows the list, what is chosen stays in sight.

import "../css/logs.css";
import { whenPresent } from "./lib/dom.js";

whenPresent("[data-choices]", (form) => {
  const filter = form.querySelector("[data-choices-filter]");
  const narrow = () => {
    const wanted = filter.value.trim().toLowerCase();
    for (const choice of form.querySelectorAll("[data-choice]")) choice.hidden = !choice.querySelector("input").checked && !choice.textContent.toLowerCase().includes(wanted);
  };
  filter.addEventListener("input", narrow);
  return () => filter.removeEventListener("input", narrow);
});
