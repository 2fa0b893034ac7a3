// Keeps every <time data-ago> right while the page stands open.

const steps = [[60, 1, "s"], [3600, 60, "min"], [48 * 3600, 3600, "h"], [730 * 86400, 86400, "d"], [Infinity, 31536000, "y"]];

export function span(seconds) {
  const [, size, unit] = steps.find(([limit]) => seconds < limit);
  return `${Math.floor(Math.max(0, seconds) / size)} ${unit}`;
}

function refresh() {
  if (document.hidden) return;
  const now = Date.now();
  for (const time of document.querySelectorAll("time[data-ago]")) {
    const words = span((now - Date.parse(time.dateTime)) / 1000);
    if (time.textContent !== words) time.textContent = words;
  }
}

setInterval(refresh, 5000);
document.addEventListener("visibilitychange", refresh);
