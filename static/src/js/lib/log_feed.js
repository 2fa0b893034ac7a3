// The log of one container by its socket: takes each line once, whatever the server sends again after a lost connection,
// and counts those that never came.

import { liveSocket } from "./live_socket.js";
import { stampOf } from "./log_lines.js";

// take(lines, {isReplay, skipped, stamp}), tell(state message), onState(state, why), end(message of a range that is over).
export function logFeed(url, { take, tell, onState, end }) {
  // The run of the server's reader, the number that its next line has, the last moment seen and how many lines share it.
  const place = { run: "", next: 0, stamp: "", count: 0 };
  let skipping = null;

  const socket = liveSocket(url, { onMessage, onState });

  function onMessage(message) {
    if (message.t === "lines") lines(message);
    else if (message.t === "state") tell(message);
    else if (message.t === "end") end(message);
    socket.send({ ack: 1 });
  }

  function lines({ run, n, lines: all, replay }) {
    const [fresh, skipped] = run === place.run ? sameRun(all, n) : newRun(all, run, n);
    place.next = Math.max(place.next, n + all.length);
    if (!fresh.length) return;
    note(fresh);
    take(fresh, { isReplay: Boolean(replay), skipped, before: stampOf(fresh[0]) });
  }

  function sameRun(all, n) {
    if (n < place.next) return [all.slice(place.next - n), 0];
    return [all, n - place.next];
  }

  // The server began anew: what it sends first is here already, as far as the moments tell.
  function newRun(all, run, n) {
    if (skipping?.run !== run) skipping = { run, left: place.count, isDone: !place.stamp };
    place.next = n + all.length;
    if (skipping.isDone) place.run = run;
    const from = skipping.isDone ? 0 : all.findIndex(isNew);
    if (from < 0) return [[], 0];
    skipping.isDone = true;
    place.run = run;
    return [all.slice(from), 0];
  }

  function isNew(line) {
    const stamp = stampOf(line);
    if (stamp > place.stamp) return true;
    if (stamp < place.stamp) return false;
    skipping.left -= 1;
    return skipping.left < 0;
  }

  function note(fresh) {
    const stamp = stampOf(fresh[fresh.length - 1]);
    let count = 0;
    while (count < fresh.length && stampOf(fresh[fresh.length - 1 - count]) === stamp) count += 1;
    place.count = count === fresh.length && stamp === place.stamp ? place.count + count : count;
    place.stamp = stamp;
  }

  return {
    get last() {
      return place.stamp;
    },
    // Asks anew, for another part of the log.
    restart(path) {
      Object.assign(place, { run: "", next: 0, stamp: "", count: 0 });
      skipping = null;
      socket.restart(path);
    },
    stop: () => socket.stop(),
  };
}
