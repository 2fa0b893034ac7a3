// The buttons and boxes of the log's bar: which are on, what they say, and what of them stands in the page's address.

import { icon } from "./dom.js";
import { gettext } from "./words.js";

export class LogBar {
  #part;

  constructor(part) {
    this.#part = part;
  }

  // A button that is on or off; calls act(isOn) after each press.
  toggle(name, act) {
    const button = this.#part(name);
    button?.addEventListener("click", () => {
      this.set(name, !this.isOn(name));
      act(this.isOn(name));
    });
  }

  isOn(name) {
    return this.#part(name)?.getAttribute("aria-pressed") === "true";
  }

  set(name, isOn) {
    this.#part(name)?.setAttribute("aria-pressed", String(isOn));
  }

  say(name, words) {
    const button = this.#part(name);
    button.setAttribute("aria-label", words);
    button.title = words;
    const label = button.querySelector("span");
    if (label) label.textContent = words;
  }

  paused(isPaused) {
    this.set("pause", isPaused);
    this.#part("pause").querySelector("svg").replaceWith(icon(isPaused ? "player-play" : "player-pause"));
    this.say("pause", isPaused ? gettext("Go on") : gettext("Pause"));
  }
}

// What of the page's address is ours; an empty value leaves it.
export function writeAddress(values) {
  const url = new URL(location.href);
  for (const [name, value] of Object.entries(values)) {
    if (value) url.searchParams.set(name, value);
    else url.searchParams.delete(name);
  }
  if (url.href !== location.href) history.replaceState(history.state, "", url);
}
