// A websocket that comes back: longer pauses after each failure, none while the page is hidden, and never after the server
// has said that there is no point (4401 signed out, 4403 not allowed, 4404 gone).

import { webSocketUrl } from "./dom.js";
import { gettext } from "./words.js";

const FINAL = new Set([4401, 4403, 4404]);
const REASONS = {
  4401: gettext("You are signed out. Sign in again to go on."),
  4403: gettext("You may no longer see this. An administrator can allow it again."),
  4404: gettext("This is no longer here."),
};

// onMessage gets parsed JSON, or an ArrayBuffer. onState gets "open", "lost" (it will try again) or "over", and why.
export function liveSocket(path, { onMessage, onState = () => {} }) {
  let socket;
  let timer;
  let pause = 500;
  let isStopped = false;
  let url = path;

  function connect() {
    clearTimeout(timer);
    socket = new WebSocket(webSocketUrl(url));
    socket.binaryType = "arraybuffer";
    const own = socket;
    own.onopen = () => {
      pause = 500;
      onState("open", "");
    };
    own.onmessage = ({ data }) => onMessage(typeof data === "string" ? JSON.parse(data) : data);
    own.onclose = ({ code }) => {
      if (own !== socket || isStopped) return;
      if (FINAL.has(code)) return onState("over", REASONS[code]);
      onState("lost", "");
      timer = setTimeout(whenVisible, pause * (0.7 + Math.random() * 0.6));
      pause = Math.min(pause * 2, 15000);
    };
  }

  function whenVisible() {
    if (!document.hidden) return connect();
    document.addEventListener("visibilitychange", whenVisible, { once: true });
  }

  connect();
  return {
    send(data) {
      if (socket.readyState === WebSocket.OPEN) socket.send(typeof data === "object" && !ArrayBuffer.isView(data) ? JSON.stringify(data) : data);
    },
    // Connects anew, to another path where one is given.
    restart(path = url) {
      url = path;
      const old = socket;
      connect();
      old.close();
    },
    stop() {
      isStopped = true;
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", whenVisible);
      socket.close();
    },
  };
}
