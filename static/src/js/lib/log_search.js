// Searching the lines of the page: words or a pattern, only what matches or all with the matches marked, levels, and the way
// from match to match. All of it stands in the address.

import { writeAddress } from "./log_bar.js";
import { finderOf } from "./log_finder.js";
import { filled, gettext } from "./words.js";

const number = new Intl.NumberFormat("en");

export class LogSearch {
  #part;
  #bar;
  #buffer;
  #view;
  #isWritten;

  constructor(part, bar, buffer, view, { isWritten }) {
    [this.#part, this.#bar, this.#buffer, this.#view, this.#isWritten] = [part, bar, buffer, view, isWritten];
    if (isWritten) this.#read();
    let waiting;
    part("query").addEventListener("input", () => {
      clearTimeout(waiting);
      waiting = setTimeout(() => this.apply(), 80);
    });
    part("level")?.addEventListener("change", () => this.apply());
    bar.toggle("only", () => this.apply());
    bar.toggle("regex", () => this.apply());
    part("next")?.addEventListener("click", () => this.next(1));
    part("previous")?.addEventListener("click", () => this.next(-1));
    this.apply();
  }

  #read() {
    const asked = new URLSearchParams(location.search);
    this.#part("query").value = asked.get("q") ?? "";
    this.#bar.set("regex", asked.get("regex") === "1");
    if (asked.get("only") === "0") this.#bar.set("only", false);
    if (["2", "3"].includes(asked.get("level"))) this.#part("level").value = asked.get("level");
  }

  apply() {
    const query = this.#part("query").value;
    const [isRegex, isOnly] = [this.#bar.isOn("regex"), this.#part("only") ? this.#bar.isOn("only") : true];
    const level = Number(this.#part("level")?.value ?? 0);
    let finder = null;
    this.error = "";
    try {
      finder = finderOf(isRegex ? query : query.trim(), isRegex);
    } catch {
      this.error = gettext("This is no regular expression yet.");
    }
    this.#part("query").setAttribute("aria-invalid", String(Boolean(this.error)));
    this.#view.how = { ...this.#view.how, finder };
    this.#view.current = -1;
    const held = this.#view.top;
    this.#buffer.filter({ finder, isOnly, level });
    if (!this.#view.isFollowing) this.#view.show(held);
    this.#view.draw();
    this.draw();
    if (this.#isWritten) writeAddress({ q: query, regex: isRegex && "1", only: !isOnly && "0", level: level ? String(level) : "" });
  }

  // To the next match (1) or the one before (-1), round at the ends; the last one first.
  next(step) {
    const count = this.#buffer.foundCount;
    if (!count) return;
    const { current } = this.#view;
    const at = this.#buffer.foundPlace(current);
    let place = current < 0 ? count - 1 : step > 0 ? at + (this.#buffer.foundAt(at) === current ? 1 : 0) : at - 1;
    place = (place + count) % count;
    this.#view.current = this.#buffer.foundAt(place);
    this.#view.show(this.#view.current);
    this.draw();
  }

  draw() {
    const place = this.#part("matches");
    if (!place) return;
    const { finder } = this.#view.how;
    const count = number.format(this.#buffer.foundCount);
    const { current } = this.#view;
    const at = current >= 0 && current >= this.#buffer.first ? number.format(this.#buffer.foundPlace(current) + 1) : "";
    place.textContent = this.error || (finder ? (at ? filled(gettext("%(at)s of %(count)s"), { at, count }) : filled(gettext("%(count)s found"), { count })) : "");
    for (const name of ["next", "previous"]) this.#part(name).disabled = !this.#buffer.foundCount;
  }
}

