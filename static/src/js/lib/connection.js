// Says when what is shown is no longer live, and only after a pause: most interruptions are over before anybody reads of them.

let lost = 0;
let timer;

function show() {
  const note = document.getElementById("connection");
  if (note) note.hidden = lost === 0;
}

const down = new Set();

document.addEventListener("htmx:ws:close", (event) => {
  if (document.hidden || event.detail?.reason === "removed") {
    down.delete(event.target);
  } else {
    down.add(event.target);
  }
  lost = down.size;
  clearTimeout(timer);
  timer = setTimeout(show, 2000);
});

document.addEventListener("htmx:ws:after:connection", (event) => {
  down.delete(event.target);
  for (const element of down) if (!element.isConnected) down.delete(element);
  lost = down.size;
  clearTimeout(timer);
  show();
});
