// The lines that the page holds: a ring of strings, and which of them a filter shows. Lines are known by their number since
// the page began, so that nothing moves when old ones leave.

import { isOurs, levelOf, textOf } from "./log_lines.js";

export const CAPACITY = 100_000;

export class LogBuffer {
  #ring = new Array(CAPACITY);
  #shown = null;
  #shownFrom = 0;
  #query = "";
  #level = 0;
  first = 0;
  next = 0;

  add(lines) {
    for (const line of lines) {
      this.#ring[this.next % CAPACITY] = line;
      if (this.#shown && this.#matches(line)) this.#shown.push(this.next);
      this.next += 1;
    }
    this.first = Math.max(this.first, this.next - CAPACITY);
    if (this.#shown) this.#forget();
  }

  #forget() {
    const shown = this.#shown;
    while (this.#shownFrom < shown.length && shown[this.#shownFrom] < this.first) this.#shownFrom += 1;
    if (this.#shownFrom > 20_000) {
      this.#shown = shown.slice(this.#shownFrom);
      this.#shownFrom = 0;
    }
  }

  clear() {
    this.first = this.next;
    if (this.#shown) this.#shown = [];
    this.#shownFrom = 0;
  }

  // Shows only lines that hold the query (lower case) and have at least this level; both empty shows all.
  filter(query, level) {
    this.#query = query;
    this.#level = level;
    this.#shownFrom = 0;
    this.#shown = query || level ? [] : null;
    if (!this.#shown) return;
    for (let number = this.first; number < this.next; number += 1) if (this.#matches(this.line(number))) this.#shown.push(number);
  }

  #matches(line) {
    if (isOurs(line)) return true;
    if (this.#query && !line.toLowerCase().includes(this.#query)) return false;
    return !this.#level || levelOf(textOf(line)) >= this.#level;
  }

  line(number) {
    return this.#ring[number % CAPACITY];
  }

  // How many lines are shown, and the number of the one at a place among them.
  get count() {
    return this.#shown ? this.#shown.length - this.#shownFrom : this.next - this.first;
  }

  numberAt(place) {
    return this.#shown ? this.#shown[this.#shownFrom + place] : this.first + place;
  }

  // The place of a line, or of the first one shown after it.
  placeOf(number) {
    if (!this.#shown) return Math.max(0, number - this.first);
    let low = this.#shownFrom;
    let high = this.#shown.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#shown[middle] < number) low = middle + 1;
      else high = middle;
    }
    return low - this.#shownFrom;
  }
}
