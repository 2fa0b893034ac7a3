// Says when what is shown is no longer live, and since when; looks after the sockets of hx-ws, which itself sees only lines
// that were ended. A short interruption is over before anybody reads of it.

import htmx from "./htmx.js";
import { announce } from "./announce.js";
import { heartbeat } from "./heartbeat.js";
import { CLOSED_FOR_GOOD } from "./live_socket.js";
import { filled, gettext } from "./words.js";

const LOOK_MS = 1000;
const SHORT_MS = 2000;
const ABNORMAL = 1006;

// By the element that a socket belongs to: what ends the looking after it.
const watched = new Map();
// By the element whose socket is not live: since when, and why it will not be again ("" for as long as it is tried).
const down = new Map();
let timer;

function watch(element, connection) {
  watched.get(element)?.();
  let own = null;
  let beats = null;
  let heard = Date.now();

  // hx-ws makes its sockets anew without a word.
  function look() {
    if (!element.isConnected) return stop();
    if (connection.socket && connection.socket !== own) take(connection.socket);
  }

  function take(socket) {
    own = socket;
    beats?.stop();
    beats = heartbeat({
      ask: () => socket.readyState === WebSocket.OPEN && socket.send('{"ping":1}'),
      late: (isLate) => (isLate ? lose(element, heard, "") : back(element)),
      dead: () => giveUp(socket),
    });
    // Until it is open it has not answered at all.
    if (socket.readyState === WebSocket.CONNECTING) beats.expect();
    for (const kind of ["open", "message"]) {
      socket.addEventListener(kind, () => {
        heard = Date.now();
        if (own === socket) beats.heard();
      });
    }
    socket.addEventListener("close", () => own === socket && beats.stop());
  }

  // A browser waits for the other end before it says that a socket is closed; hx-ws hears of it now, and only once.
  function giveUp(socket) {
    const now = new CloseEvent("close", { code: ABNORMAL });
    socket.addEventListener("close", (event) => event !== now && event.stopImmediatePropagation(), { capture: true });
    socket.close();
    socket.dispatchEvent(now);
  }

  function stop() {
    clearInterval(looks);
    beats?.stop();
    if (watched.get(element) === stop) watched.delete(element);
    if (down.delete(element)) show();
  }

  const looks = setInterval(look, LOOK_MS);
  watched.set(element, stop);
  queueMicrotask(look);
  return { look, since: () => heard };
}

function lose(element, since, why, { isSure = true } = {}) {
  const before = down.get(element);
  down.set(element, { since: Math.min(before?.since ?? since, since), why });
  clearTimeout(timer);
  if (isSure) show();
  else timer = setTimeout(show, SHORT_MS);
}

function back(element) {
  if (down.delete(element)) show();
}

const note = () => document.getElementById("connection");

function clock(at) {
  const then = new Date(at);
  const time = then.toTimeString().slice(0, 8);
  return then.toDateString() === new Date().toDateString() ? time : `${then.toLocaleDateString()} ${time}`;
}

function words() {
  const all = [...down.values()];
  const time = clock(Math.min(...all.map(({ since }) => since)));
  const why = all.find((one) => one.why)?.why;
  if (why) return `${filled(gettext("Not live since %(time)s."), { time })} ${why}`;
  return filled(gettext("Not live since %(time)s. Trying again…"), { time });
}

function show() {
  clearTimeout(timer);
  const place = note();
  if (!place) return;
  const wasShown = !place.hidden;
  if (down.size) place.textContent = words();
  place.hidden = down.size === 0;
  document.documentElement.classList.toggle("is-not-live", down.size > 0);
  if (wasShown && place.hidden) announce(gettext("Live again."));
}

const lines = new WeakMap();
// What hx-ws keeps of the socket of an element.
export const connectionOf = (element) => element && lines.get(element)?.connection;

document.addEventListener("htmx:ws:before:connection", ({ target, detail }) => {
  if (lines.get(target)?.connection === detail.connection) return;
  lines.set(target, { connection: detail.connection, ...watch(target, detail.connection) });
});

document.addEventListener("htmx:ws:after:connection", ({ target, detail }) => {
  // Whoever comes back says so where the socket would else tell only what is new from then on.
  if (target.dataset.again) detail.connection.url = new URL(target.dataset.again, detail.connection.url).href;
  lines.get(target)?.look();
  back(target);
});

document.addEventListener("htmx:ws:close", ({ target, detail }) => {
  if (detail.reason !== "closed") watched.get(target)?.();
  // A page that nobody sees rests.
  else if (document.hidden) back(target);
  else lose(target, lines.get(target)?.since() ?? Date.now(), whyOver(detail.code), { isSure: down.has(target) });
});

const whyOver = (code) => CLOSED_FOR_GOOD[code] ?? (htmx.config.ws.reconnectCodes.includes(code) ? "" : gettext("Reload the page to go on."));

// A page that the browser had put away has lost its sockets for good.
addEventListener("pageshow", ({ persisted }) => persisted && watched.size && location.reload());

// What is sent again after a break, because the page may have missed it, is there once.
document.addEventListener("htmx:ws:before:message:incoming", ({ detail }) => {
  const { data } = detail.message;
  if (!/^\{"target":"#[\w-]+","swap":"(afterbegin|beforeend)"/.test(data)) return;
  for (const [, id] of JSON.parse(data).content.matchAll(/<(?:tr|div) [^<>]*?\bid="([a-z]-\d+)"/g)) document.getElementById(id)?.remove();
});
