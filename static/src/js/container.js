// The page of a container: secrets on request, limits with what is used of them, trees that are searched, and facts that
// follow its state.

import htmx from "./lib/htmx.js";
import { copyText } from "./lib/copying.js";
import { csrf, icon, make, whenPresent } from "./lib/dom.js";
import { tellState } from "./lib/head_state.js";
import { withPageNonce } from "./lib/asking.js";
import { size } from "./lib/sizes.js";
import { showToast } from "./lib/toasts.js";
import { filled, gettext } from "./lib/words.js";

async function reveal(facts, names) {
  const body = new URLSearchParams(names.map((name) => ["name", name]));
  const response = await fetch(facts.dataset.secretsUrl, { method: "POST", body, headers: { "X-CSRFToken": csrf() } });
  const { values, error } = await response.json();
  if (error) throw new Error(error);
  let first = null;
  for (const masked of facts.querySelectorAll("[data-secret]")) {
    if (!Object.hasOwn(values, masked.dataset.secret)) continue;
    first ??= masked;
    masked.textContent = values[masked.dataset.secret];
    masked.classList.remove("masked");
    masked.parentElement.querySelector("[data-reveal]")?.remove();
  }
  // The button goes with what it hid: the value has the focus then, and is read out.
  first?.setAttribute("tabindex", "-1");
  first?.focus({ preventScroll: true });
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest?.("[data-reveal], [data-reveal-all]");
  if (!button) return;
  try {
    await reveal(button.closest("[data-secrets-url]"), button.dataset.reveal ? [button.dataset.reveal] : []);
    if ("revealAll" in button.dataset) button.remove();
  } catch (error) {
    showToast(filled(gettext("The values could not be fetched: %(error)s."), { error: error.message }));
  }
});

// What the charts are told, beside the limits that are set.
const USED = {
  memory: (sample) => [sample.memory, size],
  cpu: (sample) => [sample.cpu * 10, (value) => `${(value / 1000).toFixed(2)}`],
  pids: (sample) => [sample.pids, String],
};

document.addEventListener("stats:sample", ({ detail }) => {
  for (const meter of document.querySelectorAll("progress[data-meter]")) {
    const [used, words] = USED[meter.dataset.meter](detail);
    meter.value = used;
    meter.classList.toggle("warning", used >= 0.8 * meter.max && used < 0.95 * meter.max);
    meter.classList.toggle("bad", used >= 0.95 * meter.max);
    const said = filled(gettext("%(used)s of %(most)s"), { used: words(used), most: words(meter.max) });
    document.querySelector(`[data-meter-words="${meter.dataset.meter}"]`).textContent = said;
  }
});

// Whoever does not see it hears of a change of state, and facts follow it: both when the words in the head change to another state, not as they age.
whenPresent("#head-state", () => {
  let timer;
  const end = tellState(() => {
    clearTimeout(timer);
    if (document.querySelector("[data-follows]")) timer = setTimeout(follow, 300);
  });
  return () => {
    clearTimeout(timer);
    end();
  };
});

async function follow() {
  const response = await fetch(location.href);
  if (!response.ok) return;
  const text = withPageNonce(await response.text(), response);
  for (const { id, dataset, firstElementChild } of document.querySelectorAll("[data-follows]")) {
    // Charts come with the first start; from then on they go on by themselves.
    if (dataset.follows === "while-empty" && firstElementChild) continue;
    await htmx.swap({ sourceElement: document.body, target: `#${id}`, select: `#${id}`, swap: "outerHTML", text });
  }
}

function pathOf(leaf) {
  const names = [leaf.querySelector(":scope > .k, :scope > summary > .k").textContent];
  for (let at = leaf.parentElement.closest("details"); at; at = at.parentElement.closest("details")) names.unshift(at.querySelector(":scope > summary > .k").textContent);
  return names;
}

// A tree gets a copy button on the line that the pointer or the focus is on; the path is written as jq and Docker's
// --format take it.
const written = (names) => names.map((name) => (/^\d+$/.test(name) ? `[${name}]` : /^\w+$/.test(name) ? `.${name}` : `["${name}"]`)).join("");

whenPresent("[data-tree]", (tree) => {
  const isFiles = tree.querySelector(".k")?.textContent.endsWith("/") || tree.querySelector("abbr") !== null;
  const button = make("button", { type: "button", class: "btn-icon copy", "aria-label": gettext("Copy the path"), title: gettext("Copy the path") }, icon("copy"));
  function moveTo(event) {
    const line = event.target.closest?.(".leaf, summary");
    // Moved only to another line: a button that moves under the pointer is never clicked.
    if (line && button.parentElement !== line) line.append(button);
  }
  tree.addEventListener("pointerover", moveTo);
  tree.addEventListener("focusin", moveTo);
  button.addEventListener("click", (event) => {
    event.preventDefault();
    const line = button.closest(".leaf, summary");
    const names = pathOf(line.matches("summary") ? line.parentElement : line);
    copyText(isFiles ? `/${names.join("").replace(/\/$/, "")}` : written(names));
  });
});

whenPresent("[data-searched]", (card) => {
  const box = card.querySelector("[data-search]");
  const count = card.querySelector("[data-search-count]");
  const tree = card.querySelector("[data-tree]");
  const text = card.querySelector("[data-text]");
  if (!box) return;
  const wasOpen = new Map([...card.querySelectorAll("[data-tree] details")].map((branch) => [branch, branch.open]));
  let timer;
  box.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(search, 80);
  });
  box.addEventListener("keydown", (event) => event.key === "Enter" && next());

  function search() {
    const wanted = box.value.trim().toLowerCase();
    const found = tree ? searchTree(wanted) : searchText(wanted);
    count.textContent = wanted ? String(found) : "";
  }

  function searchTree(wanted) {
    let found = 0;
    const visit = (element, isInside) => {
      const line = element.matches("details") ? element.querySelector(":scope > summary") : element;
      const hit = wanted !== "" && line.textContent.toLowerCase().includes(wanted);
      if (hit) found += 1;
      line.classList.toggle("is-hit", hit);
      const below = element.matches("details") ? [...element.children].slice(1).map((child) => visit(child, isInside || hit)).some(Boolean) : false;
      const isShown = wanted === "" || hit || below || isInside;
      element.hidden = !isShown;
      if (element.matches("details")) element.open = wanted === "" ? wasOpen.get(element) : below || (element.open && hit);
      return hit || below;
    };
    for (const child of tree.querySelector(".tree").children) visit(child, false);
    return found;
  }

  let ranges = [];
  let at = -1;
  function searchText(wanted) {
    ranges = [];
    at = -1;
    CSS.highlights?.clear();
    const node = text.firstChild;
    const whole = node?.data.toLowerCase() ?? "";
    for (let place = wanted ? whole.indexOf(wanted) : -1; place >= 0 && ranges.length < 2000; place = whole.indexOf(wanted, place + wanted.length)) {
      const range = new Range();
      range.setStart(node, place);
      range.setEnd(node, place + wanted.length);
      ranges.push(range);
    }
    if (ranges.length && globalThis.Highlight) CSS.highlights.set("found", new Highlight(...ranges));
    next();
    return ranges.length;
  }

  function next() {
    if (tree || !ranges.length) return;
    at = (at + 1) % ranges.length;
    if (globalThis.Highlight) CSS.highlights.set("current", new Highlight(ranges[at]));
    const place = ranges[at].getBoundingClientRect();
    scrollBy({ top: place.top - innerHeight / 2 });
  }

  return () => clearTimeout(timer);
});
