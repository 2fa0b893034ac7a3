// The lines that the page holds: a ring of strings, and which of them are shown and which are found. Lines are known by their
// number, so that nothing moves when old ones leave at the front, or when older ones are put there. Bounded by lines and by
// characters.

import { isOurs, levelOf, skippedIn, stampOf, textOf } from "./log_lines.js";

export const CAPACITY = 100_000;
const MOST_CHARACTERS = 48_000_000;
// How far back a line of another container may still be put in order.
const MOST_REORDERED = 30_000;
// All lines of a moment, when asking for those before it.
const MOST_HELD = 99_999;
// What is known of a line and a finder that answers later.
const [UNKNOWN, FOUND, OTHER] = [0, 1, 2];
// The number of the first line ever: earlier ones get lower numbers. A multiple of the capacity.
const BEGIN = 1_000_000_000;

// Ascending numbers that are added at the end, and leave at either.
class Numbers {
  #numbers = [];
  #from = 0;

  add(number) {
    this.#numbers.push(number);
  }
  forgetBefore(first) {
    while (this.#from < this.#numbers.length && this.#numbers[this.#from] < first) this.#from += 1;
    if (this.#from > 20_000) {
      this.#numbers = this.#numbers.slice(this.#from);
      this.#from = 0;
    }
  }
  forgetFrom(next) {
    while (this.#numbers.length > this.#from && this.#numbers[this.#numbers.length - 1] >= next) this.#numbers.pop();
  }
  // Lower ones than all that are here.
  addBefore(numbers) {
    this.#numbers = [...numbers, ...this.#numbers.slice(this.#from)];
    this.#from = 0;
  }
  get count() {
    return this.#numbers.length - this.#from;
  }
  at(place) {
    return this.#numbers[this.#from + place];
  }
  // The place of a number, or of the first one after it.
  placeOf(number) {
    let low = this.#from;
    let high = this.#numbers.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#numbers[middle] < number) low = middle + 1;
      else high = middle;
    }
    return low - this.#from;
  }
}

export class LogBuffer {
  #ring = new Array(CAPACITY);
  #sources = new Uint8Array(CAPACITY);
  #verdicts = new Uint8Array(CAPACITY);
  // No line before this number waits for its verdict.
  #unsure = Infinity;
  #characters = 0;
  #shown = null;
  #found = null;
  #rule = { finder: null, isOnly: true, level: 0 };
  first = BEGIN;
  next = BEGIN;
  // Called when there are lines of which a finder that answers later is to be asked.
  onUnsure = () => {};

  add(lines, source = 0) {
    for (const line of lines) this.#put(line, source);
    this.#settle();
  }

