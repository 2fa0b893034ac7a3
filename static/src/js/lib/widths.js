// Columns of a list are dragged wider by their right edge; the width is kept for this person. By keyboard: the columns'
// dialog has a field for each.

import { csrf } from "./dom.js";

const NARROWEST = 48;
const WIDEST = 900;

document.addEventListener("pointerdown", (event) => {
  const grip = event.target.closest?.("[data-grip]");
  if (!grip || event.button !== 0) return;
  event.preventDefault();
  const head = grip.closest("th");
  const table = head.closest("table");
  const place = [...head.parentElement.cells].filter((cell) => cell.offsetWidth).indexOf(head);
  const tracks = getComputedStyle(table).getPropertyValue("--columns").trim().split(" ");
  const began = { x: event.clientX, width: head.offsetWidth };
  let width = began.width;
  grip.setPointerCapture(event.pointerId);
  grip.classList.add("is-dragged");

  function move({ clientX }) {
    width = Math.round(Math.min(WIDEST, Math.max(NARROWEST, began.width + clientX - began.x)));
    table.style.setProperty("--columns", tracks.with(place, `${width}px`).join(" "));
  }

  function end() {
    grip.removeEventListener("pointermove", move);
    grip.classList.remove("is-dragged");
    if (width === began.width) return;
    const everywhere = location.pathname.startsWith("/containers/") ? [["everywhere", "1"]] : [];
    const body = new URLSearchParams([[`width-${head.dataset.column}`, width], ...everywhere]);
    fetch(table.dataset.layoutUrl, { method: "POST", body, headers: { "HX-Request": "true", "X-CSRFToken": csrf() } });
  }

  grip.addEventListener("pointermove", move);
  grip.addEventListener("lostpointercapture", end, { once: true });
});

// Its end is no click on the head, which would sort.
document.addEventListener("click", (event) => event.target.closest?.("[data-grip]") && event.stopPropagation(), true);
