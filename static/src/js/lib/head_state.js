// The head of a page says in what state its object is. Whoever does not see it hears of another state once, and not how it ages.

import { announce } from "./announce.js";
import { filled, gettext } from "./words.js";

const AGES = /\d+ \w+( ago)?|a moment( ago)?/g;

// Calls onChange() after each change; the element itself may come anew. stateOf() makes of its words what is another when the
// state is. Returns what ends it.
export function tellState(onChange = () => {}, stateOf = (words) => words.replace(AGES, "")) {
  const head = () => document.getElementById("head-state");
  let known = stateOf(head().textContent);
  const watcher = new MutationObserver(() => {
    const words = head()?.textContent ?? "";
    if (!words || stateOf(words) === known) return;
    known = stateOf(words);
    announce(filled(gettext("%(name)s: %(state)s"), { name: document.querySelector("h1").textContent, state: words }));
    onChange();
  });
  watcher.observe(head().parentElement, { childList: true, characterData: true, subtree: true });
  return () => watcher.disconnect();
}
