// A terminal in the page, joined to a shell in the container. The server waits for what is not drawn yet, so a flood of
// output neither fills memory nor makes Ctrl-C wait behind it.

import { FitAddon } from "@xterm/addon-fit";
import { Terminal } from "@xterm/xterm";
import "@xterm/xterm/css/xterm.css";
import "../css/console.css";
import { webSocketUrl, whenPresent } from "./lib/dom.js";
import { allowStyles } from "./lib/allow_styles.js";
import { filled, gettext } from "./lib/words.js";

const THEME = { background: "#07131b", foreground: "#d5e1e8", cursor: "#2dd4bf", selectionBackground: "#1d4a52", black: "#16272f", brightBlack: "#7f94a2", red: "#f87171", green: "#4ade80", yellow: "#fbbf24", blue: "#93c5fd", magenta: "#d8b4fe", cyan: "#5eead4", white: "#d5e1e8" }; // prettier-ignore
const CLOSED = { 4401: gettext("You are signed out. Sign in again to go on."), 4403: gettext("You may not open a console here. An administrator can allow it."), 4404: gettext("This host is no longer here. It was removed from Quayside.") };

whenPresent("[data-console]", (pane) => {
  const endStyles = allowStyles();
  const part = (name) => pane.querySelector(`[data-console-${name}]`);
  const terminal = new Terminal({
    fontFamily: '"JetBrains Mono", ui-monospace, monospace', fontSize: 13, lineHeight: 1.25, scrollback: 10_000, cursorBlink: true,
    allowProposedApi: false, theme: THEME, screenReaderMode: false,
  }); // prettier-ignore
  const fit = new FitAddon();
  const encoder = new TextEncoder();
  let socket;
  terminal.loadAddon(fit);
  terminal.open(part("pane"));
  fit.fit();

  function connect() {
    socket?.close();
    part("failed").hidden = true;
    show("off", gettext("connecting"));
    const query = new URLSearchParams({ rows: terminal.rows, columns: terminal.cols, user: part("user").value.trim() });
    const own = (socket = new WebSocket(webSocketUrl(`${pane.dataset.url}?${query}`)));
    own.binaryType = "arraybuffer";
    own.onopen = () => {
      show("good", gettext("connected"));
      terminal.focus();
    };
    own.onmessage = ({ data }) => (typeof data === "string" ? told(JSON.parse(data)) : drawn(own, data));
    own.onclose = ({ code }) => {
      if (own !== socket) return;
      if (CLOSED[code]) failed(CLOSED[code]);
      else if (code !== 1000) show("bad", gettext("connection lost: choose Connect again"));
    };
  }

  function drawn(own, data) {
    terminal.write(new Uint8Array(data), () => own.readyState === WebSocket.OPEN && own.send(JSON.stringify({ drawn: data.byteLength })));
  }

  function told(message) {
    if (message.t === "ended") {
      const words = filled(gettext("the shell has ended, exit code %(code)s"), { code: Number(message.code) });
      show("off", words);
      terminal.write(`\r\n\x1b[2m${words}\x1b[0m\r\n`);
    } else if (message.t === "failed") failed(message.words);
  }

  function failed(words) {
    show("bad", gettext("not connected"));
    part("failed").querySelector("div").textContent = words;
    part("failed").hidden = false;
  }

  function show(tone, words) {
    part("dot").className = `dot ${tone}`;
    part("state").textContent = words;
  }

  const send = (data) => socket.readyState === WebSocket.OPEN && socket.send(data);
  terminal.onData((text) => send(encoder.encode(text)));
  terminal.onBinary((text) => send(Uint8Array.from(text, (character) => character.charCodeAt(0))));
  terminal.onResize(({ rows, cols }) => send(JSON.stringify({ rows, columns: cols })));
  // Ctrl-K belongs to the shell here; Shift-Tab leaves the terminal for those who have only a keyboard.
  terminal.attachCustomKeyEventHandler((event) => !(event.type === "keydown" && event.key === "Tab" && event.shiftKey));
  part("again").addEventListener("click", connect);
  part("user").addEventListener("keydown", (event) => event.key === "Enter" && connect());
  part("full").addEventListener("click", () => (document.fullscreenElement ? document.exitFullscreen() : pane.requestFullscreen()));
  const sizes = new ResizeObserver(() => fit.fit());
  sizes.observe(part("pane"));
  connect();

  return () => {
    sizes.disconnect();
    socket.close();
    terminal.dispose();
    endStyles();
  };
});
