// Which part of the log is shown: the last lines, the last minutes, from one moment to another, or around a moment. Kept in
// the page's address, so that a link opens there.

import { inputOf, stampOfDate, stampOfInput } from "./log_times.js";
import { writeAddress } from "./log_bar.js";
import { gettext } from "./words.js";

const STAMP = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?Z$/;

// A moment of the address with the nine digits that lines have; "" for what is none.
function momentOf(text) {
  const match = STAMP.exec(text ?? "");
  return match && !Number.isNaN(Date.parse(`${match[1]}Z`)) ? `${match[1]}.${(match[2] ?? "").padEnd(9, "0")}Z` : "";
}

// change() is called when another part is wanted; isUtc() says in which zone the boxes are read.
export class LogRange {
  #part;
  #change;
  #isUtc;
  at = "";
  #from = "";
  #to = "";

  constructor(part, { change, isUtc }) {
    this.#part = part;
    this.#change = change;
    this.#isUtc = isUtc;
    this.#read();
    part("range")?.addEventListener("change", () => this.#chosen());
    part("moments")?.addEventListener("input", () => part("to").setCustomValidity(""));
    part("moments")?.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#given();
    });
  }

  get #kind() {
    return this.#part("range")?.value ?? "tail-200";
  }

  // Whether lines that are written now will come.
  get isLive() {
    return !this.at && !this.#to;
  }

  // Whether the last lines were asked for, whenever they were written.
  get isTail() {
    return !this.begin && this.#kind.startsWith("tail");
  }

  // The moment before which the part of the log that is shown begins, "" where it goes on to now.
  get begin() {
    return this.at || this.#from || this.#to;
  }

  #read() {
    const asked = new URLSearchParams(location.search);
    [this.at, this.#from, this.#to] = ["at", "since", "until"].map((name) => momentOf(asked.get(name)));
    const select = this.#part("range");
    if (!select) return;
    if (this.at) select.value = "at";
    else if (this.#from || this.#to) select.value = "between";
    else if ([...select.options].some((option) => option.value === asked.get("range"))) select.value = asked.get("range");
    this.#showBoxes();
  }

  #chosen() {
    const needsMoments = this.#kind === "at" || this.#kind === "between";
    [this.at, this.#from, this.#to] = ["", "", ""];
    this.#showBoxes();
    if (needsMoments) return this.#part("from").focus();
    this.#write();
    this.#change();
  }

  #given() {
    const isUtc = this.#isUtc();
    // What was not touched stays as exact as it came: a box shows whole seconds, and two hours of a night alike.
    const given = (name, stamp, isEnd) => {
      const { value } = this.#part(name);
      return stamp && value && stampOfInput(value, isUtc) === stampOfInput(inputOf(stamp, isUtc), isUtc) ? stamp : stampOfInput(value, isUtc, isEnd);
    };
    const from = given("from", this.at || this.#from, false);
    const to = given("to", this.#to, true);
    const isReversed = this.#kind === "between" && from && to && to < from;
    this.#part("to").setCustomValidity(isReversed ? gettext("This is earlier than “From”.") : "");
    if (!this.#part("to").reportValidity()) return;
    if (this.#kind === "at") [this.at, this.#from, this.#to] = [from, "", ""];
    else [this.at, this.#from, this.#to] = ["", from, to];
    if (!from && !to) return this.#part("from").focus();
    this.#write();
    this.#change();
  }

  // Around a moment, from wherever else: a link to a line, lines that were skipped.
  around(stamp) {
    [this.at, this.#from, this.#to] = [stamp, "", ""];
    if (this.#part("range")) this.#part("range").value = "at";
    this.#showBoxes();
    this.#write();
    this.#change();
  }

  // Back to what is written now.
  live() {
    const select = this.#part("range");
    if (select) select.value = [...select.options].find((option) => option.defaultSelected)?.value ?? "tail-2000";
    this.#chosen();
  }

  #showBoxes() {
    const row = this.#part("moments");
    if (!row) return;
    row.hidden = this.#kind !== "at" && this.#kind !== "between";
    this.#part("to").closest("label").hidden = this.#kind === "at";
    const [from, to] = [this.at || this.#from, this.#to];
    const boxOf = (stamp) => (stamp ? inputOf(stamp, this.#isUtc()) : "");
    this.#part("from").value = boxOf(from) || inputOf(stampOfDate(new Date(Date.now() - 3600e3)), this.#isUtc());
    this.#part("to").value = boxOf(to);
  }

  #write() {
    const isPlain = this.#part("range")?.selectedOptions[0]?.defaultSelected || this.at || this.#from || this.#to;
    writeAddress({ at: this.at, since: this.#from, until: this.#to, range: isPlain ? "" : this.#kind });
  }

  // The query for the server.
  query() {
    if (this.at) return `at=${this.at}`;
    if (this.#from || this.#to) return new URLSearchParams(Object.entries({ since: this.#from, until: this.#to }).filter(([, value]) => value)).toString();
    const [kind, count] = this.#kind.split("-");
    return kind === "last" ? `since=${stampOfDate(new Date(Date.now() - count * 1000))}` : `tail=${count}`;
  }
}