  // The same for lines of one of several containers: in the order of time, whoever's came first.
  addInOrder(lines, source) {
    const from = this.#placeBefore(stampOf(lines[0]));
    if (from === this.next) return this.add(lines, source);
    const later = [];
    for (let number = from; number < this.next; number += 1) later.push(this.#held(number));
    this.#cutAt(from);
    let at = 0;
    for (const line of lines) {
      const stamp = stampOf(line);
      while (at < later.length && stampOf(later[at][0]) <= stamp) this.#put(...later[at++]);
      this.#put(line, source);
    }
    for (; at < later.length; at += 1) this.#put(...later[at]);
    this.#settle();
  }

  // Lines that are older than those of their own container (lines, in order, and whose each is), as many as there is room for.
  // Returns what a number from before is called now: lines of others that are older still move before them.
  addEarlier(lines, sources) {
    const older = [];
    const last = lines.length ? stampOf(lines[lines.length - 1]) : "";
    while (this.first + older.length < this.next && this.#isOlder(this.first + older.length, last)) older.push(this.first + older.length);
    const kept = older.map((number) => this.#held(number));
    const end = this.first + older.length;
    const merged = [];
    const placeOf = [];
    let at = 0;
    for (let index = 0; index < lines.length; index += 1) {
      const stamp = stampOf(lines[index]);
      for (; at < kept.length && stampOf(kept[at][0]) < stamp; at += 1) placeOf.push(merged.push(kept[at]) - 1);
      merged.push([lines[index], sources[index]]);
    }
    for (; at < kept.length; at += 1) placeOf.push(merged.push(kept[at]) - 1);
    const added = merged.slice(Math.max(0, merged.length - (CAPACITY - (this.next - end))));
    const dropped = merged.length - added.length;
    const was = this.first;
    this.#putBefore(end, added);
    return (number) => (number < was || number >= end ? number : Math.max(this.first, this.first + placeOf[number - was] - dropped));
  }

  // Our own words stand with the line that they were written before.
  #isOlder(number, stamp) {
    const line = this.line(number);
    return stampOf(line) ? stampOf(line) < stamp : isOurs(line) && number + 1 < this.next && stampOf(this.line(number + 1)) < stamp;
  }

  #putBefore(end, added) {
    for (let number = this.first; number < end; number += 1) this.#characters -= this.line(number).length;
    this.#shown?.forgetBefore(end);
    this.#found?.forgetBefore(end);
    this.first = end - added.length;
    const noted = { shown: [], found: [] };
    added.forEach((held, index) => {
      this.#hold(this.first + index, ...held);
      const { isFound, isShown } = this.#judge(this.first + index);
      if (isFound) noted.found.push(this.first + index);
      if (isShown) noted.shown.push(this.first + index);
    });
    this.#shown?.addBefore(noted.shown);
    this.#found?.addBefore(noted.found);
    this.#tellUnsure();
  }

  // Whether there is no room for earlier lines.
  get characters() {
    return this.#characters;
  }

  get isFull() {
    return this.next - this.first >= CAPACITY || this.#characters >= MOST_CHARACTERS;
  }

  // The first moment that a container's lines here have, and how many of them share it; "" and 0 for none. Lines that were
  // skipped within it count as well: who asks for what was before wants none of the lines twice.
  beginOf(source) {
    let [stamp, count] = ["", 0];
    for (let number = this.first; number < this.next; number += 1) {
      const line = this.line(number);
      const own = stampOf(line);
      if (this.sourceOf(number) !== source || !own) continue;
      if (isOurs(line) && (!stamp || !skippedIn(line))) continue;
      stamp ||= own;
      if (isOurs(line)) {
        // How many of the skipped ones were of this moment can no longer be told.
        if (own !== stamp) return { stamp, count: MOST_HELD };
        count += skippedIn(line);
      } else if (own !== stamp) break;
      else count += 1;
    }
    return { stamp, count };
  }

  // Where lines from this moment on begin. Words of ours that have no moment stay with the line before them.
  #placeBefore(stamp) {
    if (!stamp) return this.next;
    const lowest = Math.max(this.first, this.next - MOST_REORDERED);
    let from = this.next;
    for (let number = this.next - 1; number >= lowest; number -= 1) {
      const own = stampOf(this.line(number));
      if (own && own <= stamp) break;
      if (own) from = number;
    }
    return from;
  }

  #put(line, source, verdict) {
    if (this.next - this.first >= CAPACITY) this.#drop();
    this.#hold(this.next, line, source, verdict);
    this.#note(this.next);
    this.next += 1;
  }

