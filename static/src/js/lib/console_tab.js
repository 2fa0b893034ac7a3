// One terminal, joined to a session on the server. The server waits for what is not drawn yet, so a flood of output
// neither fills memory nor makes Ctrl-C wait behind it. A connection that breaks is made again, and the session goes on.

import { FitAddon } from "@xterm/addon-fit";
import { Terminal } from "@xterm/xterm";
import "@xterm/xterm/css/xterm.css";
import { typing } from "./console_typing.js";
import { answersOnce } from "./console_answers.js";
import { copyText } from "./copying.js";
import { webSocketUrl } from "./dom.js";
import { heartbeat } from "./heartbeat.js";
import { showToast } from "./toasts.js";
import { filled, gettext, ngettext } from "./words.js";

const THEME = { background: "#07131b", foreground: "#d5e1e8", cursor: "#2dd4bf", selectionBackground: "#1d4a52", black: "#16272f", brightBlack: "#7f94a2", red: "#f87171", green: "#4ade80", yellow: "#fbbf24", blue: "#93c5fd", magenta: "#d8b4fe", cyan: "#5eead4", white: "#d5e1e8" }; // prettier-ignore
const CLOSED = { 4401: gettext("You are signed out, and what ran here was ended. Sign in again to open a new one."), 4403: gettext("You may not open a console here. An administrator can allow it."), 4404: gettext("This host is no longer here. It was removed from Quayside.") };
const MAY_NO_LONGER = gettext("You may no longer use a console here, so it was ended. An administrator can allow it again.");
// What can be done after each, where it is not to open one again.
const OFFERS = { 4401: "sign-in", 4403: "", 4404: "" };
// What keys send: plain, and where a program asked for application cursor keys.
const KEYS = { esc: ["\x1b", "\x1b"], tab: ["\t", "\t"], up: ["\x1b[A", "\x1bOA"], down: ["\x1b[B", "\x1bOB"], right: ["\x1b[C", "\x1bOC"], left: ["\x1b[D", "\x1bOD"] };
// Of a terminal that no other window shows.
const ALONE = { rows: Infinity, columns: Infinity, windows: 1, answers: true };
// The server keeps a session that nobody looks at for a minute, from when it has noticed; it says so where that is over.
const PATIENCE_MS = 120_000;

Terminal.strings.promptLabel = gettext("Terminal");
Terminal.strings.tooMuchOutput = gettext("Too much came at once to be read out; go through the rows.");

