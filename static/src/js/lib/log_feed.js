// The log of one container by its socket: takes each line once, whatever the server sends again after a lost connection,
// and counts those that never came.

import { liveSocket } from "./live_socket.js";
import { stampOf } from "./log_lines.js";

// By so many of the last lines it is told what a server that began anew sends again: lines of two streams cross.
const RECENT = 1000;

// take(lines, {isReplay, skipped, before, isTorn}), tell(state message), onState(state, why), end(message of a range that is
// over). `isTorn`: lines are missing before these, and nobody can tell how many.
export function logFeed(url, { take, tell, onState, end }) {
  // The run of the server's reader, the number that its next line has, the last lines and the latest moment of any.
  const place = { run: "", next: 0, recent: [], latest: "" };
  let again = null;

  const socket = liveSocket(address, { onMessage, onState });

  // A reader that is still there goes on; another one begins with the last lines that are here.
  function address() {
    const after = place.recent.length ? stampOf(place.recent[0]) : "";
    return after ? `${url}&${new URLSearchParams({ run: place.run, after })}` : url;
  }

  function onMessage(message) {
    if (message.t === "lines") lines(message);
    else if (message.t === "state") tell(message);
    else if (message.t === "end") end(message);
    socket.send({ ack: 1 });
  }

  function lines({ run, n, lines: all, replay }) {
    const isSame = run === place.run;
    const { fresh, skipped = 0, isTorn = false } = isSame ? sameRun(all, n) : newRun(all, run);
    place.next = Math.max(isSame ? place.next : 0, n + all.length);
    if (!fresh.length) return;
    note(fresh);
    take(fresh, { isReplay: Boolean(replay), skipped, before: stampOf(fresh[0]), isTorn });
  }

  function sameRun(all, n) {
    if (n < place.next) return { fresh: all.slice(place.next - n) };
    return { fresh: all, skipped: n - place.next };
  }

  // The server began anew: what it sends first is here already.
  function newRun(all, run) {
    const isFirst = again?.run !== run;
    if (isFirst) again = { run, known: counted(place.recent), from: place.recent.length ? stampOf(place.recent[0]) : "" };
    const fresh = [];
    for (const [index, line] of all.entries()) {
      if (!again.from || stampOf(line) > place.latest) {
        fresh.push(...all.slice(index));
        place.run = run;
        break;
      }
      if (isNew(line)) fresh.push(line);
    }
    return { fresh, isTorn: isFirst && Boolean(again.from) && fresh[0] === all[0] };
  }

  function isNew(line) {
    const left = again.known.get(line) ?? 0;
    if (left) again.known.set(line, left - 1);
    return !left && stampOf(line) >= again.from;
  }

  function note(fresh) {
    place.recent = [...place.recent, ...fresh.slice(-RECENT)].slice(-RECENT);
    for (const line of fresh.slice(-RECENT)) if (stampOf(line) > place.latest) place.latest = stampOf(line);
  }

  return {
    get last() {
      return place.recent.length ? stampOf(place.recent[place.recent.length - 1]) : "";
    },
    // Asks anew, for another part of the log.
    restart(path) {
      url = path;
      Object.assign(place, { run: "", next: 0, recent: [], latest: "" });
      again = null;
      socket.restart();
    },
    stop: () => socket.stop(),
  };
}

function counted(lines) {
  const counts = new Map();
  for (const line of lines) counts.set(line, (counts.get(line) ?? 0) + 1);
  return counts;
}
