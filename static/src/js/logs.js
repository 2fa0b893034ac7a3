// The log of a container, live: a socket fills the buffer, a window shows it, one thin bar steers both.

import "../css/logs.css";
import { copyText } from "./lib/copying.js";
import { icon, make, whenPresent } from "./lib/dom.js";
import { liveSocket } from "./lib/live_socket.js";
import { LogBuffer } from "./lib/log_buffer.js";
import { stampOf, textOf } from "./lib/log_lines.js";
import { LogWindow } from "./lib/log_window.js";
import { filled, gettext, ngettext } from "./lib/words.js";

const number = new Intl.NumberFormat("en");

whenPresent("[data-logs]", (pane) => {
  const part = (name) => pane.querySelector(`[data-log-${name}]`);
  const buffer = new LogBuffer();
  const view = new LogWindow(part("view"), buffer);
  const figures = { rate: 0, counted: 0, skipped: 0, since: performance.now(), state: "", heldAt: 0 };
  let last = "";
  let isPaused = false;

  const url = () => `${pane.dataset.url}?tail=${part("tail")?.value ?? 200}`;
  const socket = liveSocket(url(), { onMessage, onState });

  function onMessage(message) {
    if (message.t === "lines") take(message);
    else if (message.t === "skipped") skipped(message.count);
    else if (message.t === "state") tell(message);
    socket.send({ ack: 1 });
    if (!isPaused) view.draw();
  }

  function take({ lines, replay }) {
    // After a lost connection the server begins with what it kept, most of which is here already.
    const fresh = replay && last ? lines.filter((line) => stampOf(line) > last) : lines;
    if (!fresh.length) return;
    buffer.add(fresh);
    last = stampOf(fresh[fresh.length - 1]) || last;
    if (!replay) figures.counted += fresh.length;
    part("empty").hidden = true;
  }

  function skipped(count) {
    figures.skipped += count;
    buffer.add([`s${filled(gettext("%(count)s lines skipped here: your connection was slower than the log. The download has them all"), { count: number.format(count) })}`]);
  }

  function note(words) {
    buffer.add([`n${words}`]);
    view.draw();
  }

  function tell({ state, code, error }) {
    const before = figures.state;
    figures.state = state;
    if (state === "stopped") note(filled(gettext("the container has stopped, exit code %(code)s; its next start will go on here"), { code }));
    else if (state === "cut" && before !== "cut") note(filled(gettext("the host does not answer: %(error)s; trying again"), { error }));
    else if (state === "gone") note(gettext("the container was removed"));
    else if (state === "live" && before === "stopped") note(gettext("the container was started"));
    if (state !== "live" && !last) part("empty").hidden = true;
    draw();
  }

  function onState(state, why) {
    if (state === "open") {
      if (figures.state === "lost") figures.state = "";
      return;
    }
    figures.state = state;
    if (state === "over") note(why);
    draw();
  }

  function draw() {
    const words = [filled(gettext("%(count)s lines/s"), { count: number.format(figures.rate) }), filled(gettext("%(count)s skipped"), { count: number.format(figures.skipped) })];
    if (figures.state === "lost") words.unshift(gettext("connection lost"));
    part("figures").textContent = words.join(" · ");
    part("figures").classList.toggle("is-warning", figures.state === "lost" || figures.state === "cut");
    const behind = buffer.next - figures.heldAt;
    const jump = part("jump");
    jump.hidden = view.isFollowing && !isPaused;
    if (!jump.hidden) jump.textContent = behind > 0 ? `${filled(ngettext("%(count)s new line", "%(count)s new lines", behind), { count: number.format(behind) })} ↓` : `${gettext("go to the end")} ↓`;
  }

  const timer = setInterval(() => {
    const now = performance.now();
    figures.rate = Math.round((figures.counted * 1000) / (now - figures.since));
    figures.counted = 0;
    figures.since = now;
    draw();
  }, 1000);

  view.onScroll = () => {
    if (view.isFollowing) figures.heldAt = buffer.next;
    else figures.heldAt ||= buffer.next;
    draw();
  };

  function pause(wanted) {
    isPaused = wanted;
    figures.heldAt = buffer.next;
    const button = part("pause");
    button.setAttribute("aria-pressed", String(wanted));
    button.querySelector("svg").replaceWith(icon(wanted ? "player-play" : "player-pause"));
    const label = wanted ? gettext("Go on") : gettext("Pause");
    button.setAttribute("aria-label", label);
    button.title = label;
    const words = button.querySelector("span");
    if (words) words.textContent = label;
    view.follow(!wanted);
  }

  function filter() {
    const query = part("query").value.trim().toLowerCase();
    const isOnly = part("only")?.getAttribute("aria-pressed") !== "false";
    view.query = query;
    buffer.filter(isOnly ? query : "", Number(part("level").value));
    view.draw();
  }

  let waiting;
  part("query").addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(filter, 80);
  });
  part("level").addEventListener("change", filter);
  part("tail")?.addEventListener("change", () => {
    buffer.clear();
    last = "";
    socket.restart(url());
    view.follow(true);
  });
  toggle("only", filter);
  toggle("times", (isOn) => pane.classList.toggle("no-times", !isOn));
  toggle("wrap", (isOn) => {
    view.isWrapped = isOn;
    pane.classList.toggle("is-wrapped", isOn);
    view.draw();
  });
  part("pause").addEventListener("click", () => pause(!isPaused));
  part("jump").addEventListener("click", () => pause(false));
  part("copy")?.addEventListener("click", copy);
  part("full").addEventListener("click", () => (document.fullscreenElement ? document.exitFullscreen() : pane.requestFullscreen()));

  function toggle(name, act) {
    const button = part(name);
    button?.addEventListener("click", () => {
      const isOn = button.getAttribute("aria-pressed") !== "true";
      button.setAttribute("aria-pressed", String(isOn));
      act(isOn);
    });
  }

  function shownLines() {
    const lines = [];
    for (let place = 0; place < buffer.count; place += 1) {
      const line = buffer.line(buffer.numberAt(place));
      lines.push(`${stampOf(line)} ${textOf(line)}`.trimStart());
    }
    return lines;
  }

  // As it is filtered now; what the page does not hold is in the whole log, which the server sends.
  function save(event) {
    if (!event.target.closest?.("[data-log-save]")) return;
    const url = URL.createObjectURL(new Blob([`${shownLines().join("\n")}\n`], { type: "text/plain" }));
    make("a", { href: url, download: pane.dataset.fileName }).click();
    setTimeout(() => URL.revokeObjectURL(url), 10_000);
  }
  if (pane.dataset.fileName) document.addEventListener("click", save);

  async function copy() {
    const lines = shownLines();
    await copyText(`${lines.join("\n")}\n`);
    const button = part("copy");
    const [words, use] = [button.querySelector("span"), button.querySelector("use")];
    const was = use.getAttribute("href");
    words.textContent = filled(ngettext("Copied %(count)s line", "Copied %(count)s lines", lines.length), { count: number.format(lines.length) });
    use.setAttribute("href", `${was.split("#")[0]}#check`);
    setTimeout(() => {
      words.textContent = gettext("Copy");
      use.setAttribute("href", was);
    }, 2000);
  }

  return () => {
    clearInterval(timer);
    document.removeEventListener("click", save);
    socket.stop();
    view.stop();
  };
});
