// The steps into the past of running logs: for each container the lines before its first one here, all put in order of time.

import { liveSocket } from "./live_socket.js";
import { stampOf } from "./log_lines.js";
import { stampOfDate } from "./log_times.js";

// A log of which the last lines were asked for, and fewer came, is here as a whole: unless they are so long that the server
// has kept no more of them, which it does from 8 MiB on.
const FEWEST_ASKED = 200;
const MOST_WHOLE = 4_000_000;

// `sources`: [{url}]; `range` is the part of the log that is shown.
export function logSteps(sources, buffer, range) {
  const begun = new Set();

  function ask() {
    const wanted = sources.map((_source, index) => index).filter((index) => !begun.has(index));
    const asked = wanted.map((index) => earlier(sources[index].url, buffer.beginOf(index), range));
    const done = Promise.all(asked.map((one) => one.done)).then((parts) => {
      parts.forEach(({ isBegin }, at) => isBegin && begun.add(wanted[at]));
      return inOrder(parts.flatMap(({ lines }, at) => lines.map((line) => [line, wanted[at]])), wanted.length > 1);
    });
    return { done, stop: () => asked.forEach((one) => one.stop()) };
  }

  return {
    ask,
    reset: () => begun.clear(),
    get isWhole() {
      return begun.size === sources.length || (range.isTail && buffer.next - buffer.first < FEWEST_ASKED && buffer.characters < MOST_WHOLE);
    },
  };
}

function inOrder(pairs, isMerged) {
  if (isMerged) pairs.sort(([one], [other]) => (stampOf(one) < stampOf(other) ? -1 : stampOf(one) > stampOf(other) ? 1 : 0));
  return { lines: pairs.map(([line]) => line), sources: pairs.map(([, index]) => index) };
}

// `done` resolves to {lines, isBegin}.
function earlier(url, { stamp, count }, range) {
  const before = stamp || range.begin || stampOfDate(new Date());
  const lines = [];
  let stop;
  const done = new Promise((resolve, reject) => {
    const socket = liveSocket(`${url}?before=${before}&held=${count}`, {
      onMessage: (message) => {
        if (message.t === "lines") lines.push(...message.lines);
        else if (message.t === "state" && message.error) reject(new Error(message.error));
        else if (message.t === "end") resolve({ lines, isBegin: !message.more });
        socket.send({ ack: 1 });
      },
      onState: (state, why) => {
        // A connection that broke begins anew.
        if (state === "open") lines.length = 0;
        else if (state === "over") reject(new Error(why));
      },
    });
    stop = () => {
      socket.stop();
      reject(null);
    };
  });
  return { done, stop };
}
