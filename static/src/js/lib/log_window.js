// Draws the lines that can be seen, and no others: a tall empty spacer gives the scroll bar its size, a window of some fifty
// rows is moved to where the reader is. Text goes in as text nodes only.

import { levelOf, partsOf, textOf, timeOf } from "./log_lines.js";
import { make } from "./dom.js";

const LINE = 19;
const OVER = 4;
const LEVELS = ["debug", "", "warning", "error"];
// Browsers lose count beyond some 17 million pixels; the buffer's capacity stays far below.

export class LogWindow {
  isWrapped = false;
  query = "";
  #buffer;
  #view;
  #spacer;
  #window;
  #frame = 0;
  #top = 0;
  isFollowing = true;
  onScroll = () => {};

  constructor(view, buffer) {
    this.#view = view;
    this.#buffer = buffer;
    [this.#spacer, this.#window] = view.children;
    view.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    this.resizer = new ResizeObserver(() => this.draw());
    this.resizer.observe(view);
  }

  // Draws in the next frame; many calls before it cost one drawing.
  draw() {
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0;
      this.#drawNow();
    });
  }

  stop() {
    cancelAnimationFrame(this.#frame);
    this.resizer.disconnect();
  }

  follow(isFollowing) {
    this.isFollowing = isFollowing;
    this.draw();
    this.onScroll();
  }

  get #end() {
    return Math.max(0, this.#buffer.count * LINE - this.#view.clientHeight);
  }

  #scrolled() {
    const top = this.#view.scrollTop;
    // Our own scrolling to the end comes back as this event too, and is not the reader's.
    if (Math.abs(top - this.#expected) < 2) return;
    this.isFollowing = top >= this.#end - LINE / 2;
    this.#top = this.#buffer.numberAt(Math.min(Math.floor(top / LINE), Math.max(0, this.#buffer.count - 1))) ?? 0;
    this.draw();
    this.onScroll();
  }

  #expected = -1;

  #drawNow() {
    const { clientHeight } = this.#view;
    if (!clientHeight) return;
    this.#spacer.style.height = `${this.#buffer.count * LINE}px`;
    const rows = Math.ceil(clientHeight / LINE);
    if (this.isFollowing) this.#drawEnd(rows);
    else this.#drawAt(rows);
  }

  #drawEnd(rows) {
    const { count } = this.#buffer;
    const from = Math.max(0, count - rows - OVER);
    this.#fill(from, count);
    this.#scrollTo(this.#end);
    this.#place(this.isWrapped ? Math.max(0, count * LINE - this.#window.offsetHeight) : from * LINE);
    this.#top = this.#buffer.numberAt(Math.max(0, count - rows)) ?? 0;
  }

  // The first visible line stays where it is, whatever left the buffer above it.
  #drawAt(rows) {
    const { count } = this.#buffer;
    const place = this.#buffer.placeOf(this.#top);
    const rest = this.#view.scrollTop % LINE;
    if (Math.floor(this.#view.scrollTop / LINE) !== place) this.#scrollTo(Math.min(place * LINE + rest, this.#end));
    this.#fill(place, Math.min(count, place + rows + OVER));
    this.#place(place * LINE);
  }

  #scrollTo(top) {
    if (Math.abs(this.#view.scrollTop - top) < 1) return;
    this.#view.scrollTop = top;
    this.#expected = this.#view.scrollTop;
  }

  #place(top) {
    this.#window.style.transform = `translateY(${top}px)`;
  }

  #fill(from, to) {
    const rows = [];
    for (let place = from; place < to; place += 1) rows.push(this.#row(this.#buffer.line(this.#buffer.numberAt(place))));
    this.#window.replaceChildren(...rows);
  }

  #row(line) {
    const text = textOf(line);
    if (line[0] === "s" || line[0] === "n") return make("div", { class: `log-note ${line[0] === "s" ? "skipped" : ""}` }, text);
    const level = LEVELS[levelOf(text)];
    const words = make("span", { class: "words" });
    for (const { text: piece, kind } of partsOf(text, this.query)) {
      if (!kind) words.append(piece);
      else words.append(make(kind === "m" ? "mark" : "span", kind === "m" ? {} : { class: kind }, piece));
    }
    const source = line[0] === "e" ? " stderr" : "";
    return make("div", { class: `log-line ${level}${source}` }, make("time", { class: "t" }, timeOf(line)), make("i", { class: "log-dot" }), words);
  }
}
