// A regular expression as a finder whose answers come later. No page runs a pattern itself, since nobody can tell whether it
// ends: a worker does, within a bound, and what takes longer is put aside.

import { gettext } from "./words.js";

// Sound patterns need some milliseconds for one request, on a busy machine some more.
const LONGEST_MS = 1000;
// An answer that waits for a page that is busy itself comes before the bound.
const GRACE_MS = 100;
const MOST_LINES = 20_000;
const MOST_CHARACTERS = 1_000_000;
// Texts whose ranges are kept: far more than are drawn at a time.
const MOST_MARKED = 1000;

const OURS = /^\/static\/pattern_worker-[A-Z0-9]{8}\.js$/;
const policy = globalThis.trustedTypes?.createPolicy("quayside-worker", { createScriptURL: ours }) ?? { createScriptURL: ours };

function ours(url) {
  if (!OURS.test(url)) throw new TypeError(`${url} is no worker of ours`);
  return url;
}

// null where nothing is asked; throws for a pattern that is none. Calls onMarked() when ranges have come that were asked for,
// and once onFailed(words) when the pattern is put aside: it is over then, and what was asked for is never answered.
export function patternOf(query, url, { onMarked, onFailed }) {
  return query ? new Pattern(query, url, onMarked, onFailed) : null;
}

class Pattern {
  isLater = true;
  #query;
  #worker;
  #turn;
  #isReady = false;
  #isOver = false;
  #bound = 0;
  #marks = new Map();
  #unmarked = new Set();
  #onMarked;
  #onFailed;

  constructor(query, url, onMarked, onFailed) {
    new RegExp(query, "gi");
    [this.#query, this.#onMarked, this.#onFailed] = [query, onMarked, onFailed];
    this.#worker = new Worker(policy.createScriptURL(url));
    this.#worker.addEventListener("error", () => this.#fail());
    this.#turn = new Promise((resolve) => (this.#worker.onmessage = resolve)).then(() => (this.#isReady = true));
  }

  // Resolves to a Map of each line to whether it matches.
  async answers(lines) {
    const all = new Map();
    for (const some of parts(lines)) {
      const found = await this.#ask({ lines: some });
      some.forEach((line, index) => all.set(line, found[index]));
    }
    return all;
  }

  // As far as they are known: none at first.
  ranges(text) {
    const known = this.#marks.get(text);
    if (known) return known;
    if (!this.#unmarked.size) queueMicrotask(() => this.#mark());
    this.#unmarked.add(text);
    return [];
  }

  stop() {
    this.#isOver = true;
    clearTimeout(this.#bound);
    this.#worker.terminate();
  }

  async #mark() {
    const texts = [...this.#unmarked];
    const found = await this.#ask({ texts });
    if (this.#marks.size > MOST_MARKED) this.#marks.clear();
    texts.forEach((text, index) => {
      this.#marks.set(text, found[index]);
      this.#unmarked.delete(text);
    });
    if (this.#unmarked.size) this.#mark();
    this.#onMarked();
  }

  // One request at a time, so that each has the whole of its bound.
  #ask(request) {
    return (this.#turn = this.#turn.then(() => this.#answer(request)));
  }

  #answer(request) {
    return new Promise((resolve) => {
      if (this.#isOver) return;
      this.#bound = setTimeout(() => (this.#bound = setTimeout(() => this.#fail(), GRACE_MS)), LONGEST_MS);
      this.#worker.onmessage = ({ data }) => {
        clearTimeout(this.#bound);
        resolve(data);
      };
      this.#worker.postMessage({ query: this.#query, ...request });
    });
  }

  #fail() {
    if (this.#isOver) return;
    this.stop();
    this.#onFailed(this.#isReady ? gettext("This pattern takes too long on these lines; make it simpler.") : gettext("Patterns cannot be searched just now; load the page again."));
  }
}

// Requests of a bounded size.
function* parts(lines) {
  let part = [];
  let characters = 0;
  for (const line of lines) {
    if (part.length === MOST_LINES || (part.length && characters + line.length > MOST_CHARACTERS)) {
      yield part;
      [part, characters] = [[], 0];
    }
    part.push(line);
    characters += line.length;
  }
  if (part.length) yield part;
}
