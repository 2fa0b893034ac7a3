// The name of an image goes on by itself: besides the images of the host, what the registries have that fits is offered.

import { whenPresent } from "./lib/dom.js";

const PAUSE_MS = 200;

function option(name) {
  const made = document.createElement("option");
  made.value = name;
  made.dataset.fromRegistry = "";
  return made;
}

whenPresent("input[data-image-names]", (input) => {
  const list = document.getElementById(input.getAttribute("list"));
  const words = document.getElementById(`${input.id}-offers`);
  let timer;
  let asked;
  const show = (found) => {
    for (const old of list.querySelectorAll("[data-from-registry]")) old.remove();
    const known = new Set([...list.options].map((one) => one.value));
    list.append(...found.names.filter((name) => !known.has(name)).map(option));
    words.textContent = found.words;
    words.hidden = !found.words;
  };
  const ask = async () => {
    asked?.abort();
    asked = new AbortController();
    const typed = input.value.trim();
    if (!typed) return show({ names: [], words: "" });
    try {
      const response = await fetch(`${input.dataset.imageNames}?q=${encodeURIComponent(typed)}`, { headers: { "HX-Request": "true" }, signal: asked.signal });
      if (response.ok && input.value.trim() === typed) show(await response.json());
    } catch (error) {
      if (error.name !== "AbortError") console.warn(error);
    }
  };
  const later = () => {
    clearTimeout(timer);
    timer = setTimeout(ask, PAUSE_MS);
  };
  input.addEventListener("input", later);
  return () => {
    clearTimeout(timer);
    asked?.abort();
  };
});
