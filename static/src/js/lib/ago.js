// Keeps every <time data-ago> ("6 d") and <time data-span> ("6 days") right while the page stands open.

const steps = [[60, 1, "s"], [3600, 60, "min"], [48 * 3600, 3600, "h"], [730 * 86400, 86400, "d"], [Infinity, 31536000, "y"]];

export function span(seconds) {
  const [, size, unit] = steps.find(([limit]) => seconds < limit);
  return `${Math.floor(Math.max(0, seconds) / size)} ${unit}`;
}

// As the server says it (webui/containers/rows.py, span_words): one unit, rounded down.
const wide = [[60, 1, "second"], [3600, 60, "minute"], [48 * 3600, 3600, "hour"], [14 * 86400, 86400, "day"], [60 * 86400, 604800, "week"], [63072000, 2592000, "month"], [Infinity, 31536000, "year"]];

export function wideSpan(seconds) {
  if (seconds < 1) return "a moment";
  const [, size, unit] = wide.find(([limit]) => seconds < limit);
  const count = Math.floor(seconds / size);
  return `${count} ${unit}${count === 1 ? "" : "s"}`;
}

function refresh() {
  if (document.hidden) return;
  const now = Date.now();
  for (const time of document.querySelectorAll("time[data-ago], time[data-span]")) {
    const words = ("span" in time.dataset ? wideSpan : span)((now - Date.parse(time.dateTime)) / 1000);
    if (time.textContent !== words) time.textContent = words;
  }
}

setInterval(refresh, 5000);
document.addEventListener("visibilitychange", refresh);
