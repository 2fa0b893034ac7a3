// Keys of the logs page: / searches, n and N go to the next and the previous match, p pauses, arrows and pages move, End
// follows. In the search box Enter goes on, Esc empties it and leaves.

import { isTyping } from "./dom.js";

export function logKeys(pane, { query, view, next, pause, press }) {
  const keys = {
    "/": () => query.select(),
    n: () => next(1),
    N: () => next(-1),
    p: pause,
    f: () => press("fields"),
    w: () => press("wrap"),
    c: () => press("copy"),
    ArrowDown: () => view.move(1),
    ArrowUp: () => view.move(-1),
    PageDown: () => view.move(view.rows - 1),
    PageUp: () => view.move(1 - view.rows),
    Home: () => view.move(-Infinity),
    End: () => view.move(Infinity),
    G: () => view.move(Infinity),
  };
  const onKey = (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    if (isTyping(event.target) || event.target.closest?.('[role="menu"], [data-menu][aria-expanded="true"]')) return;
    if (!Object.hasOwn(keys, event.key)) return;
    event.preventDefault();
    keys[event.key]();
  };
  const onQueryKey = (event) => {
    if (event.key === "Enter") {
      event.preventDefault();
      next(event.shiftKey ? -1 : 1);
    } else if (event.key === "Escape") {
      query.value = "";
      query.dispatchEvent(new Event("input"));
      query.blur();
    }
  };
  document.addEventListener("keydown", onKey);
  query.addEventListener("keydown", onQueryKey);
  return () => document.removeEventListener("keydown", onKey);
}
