// Says when a script or a stylesheet of the page did not arrive, with a link that fetches the page anew: without them much
// of it does nothing, and does not tell why. Stands in the page itself, so that it is there whatever else is not.

let isSaid = false;

const say = () => document.getElementById("toasts").append(document.getElementById("not-arrived").content.cloneNode(true));

addEventListener(
  "error",
  ({ target }) => {
    if (isSaid || !(target instanceof HTMLScriptElement || target.rel === "stylesheet")) return;
    isSaid = true;
    if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", say);
    else say();
  },
  // Such an event does not bubble.
  true,
);
