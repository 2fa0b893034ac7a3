// CPU and memory of the containers in a list: filled into cells of fixed width every other second. Rows never move for it.
import { afterSwaps, whenPresent } from "./dom.js";
import { refreshList } from "./lists.js";
import { liveSocket } from "./live_socket.js";
import { size } from "./sizes.js";

whenPresent("[data-figures]", (element) => {
  let figures = {};
  // A list sorted by what nobody had measured yet is in no order: asked for again once, when the first figures are there.
  let isSorted = !/[?&]sort=-?(cpu|memory)\b/.test(location.search) || document.querySelector("#rows [data-figure]:not(:empty)") !== null;
  const socket = liveSocket(element.dataset.url, { onMessage });
  const stopFilling = afterSwaps(fill);

  function onMessage(message) {
    socket.send({ ack: 1 });
    figures = message.figures;
    if (!isSorted && Object.keys(figures).length) {
      isSorted = true;
      refreshList();
    }
    if (!document.hidden) fill();
  }

  // In a list of several hosts each has a socket of its own, and its rows are called host/id.
  function fill() {
    for (const row of document.querySelectorAll("#rows > tr[data-id]")) {
      const [id, host] = row.dataset.id.split("/").reverse();
      // What has just stopped was still measured a moment ago.
      if (host === undefined || host === element.dataset.host) show(row, "runs" in row.dataset ? figures[id] : undefined);
    }
  }

  function show(row, figure) {
    const cpu = row.querySelector('[data-figure="cpu"]');
    const memory = row.querySelector('[data-figure="memory"]');
    if (cpu) say(cpu, figure ? `${figure[0].toFixed(1)} %` : "–");
    if (!memory) return;
    say(memory, figure ? size(figure[1]) : "–");
    const meter = memory.querySelector("progress");
    if (!figure) meter?.remove();
    else if (meter) meter.value = figure[2];
    else memory.append(bar(figure[2]));
  }

  // Only the text changes: the bar beside it stays the same element.
  function say(cell, words) {
    const text = cell.firstChild?.nodeType === Node.TEXT_NODE ? cell.firstChild : cell.insertBefore(document.createTextNode(""), cell.firstChild);
    if (text.data !== words) text.data = words;
  }

  function bar(share) {
    const meter = document.createElement("progress");
    meter.className = "meter";
    meter.max = 100;
    meter.value = share;
    meter.setAttribute("aria-hidden", "true");
    return meter;
  }

  return () => {
    stopFilling();
    socket.stop();
  };
});
