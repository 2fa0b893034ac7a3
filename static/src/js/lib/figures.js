// CPU and memory of the containers in a list: filled into cells of fixed width every other second.
import { afterSwaps, whenPresent } from "./dom.js";
import { liveSocket } from "./live_socket.js";
import { size } from "./sizes.js";

whenPresent("[data-figures]", (element) => {
  let figures = {};
  const socket = liveSocket(element.dataset.url, { onMessage });
  const stopFilling = afterSwaps(fill);

  function onMessage(message) {
    socket.send({ ack: 1 });
    figures = message.figures;
    if (document.hidden) return;
    fill();
    // Rows that are in order by them may come to stand elsewhere (row_order.js).
    if (Object.keys(figures).length) document.dispatchEvent(new CustomEvent("figures:came"));
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
