// What changed, said to those who do not see it: once, in words, when it is news. What ticks by itself is no news.

let region = null;

export function announce(words) {
  if (!region) {
    region = document.createElement("div");
    region.className = "visually-hidden";
    region.id = "announcer";
    region.setAttribute("role", "status");
    document.body.append(region);
  }
  // A region that is new is listened to from the next change on.
  setTimeout(() => (region.textContent = words.replace(/\s+/g, " ").trim()), 100);
}
