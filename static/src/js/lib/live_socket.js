// A websocket that comes back: longer pauses after each failure, none while the page is hidden, and never after the server
// has said that there is no point (4401 signed out, 4403 not allowed, 4404 gone).

import { webSocketUrl } from "./dom.js";
import { heartbeat } from "./heartbeat.js";
import { gettext } from "./words.js";

// By close code (webui/live/consumers/base.py), why there is no point in trying again.
export const CLOSED_FOR_GOOD = {
  4401: gettext("You are signed out. Sign in again to go on."),
  4403: gettext("You may no longer see this. An administrator can allow it again."),
  4404: gettext("This is no longer here."),
};

// onMessage gets parsed JSON, or an ArrayBuffer. onState gets "open", "late" (it does not answer now), "back" (it does
// again), "lost" (it will try again) or "over", and why.
// `path` may be a function, which is asked each time.
export function liveSocket(path, { onMessage, onState = () => {} }) {
  let socket;
  let beats;
  let timer;
  let pause = 500;
  let isStopped = false;
  let isOver = false;

  function connect() {
    clearTimeout(timer);
    socket = new WebSocket(webSocketUrl(typeof path === "function" ? path() : path));
    socket.binaryType = "arraybuffer";
    const own = socket;
    beats?.stop();
    beats = heartbeat({ ask: () => send({ ping: 1 }), late: (isLate) => onState(isLate ? "late" : "back", ""), dead: () => dead(own) });
    own.onopen = () => {
      pause = 500;
      onState("open", "");
    };
    own.onmessage = ({ data }) => {
      if (own !== socket || isStopped) return;
      beats.heard();
      const message = typeof data === "string" ? JSON.parse(data) : data;
      if (message.t !== "pong") onMessage(message);
    };
    own.onclose = ({ code }) => own === socket && closed(code);
  }

  function closed(code) {
    beats.stop();
    if (isStopped) return;
    isOver = code in CLOSED_FOR_GOOD;
    if (isOver) return onState("over", CLOSED_FOR_GOOD[code]);
    onState("lost", "");
    timer = setTimeout(whenVisible, pause * (0.7 + Math.random() * 0.6));
    pause = Math.min(pause * 2, 15000);
  }

  // A browser goes on waiting for the other end for a long time.
  function dead(own) {
    if (own !== socket) return;
    socket = null;
    own.close();
    closed(0);
  }

  function send(data) {
    if (socket?.readyState === WebSocket.OPEN) socket.send(typeof data === "object" && !ArrayBuffer.isView(data) ? JSON.stringify(data) : data);
  }

  function whenVisible() {
    if (!document.hidden) return connect();
    document.addEventListener("visibilitychange", whenVisible, { once: true });
  }

  // The network is back: nobody waits for the next attempt.
  const online = () => !isOver && !(socket?.readyState <= WebSocket.OPEN) && connect();
  window.addEventListener("online", online);
  connect();
  return {
    send,
    // Connects anew.
    restart() {
      const old = socket;
      connect();
      old?.close();
    },
    stop() {
      isStopped = true;
      clearTimeout(timer);
      beats.stop();
      window.removeEventListener("online", online);
      document.removeEventListener("visibilitychange", whenVisible);
      socket?.close();
    },
  };
}