  #hold(number, line, source, verdict = UNKNOWN) {
    const slot = number % CAPACITY;
    this.#ring[slot] = line;
    this.#sources[slot] = source;
    this.#verdicts[slot] = verdict;
    this.#characters += line.length;
  }

  #held(number) {
    return [this.line(number), this.sourceOf(number), this.#verdicts[number % CAPACITY]];
  }

  #drop() {
    const slot = this.first % CAPACITY;
    this.#characters -= this.#ring[slot].length;
    this.#ring[slot] = undefined;
    this.first += 1;
  }

  #settle() {
    while (this.#characters > MOST_CHARACTERS && this.first < this.next - 1) this.#drop();
    this.#shown?.forgetBefore(this.first);
    this.#found?.forgetBefore(this.first);
    this.#tellUnsure();
  }

  #cutAt(number) {
    for (let gone = number; gone < this.next; gone += 1) this.#characters -= this.line(gone).length;
    this.next = number;
    this.#shown?.forgetFrom(number);
    this.#found?.forgetFrom(number);
  }

  clear() {
    this.#ring.fill(undefined);
    this.#characters = 0;
    this.first = this.next;
    this.filter(this.#rule);
  }

  // Finds the lines that the finder matches, and shows only those (isOnly) and those of at least this level. A finder that
  // answers later (isLater) has answered for some of the lines: a Map of lines to whether they match.
  filter(rule, answers = new Map()) {
    this.#rule = rule;
    this.#found = rule.finder ? new Numbers() : null;
    this.#shown = (rule.finder && rule.isOnly) || rule.level ? new Numbers() : null;
    this.#verdicts.fill(UNKNOWN);
    this.#unsure = this.first;
    this.learn(answers);
  }

  // Answers for more lines; what is not here any more is passed over.
  learn(answers) {
    const from = Math.max(this.#unsure, this.first);
    this.#unsure = Infinity;
    if (!this.#found && !this.#shown) return;
    this.#shown?.forgetFrom(from);
    this.#found?.forgetFrom(from);
    for (let number = from; number < this.next; number += 1) {
      const answer = answers.size && this.#isUnsure(number) ? answers.get(this.line(number)) : undefined;
      if (answer !== undefined) this.#verdicts[number % CAPACITY] = answer ? FOUND : OTHER;
      this.#note(number);
    }
    this.#tellUnsure();
  }

  // The lines for which there is no answer yet.
  get unsure() {
    const lines = [];
    for (let number = Math.max(this.#unsure, this.first); number < this.next; number += 1) if (this.#isUnsure(number)) lines.push(this.line(number));
    return lines;
  }

  // All lines that a finder may be asked about.
  get lines() {
    const lines = [];
    for (let number = this.first; number < this.next; number += 1) if (!isOurs(this.line(number))) lines.push(this.line(number));
    return lines;
  }

  #isUnsure(number) {
    return this.#verdicts[number % CAPACITY] === UNKNOWN && !isOurs(this.line(number));
  }

  #tellUnsure() {
    if (this.#unsure < Infinity) this.onUnsure();
  }

  #note(number) {
    if (!this.#found && !this.#shown) return;
    const { isFound, isShown } = this.#judge(number);
    if (isFound) this.#found.add(number);
    if (isShown) this.#shown?.add(number);
  }

  #judge(number) {
    const { finder, isOnly, level } = this.#rule;
    const line = this.line(number);
    const isOwn = isOurs(line);
    const hasLevel = !level || isOwn || levelOf(textOf(line)) >= level;
    const isFound = !isOwn && hasLevel && this.#matches(number, line);
    return { isFound, isShown: hasLevel && (isOwn || isFound || !finder || !isOnly) };
  }

  #matches(number, line) {
    const { finder } = this.#rule;
    if (!finder?.isLater) return finder?.matches(line) ?? false;
    const verdict = this.#verdicts[number % CAPACITY];
    if (verdict === UNKNOWN) this.#unsure = Math.min(this.#unsure, number);
    return verdict === FOUND;
  }

  line(number) {
    return this.#ring[number % CAPACITY];
  }

  sourceOf(number) {
    return this.#sources[number % CAPACITY];
  }

  // How many lines are shown, and the number of the one at a place among them.
  get count() {
    return this.#shown ? this.#shown.count : this.next - this.first;
  }

  numberAt(place) {
    return this.#shown ? this.#shown.at(place) : this.first + place;
  }

  // The place of a line, or of the first one shown after it.
  placeOf(number) {
    return this.#shown ? this.#shown.placeOf(number) : Math.min(Math.max(0, number - this.first), this.next - this.first);
  }

  get foundCount() {
    return this.#found?.count ?? 0;
  }

  // The place of the match at or after a number, among all matches; the first after the last.
  foundPlace(number) {
    return this.#found ? this.#found.placeOf(number) : 0;
  }

  foundAt(place) {
    return this.#found?.at(place);
  }

  // The first line of this moment or later; undefined where all are earlier.
  numberAtMoment(stamp) {
    for (let number = this.first; number < this.next; number += 1) if (stampOf(this.line(number)) >= stamp && !isOurs(this.line(number))) return number;
    return undefined;
  }
}
