// What a log holds before the first line of the page: loaded as the reader comes near it, put before what is there, and the
// line that is read stays where it is.

import { stampOf } from "./log_lines.js";
import { gettext } from "./words.js";

// So many screenfuls before the top the next step is asked for.
const NEAR = 2;

// `steps` knows the past: isWhole says that there is no more of it; ask() begins a step and returns {done, stop}, where `done`
// resolves to {lines, sources} in order, and rejects with an Error for the reader or with null when it was stopped; reset()
// is called when another part is shown. elsewhere(stamp) shows what is around a moment, where the page has no more room; begins()
// is what is said at the beginning.
export class LogPast {
  #button;
  #buffer;
  #view;
  #steps;
  #elsewhere;
  #begins;
  #asked = null;
  #problem = "";

  constructor(button, { buffer, view, steps, elsewhere, begins }) {
    [this.#button, this.#buffer, this.#view, this.#steps, this.#elsewhere, this.#begins] = [button, buffer, view, steps, elsewhere, begins];
    button.addEventListener("click", () => {
      if (this.#buffer.isFull) this.#elsewhere(stampOf(this.#buffer.line(this.#buffer.first)));
      else this.load();
    });
  }

  reset() {
    this.stop();
    this.#problem = "";
    this.#steps.reset();
  }

  stop() {
    this.#asked?.stop();
    this.#asked = null;
  }

  // After each move of the reader.
  moved() {
    if (!this.#view.isFollowing && !this.#problem && !this.#buffer.isFull && this.#view.place < NEAR * this.#view.rows) this.load();
    this.draw();
  }

  draw() {
    const { count } = this.#buffer;
    this.#button.hidden = !count || this.#view.place > 0 || (this.#steps.isWhole && this.#view.isFollowing);
    if (this.#button.hidden) return;
    const words = this.#words();
    if (this.#button.textContent !== words) this.#button.textContent = words;
    // Not `disabled`: the focus stays where it is.
    this.#button.setAttribute("aria-disabled", String(this.#asked !== null || this.#steps.isWhole));
  }

  #words() {
    if (this.#asked) return gettext("Loading earlier lines…");
    if (this.#steps.isWhole) return this.#begins();
    if (this.#problem) return `${this.#problem} ${gettext("Try again")}`;
    return this.#buffer.isFull ? gettext("The page is full. Show what was before") : gettext("Load earlier lines");
  }

  async load() {
    if (this.#asked || this.#steps.isWhole) return;
    this.#problem = "";
    const asked = (this.#asked = this.#steps.ask());
    this.draw();
    try {
      const { lines, sources } = await asked.done;
      this.#view.renumber(this.#buffer.addEarlier(lines, sources));
    } catch (error) {
      // Another part is shown meanwhile.
      if (error === null) return;
      this.#problem = error.message;
    }
    this.stop();
    this.draw();
  }
}