// `asked` is {kind, command, user, folder}; `before` a session to go on with, or null; `isRead`: a screen reader reads it.
export function openConsole(pane, url, asked, before, { isRead,  onState, onLabel, onFailed, onNote, onPaused, onShells, onCtrl, onUseless, onGone }) {
  const terminal = new Terminal({
    fontFamily: '"JetBrains Mono", ui-monospace, monospace', fontSize: 13, lineHeight: 1.25, scrollback: 10_000, cursorBlink: true,
    allowProposedApi: false, theme: THEME, screenReaderMode: isRead, linkHandler: { activate: () => {} },
  }); // prettier-ignore
  const fitting = new FitAddon();
  let socket;
  let beats;
  let session = before;
  let at = 0;
  let pause = 300;
  let lostSince = 0;
  let isLate = false;
  let timer;
  let isOver = false;
  let isTty = true;
  let wasOpened = false;
  let isCtrl = false;
  let state = ["off", ""];
  // The size of the window; and that of the terminal where other windows show it too, and how many do.
  let room = { rows: 24, cols: 80 };
  let shared = ALONE;
  // What was drawn of the session, and up to where it was drawn before, by another page.
  let drawnTo = 0;
  let seen = 0;
  const typed = typing(send);

  terminal.loadAddon(fitting);
  terminal.open(pane);
  terminal.textarea?.setAttribute("aria-describedby", "console-way-out");
  // What a container writes stays in its pane: no titles, no clipboard, no notifications of the desktop.
  for (const code of [0, 1, 2, 9, 52, 777]) terminal.parser.registerOscHandler(code, () => true);
  answersOnce(terminal, () => shared.answers && drawnTo >= seen);
  fit();
  connect();

  function fit() {
    const fits = !pane.hidden && pane.isConnected ? fitting.proposeDimensions() : undefined;
    if (!fits || Number.isNaN(fits.cols)) return;
    if (fits.rows !== room.rows || fits.cols !== room.cols) {
      room = fits;
      tellSize();
    }
    takeRoom();
  }

  function tellSize() {
    send(JSON.stringify({ rows: room.rows, columns: room.cols }));
  }

  // No larger than the smallest of the windows that show it: a program that knows of 80 columns does not draw the 81st.
  function takeRoom() {
    const [rows, cols] = [Math.min(room.rows, shared.rows), Math.min(room.cols, shared.columns)];
    if (rows !== terminal.rows || cols !== terminal.cols) terminal.resize(cols, rows);
  }

  function connect() {
    if (!lostSince) tell("off", gettext("connecting"));
    const query = session ? { session, at, kind: asked.kind } : { kind: asked.kind, command: asked.command ?? "", user: asked.user ?? "", folder: asked.folder ?? "" };
    const own = (socket = new WebSocket(webSocketUrl(`${url}?${new URLSearchParams({ ...query, rows: room.rows, columns: room.cols })}`)));
    own.binaryType = "arraybuffer";
    beats?.stop();
    beats = heartbeat({ ask: () => send(JSON.stringify({ ping: 1 })), late: (isLate) => wasOpened && tell(...state, isLate ? gettext("no answer") : ""), dead: () => dead(own) });
    own.onmessage = ({ data }) => {
      if (own !== socket) return;
      beats.heard();
      if (typeof data === "string") told(JSON.parse(data));
      else draw(own, data);
    };
    own.onclose = ({ code }) => own === socket && closed(code);
  }

  // A browser goes on waiting for the other end for a long time.
  function dead(own) {
    if (own !== socket) return;
    socket = null;
    own.close();
    closed(0);
  }

  // `instead` are words for as long as it does not answer.
  function tell(tone, words, instead = "") {
    state = [tone, words];
    isLate = Boolean(instead);
    const isAway = instead || lostSince;
    const waits = isAway && typed.waiting ? ` · ${gettext("what you type waits")}` : "";
    const others = shared.windows - 1;
    const company = tone === "good" && others ? ` · ${filled(ngettext("%(count)s other window too, at the smaller size", "%(count)s other windows too, at the smallest size", others), { count: others })}` : "";
    onState(instead ? "warning" : tone, `${instead || words}${waits}${company}`);
  }

  function draw(own, data) {
    const before = Math.min(Math.max(0, seen - at), data.byteLength);
    at += data.byteLength;
    for (const piece of [data.slice(0, before), data.slice(before)]) {
      if (!piece.byteLength) continue;
      terminal.write(new Uint8Array(piece), () => {
        drawnTo += piece.byteLength;
        if (own.readyState === WebSocket.OPEN) own.send(JSON.stringify({ drawn: piece.byteLength }));
      });
    }
  }

  function told(message) {
    if (message.t === "opened") opened(message);
    else if (message.t === "shells") onShells(message.shells);
    else if (message.t === "typed") typed.had(message.at);
    else if (message.t === "size") share(message);
    else if (message.t === "lost") lost(message.count);
    else if (message.t === "note") onNote(message.words);
    else if (message.t === "paused") paused(message.is);
    else if (message.t === "ended") ended(message);
    else if (message.t === "failed" && before && !wasOpened) onGone();
    else if (message.t === "failed") over("bad", gettext("not connected"), { failed: message.words });
    else if (message.t === "taken") over("off", gettext("not connected"), { failed: gettext("It is shown in another window."), isWritten: true });
  }

  function share(message) {
    shared = message;
    takeRoom();
    tell(...state);
  }

  // The main process waits for no window: this one was too slow. What comes next may begin within an escape, which CAN ends.
  function lost(count) {
    at += count;
    drawnTo += count;
    terminal.write(`\x18\r\n\x1b[0;2m${filled(ngettext("%(count)s byte is missing here: this window was slower than the program", "%(count)s bytes are missing here: this window was slower than the program", count), { count })}\x1b[0m\r\n`);
  }

  // What is typed meanwhile waits in the terminal, and is taken when the container goes on.
  function paused(isPaused) {
    onPaused(isPaused);
    tell(isPaused ? "warning" : "good", isPaused ? gettext("paused") : gettext("connected"));
  }

  function ended({ useless, words }) {
    if (useless) onUseless();
    over("off", gettext("ended"), { failed: words, isWritten: true });
  }

  function opened(message) {
    const isSame = session === message.session;
    session = message.session;
    wasOpened = true;
    // Nothing of it was seen here yet: what is kept begins somewhere.
    if (isSame && message.lost && at) terminal.write(`\r\n\x1b[2m${filled(gettext("%(count)s bytes were lost while the connection was"), { count: message.lost })}\x1b[0m\r\n`);
    // What was written and is not drawn yet will be: it was seen here.
    drawnTo += message.at - at;
    [at, seen] = [message.at, message.seen];
    isTty = message.tty;
    terminal.options.convertEol = !isTty;
    [pause, lostSince] = [300, 0];
    tell("good", gettext("connected"));
    onPaused(false);
    onLabel(message.label);
    shared = ALONE;
    tellSize();
    // People type before a shell stands, and while a connection is made again.
    typed.join(message.typed);
  }

  function closed(code) {
    typed.part();
    beats.stop();
    if (isOver) return;
    if (CLOSED[code]) return over("bad", gettext("not connected"), { failed: code === 4403 && wasOpened ? MAY_NO_LONGER : CLOSED[code], offer: OFFERS[code] });
    lostSince ||= Date.now();
    if (!session || Date.now() - lostSince > PATIENCE_MS) return over("bad", gettext("not connected"), { failed: gettext("The connection was lost, and the console with it.") });
    tell("warning", gettext("connection lost, trying again"));
    timer = setTimeout(connect, pause * (0.7 + Math.random() * 0.6));
    pause = Math.min(pause * 2, 5000);
  }

  function over(tone, words, { isWritten = false, failed = "", offer = "again" }) {
    isOver = true;
    session = null;
    beats.stop();
    onPaused(false);
    onState(tone, words);
    if (isWritten) terminal.write(`\r\n\x1b[2m${failed.replace(/[^\P{C}]/gu, "")}\x1b[0m\r\n`);
    // While it was connected nobody waits for it: a program that has ended takes no more.
    const untaken = lostSince ? typed.drop() : 0;
    onFailed(untaken ? `${failed} ${filled(ngettext("%(count)s byte that you typed meanwhile went nowhere.", "%(count)s bytes that you typed meanwhile went nowhere.", untaken), { count: untaken })}` : failed, offer);
    onLabel(asked.label ?? "");
  }

  function send(data) {
    if (socket?.readyState === WebSocket.OPEN && !isOver) socket.send(data);
  }

  // Without a selection, which a finger cannot make, all that is in view.
  async function copy() {
    const isAll = !terminal.hasSelection();
    if (isAll) terminal.select(0, terminal.buffer.active.viewportY, terminal.cols * terminal.rows);
    const text = terminal.getSelection().trimEnd();
    if (isAll) terminal.clearSelection();
    if (!text) return showToast(gettext("There is nothing to copy in this console yet."), "warning");
    if (await copyText(text)) showToast(isAll ? gettext("Copied all that is shown.") : gettext("Copied."), "good");
    terminal.focus();
  }

  // Resolves to whether the browser let the page read what was copied.
  async function paste() {
    try {
      insert(await navigator.clipboard.readText());
      return true;
    } catch {
      return false;
    }
  }

  function insert(text) {
    terminal.paste(text);
    terminal.focus();
  }

  // A key of the row for phones; Ctrl holds for the next one, from wherever it comes.
  function press(key) {
    if (key === "ctrl") isCtrl = !isCtrl;
    else terminal.input(KEYS[key][terminal.modes.applicationCursorKeysMode ? 1 : 0]);
    onCtrl(isCtrl);
    terminal.focus();
  }

  function type(text) {
    const isHeld = isCtrl && text.length === 1;
    if (isHeld) {
      isCtrl = false;
      onCtrl(false);
    }
    const sent = isHeld ? String.fromCharCode(text.toUpperCase().charCodeAt(0) & 31) : text;
    put(isTty ? sent : sent.replaceAll("\r", "\n"));
  }

  // A line that is dead shows itself by what it does not take.
  function put(data) {
    if (isOver) return;
    if (!typed.add(data)) onNote(gettext("Too much was typed at once; that was not taken."));
    if (lostSince) tell(...state);
    else if (wasOpened) beats.expect();
  }

  terminal.onData(type);
  terminal.onBinary((text) => put(Uint8Array.from(text, (character) => character.charCodeAt(0))));
  terminal.attachCustomKeyEventHandler((event) => {
    if (event.type !== "keydown") return true;
    // Shift-Tab leaves the terminal for those who have only a keyboard.
    if (event.key === "Tab" && event.shiftKey) return false;
    if (event.ctrlKey && event.shiftKey && event.code === "KeyC") {
      event.preventDefault();
      copy();
      return false;
    }
    // The browser pastes by itself.
    return !(event.ctrlKey && event.shiftKey && event.code === "KeyV");
  });

  // What is typed and has not reached the server is in this page alone, and nowhere else: it may be a password.
  function warn(event) {
    if (!isOver && (lostSince || isLate) && typed.waiting) event.preventDefault();
  }
  window.addEventListener("beforeunload", warn);

  function stop() {
    isOver = true;
    window.removeEventListener("beforeunload", warn);
    clearTimeout(timer);
    beats.stop();
    socket?.close();
    terminal.dispose();
  }

  return {
    fit,
    copy,
    paste,
    insert,
    press,
    stop,
    focus: () => terminal.focus(),
    read: (isOn) => (terminal.options.screenReaderMode = isOn),
    session: () => session,
    // For good: what runs in it is ended too.
    end() {
      send(JSON.stringify({ bye: true }));
      stop();
    },
  };
}
