// Draws the lines that can be seen, and no others: a tall empty spacer gives the scroll bar its size, a window of some fifty
// rows is moved to where the reader is.

import { copiesWords } from "./log_copying.js";
import { stampOf } from "./log_lines.js";
import { rowOf } from "./log_row.js";
import { wholeOf } from "./log_times.js";

export const LINE = 19;
const OVER = 4;
// Browsers lose count beyond some 17 million pixels; the buffer's capacity stays far below.

export class LogWindow {
  isWrapped = false;
  isFollowing = true;
  how = { areFields: true, isUtc: false, finder: null, names: [], whole: new Set() };
  current = -1;
  chosen = [-1, -1];
  onScroll = () => {};
  onPick = () => {};
  #buffer;
  #view;
  #spacer;
  #window;
  #frame = 0;
  #top = 0;
  #expected = NaN;
  #isPressed = false;

  constructor(view, buffer) {
    this.#view = view;
    this.#buffer = buffer;
    [this.#spacer, this.#window] = view.children;
    copiesWords(view);
    view.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    this.#window.addEventListener("pointerdown", () => (this.#isPressed = true));
    this.#window.addEventListener("click", (event) => this.#clicked(event));
    this.#window.addEventListener("pointerover", (event) => this.#pointed(event));
    this.released = () => {
      if (!this.#isPressed) return;
      this.#isPressed = false;
      this.draw();
    };
    this.selected = () => !this.#isHeld && this.draw();
    document.addEventListener("pointerup", this.released);
    document.addEventListener("pointercancel", this.released);
    document.addEventListener("selectionchange", this.selected);
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
    document.removeEventListener("pointerup", this.released);
    document.removeEventListener("pointercancel", this.released);
    document.removeEventListener("selectionchange", this.selected);
  }

  follow(isFollowing) {
    this.isFollowing = isFollowing;
    this.draw();
    this.onScroll();
  }

  // Shows the line with this number, a third from the top, and stays there.
  show(number) {
    this.isFollowing = false;
    const above = Math.floor(this.#view.clientHeight / LINE / 3);
    this.#top = this.#buffer.numberAt(Math.max(0, this.#buffer.placeOf(number) - above)) ?? number;
    this.draw();
    this.onScroll();
  }

  // Moves by so many lines; Infinity is the end, and follows.
  move(lines) {
    if (lines === Infinity) return this.follow(true);
    const now = this.#buffer.placeOf(this.#top);
    const last = Math.max(0, this.#buffer.count - Math.floor(this.#view.clientHeight / LINE));
    const place = Math.min(Math.max(0, now + lines), last);
    this.#top = this.#buffer.numberAt(place) ?? 0;
    this.follow(lines > 0 && place >= last);
  }

  get rows() {
    return Math.floor(this.#view.clientHeight / LINE);
  }

  get top() {
    return this.#top;
  }

  // The place of the first line in view among those that are shown.
  get place() {
    return this.isFollowing ? Math.max(0, this.#buffer.count - this.rows) : this.#buffer.placeOf(this.#top);
  }

  // Lines were put before others: what is read, found and chosen has another number, and stays where it is. At once: a
  // scroll event would take the place of before for one of now.
  renumber(now) {
    this.#top = now(this.#top);
    if (this.current >= 0) this.current = now(this.current);
    if (this.chosen[0] >= 0) this.chosen = this.chosen.map(now);
    this.#drawNow();
  }

  // While somebody marks text with the mouse, or has marked some, the rows under it stay.
  get #isHeld() {
    if (this.#isPressed) return true;
    const selection = document.getSelection();
    return !selection.isCollapsed && this.#window.contains(selection.anchorNode);
  }

  get #end() {
    return Math.max(0, this.#buffer.count * LINE - this.#view.clientHeight);
  }

  // The whole moment is worked out only for the line that somebody points at.
  #pointed({ target }) {
    const row = target.closest(".t")?.closest(".log-line");
    if (row) target.title = wholeOf(stampOf(this.#buffer.line(Number(row.dataset.n)) ?? ""));
  }

  #clicked(event) {
    const whole = event.target.closest("[data-log-whole]");
    if (whole) {
      this.how.whole.add(Number(whole.dataset.logWhole));
      // The button goes with the drawing.
      this.#view.focus({ preventScroll: true });
      return this.draw();
    }
    const row = event.target.closest(".log-line");
    if (row && event.target.closest(".t")) this.onPick(Number(row.dataset.n), event.shiftKey);
  }

  #scrolled() {
    const top = this.#view.scrollTop;
    // Our own scrolling to the end comes back as this event too, and is not the reader's.
    const isOwn = Math.abs(top - this.#expected) < 2;
    this.#expected = NaN;
    if (isOwn) return;
    this.isFollowing = top >= this.#end - LINE / 2;
    this.#top = this.#buffer.numberAt(Math.min(Math.floor(top / LINE), Math.max(0, this.#buffer.count - 1))) ?? 0;
    this.draw();
    this.onScroll();
  }

  #drawNow() {
    const { clientHeight } = this.#view;
    if (!clientHeight || this.#isHeld) return;
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
    const [low, high] = this.chosen;
    for (let place = from; place < to; place += 1) {
      const number = this.#buffer.numberAt(place);
      const row = rowOf(this.#buffer.line(number), number, this.#buffer.sourceOf(number), this.how);
      if (number === this.current) row.classList.add("is-current");
      if (number >= low && number <= high) row.classList.add("is-chosen");
      rows.push(row);
    }
    this.#window.replaceChildren(...rows);
  }
}
