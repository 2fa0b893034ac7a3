// Searching the lines of the page: words or a pattern, only what matches or all with the matches marked, levels, and the way
// from match to match. All of it stands in the address.

import { announce } from "./announce.js";
import { writeAddress } from "./log_bar.js";
import { finderOf } from "./log_finder.js";
import { patternOf } from "./log_pattern.js";
import { filled, gettext } from "./words.js";

const number = new Intl.NumberFormat("en");
// Who still types has not asked yet.
const TOLD_AFTER_MS = 700;

export class LogSearch {
  #part;
  #bar;
  #buffer;
  #view;
  #isWritten;
  #worker;
  #waiting = 0;
  #telling = 0;
  // The pattern that is tried on the lines that are here, and the one that is asked about those that came since.
  #tried = null;
  #asked = null;

  // `worker`: the URL of the script that runs patterns.
  constructor(part, bar, buffer, view, { isWritten, worker }) {
    [this.#part, this.#bar, this.#buffer, this.#view, this.#isWritten, this.#worker] = [part, bar, buffer, view, isWritten, worker];
    if (isWritten) this.#read();
    buffer.onUnsure = () => this.#ask();
    part("query").addEventListener("input", () => {
      clearTimeout(this.#waiting);
      this.#waiting = setTimeout(() => this.apply(), 80);
    });
    part("level")?.addEventListener("change", () => this.apply());
    bar.toggle("only", () => this.apply());
    bar.toggle("regex", () => this.apply());
    part("next")?.addEventListener("click", () => this.next(1));
    part("previous")?.addEventListener("click", () => this.next(-1));
    this.apply();
    // Nobody has asked yet, and no line is here.
    clearTimeout(this.#telling);
  }

  #read() {
    const asked = new URLSearchParams(location.search);
    this.#part("query").value = asked.get("q") ?? "";
    this.#bar.set("regex", asked.get("regex") === "1");
    if (asked.get("only") === "0") this.#bar.set("only", false);
    if (["2", "3"].includes(asked.get("level"))) this.#part("level").value = asked.get("level");
  }

  stop() {
    clearTimeout(this.#waiting);
    clearTimeout(this.#telling);
    this.#tried?.stop();
    this.#view.how.finder?.stop?.();
  }

  apply() {
    const query = this.#part("query").value;
    const [isRegex, isOnly] = [this.#bar.isOn("regex"), this.#part("only") ? this.#bar.isOn("only") : true];
    const level = Number(this.#part("level")?.value ?? 0);
    this.#tried?.stop();
    this.#tried = null;
    let finder = null;
    let error = "";
    try {
      finder = isRegex ? this.#patternOf(query, { isOnly, level }) : finderOf(query.trim(), false);
    } catch {
      error = gettext("This is no regular expression yet.");
    }
    this.#say(error);
    if (finder?.isLater) this.#try({ finder, isOnly, level });
    else this.#use({ finder, isOnly, level });
    if (this.#isWritten) writeAddress({ q: query, regex: isRegex && "1", only: !isOnly && "0", level: level ? String(level) : "" });
  }

  #patternOf(query, rule) {
    const finder = patternOf(query, this.#worker, { onMarked: () => this.#view.draw(), onFailed: (words) => this.#putAside(finder, words, rule) });
    return finder;
  }

  #putAside(finder, words, rule) {
    const isCurrent = !this.#tried || this.#tried === finder;
    if (isCurrent) {
      this.#tried = null;
      this.#say(words);
    }
    this.#use({ ...rule, finder: null });
  }

  #say(error) {
    this.error = error;
    this.#part("query").setAttribute("aria-invalid", String(Boolean(error)));
  }

  // Until the answers for all lines are there, what was shown before stays.
  async #try(rule) {
    this.#tried = rule.finder;
    this.draw();
    const answers = await rule.finder.answers(this.#buffer.lines);
    this.#tried = null;
    this.#use(rule, answers);
  }

  #use(rule, answers) {
    this.#view.how.finder?.stop?.();
    this.#view.how = { ...this.#view.how, finder: rule.finder };
    this.#view.current = -1;
    const held = this.#view.top;
    this.#buffer.filter(rule, answers);
    if (!this.#view.isFollowing) this.#view.show(held);
    this.#view.draw();
    this.draw();
    this.#tell();
  }

  // About lines that came since, until there are answers for all.
  async #ask() {
    const { finder } = this.#view.how;
    if (this.#asked === finder) return;
    this.#asked = finder;
    for (let lines = this.#buffer.unsure; lines.length; lines = this.#buffer.unsure) {
      this.#buffer.learn(await finder.answers(lines));
      this.#view.draw();
      this.draw();
    }
    this.#asked = null;
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
    this.#tell();
  }

  // What somebody asked for is heard once, and not again with each line that comes and matches.
  #tell() {
    clearTimeout(this.#telling);
    this.#telling = setTimeout(() => {
      const words = this.#part("matches")?.textContent;
      if (words) announce(words);
    }, TOLD_AFTER_MS);
  }

  draw() {
    const place = this.#part("matches");
    if (!place) return;
    const { finder } = this.#view.how;
    const count = number.format(this.#buffer.foundCount);
    const { current } = this.#view;
    const at = current >= 0 && current >= this.#buffer.first ? number.format(this.#buffer.foundPlace(current) + 1) : "";
    const found = finder ? (at ? filled(gettext("%(at)s of %(count)s"), { at, count }) : filled(gettext("%(count)s found"), { count })) : "";
    place.textContent = this.error || (this.#tried ? gettext("Searching…") : found);
    for (const name of ["next", "previous"]) this.#part(name).disabled = !this.#buffer.foundCount;
  }
}

