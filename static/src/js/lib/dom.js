// What all behaviours share: finding elements that are there or come later, making elements, asking the server.

const watched = [];
const running = new Map();

// Calls start(element) for each element that matches, now or whenever htmx brings it. What start returns is called once
// the element has gone.
export function whenPresent(selector, start) {
  watched.push({ selector, start });
  scan();
}

function scan() {
  for (const { selector, start } of watched) {
    for (const element of document.querySelectorAll(selector)) {
      const started = running.get(element) ?? new Map();
      if (started.has(selector)) continue;
      started.set(selector, start(element));
      running.set(element, started);
    }
  }
  for (const [element, started] of running) {
    if (element.isConnected) continue;
    for (const stop of started.values()) stop?.();
    running.delete(element);
  }
}

// Calls work() after htmx has changed the page, before that is painted: once for all that changed since, as there may be hundreds
// of changes in a second. Returns what ends it.
export function afterSwaps(work) {
  let isDue = false;

  function run() {
    isDue = false;
    work();
  }

  function plan() {
    if (isDue) return;
    isDue = true;
    // A page that is not shown is not painted.
    if (document.hidden) setTimeout(run);
    else requestAnimationFrame(run);
  }

  document.addEventListener("htmx:after:swap", plan);
  return () => document.removeEventListener("htmx:after:swap", plan);
}

afterSwaps(scan);
addEventListener("pagehide", () => {
  for (const started of running.values()) for (const stop of started.values()) stop?.();
  running.clear();
});
addEventListener("pageshow", (event) => event.persisted && scan());

export const csrf = () => document.querySelector('meta[name="csrf"]')?.content ?? "";

export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) element.setAttribute(name, "");
    else if (value !== false && value != null) element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

// An icon of the sprite that the page uses already.
export function icon(name) {
  const sprite = document.querySelector("svg.icon use")?.getAttribute("href")?.split("#")[0] ?? "";
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `${sprite}#${name}`);
  svg.append(use);
  return svg;
}

export const isTyping = (target) => target instanceof Element && target.closest("input:not([type=checkbox]), textarea, select, [contenteditable], .xterm") !== null;

export function webSocketUrl(path) {
  return `${location.protocol === "https:" ? "wss:" : "ws:"}//${location.host}${path}`;
}
