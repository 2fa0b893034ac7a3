// Ctrl-K: pages of the menu at once, objects of every host as the server finds them, the chosen one by Enter.

import { icon, make } from "./dom.js";
import { gettext } from "./words.js";

const palette = document.getElementById("palette");

function pages(text) {
  const wanted = text.toLowerCase();
  return [...document.querySelectorAll("#sidebar nav a")]
    .map((link) => ({ label: link.childNodes[1]?.textContent.trim() ?? "", url: link.href, icon: iconOf(link), where: gettext("page") }))
    .filter((hit) => hit.label.toLowerCase().includes(wanted));
}

const iconOf = (link) => link.querySelector("use")?.getAttribute("href")?.split("#")[1] ?? "arrow-right";

// A link, or a button that the acts script carries out. It is itself the option: nothing that is pressed stands in another.
function control(hit, id, parts) {
  const common = { role: "option", id, tabindex: "-1" };
  if (!hit.act) return make("a", { ...common, href: hit.url }, ...parts);
  return make("button", { ...common, type: "button", "data-act": hit.act, "data-id": hit.item_id, "data-act-url": hit.act_url }, ...parts);
}

function start() {
  const input = palette.querySelector("input");
  const list = palette.querySelector("ul");
  const none = palette.querySelector(".none");
  let at = 0;
  let asked = null;
  let timer;

  function draw(hits) {
    list.replaceChildren(
      ...hits.map((hit, place) => {
        const parts = [icon(hit.icon), make("span", {}, hit.label), make("small", {}, hit.where ?? "")];
        return make("li", { role: "presentation", class: hit.is_danger ? "danger" : null }, control(hit, `hit-${place}`, parts));
      }),
    );
    none.hidden = hits.length > 0;
    choose(0);
  }

  const options = () => [...list.querySelectorAll('[role="option"]')];

  function choose(place) {
    const all = options();
    at = Math.max(0, Math.min(place, all.length - 1));
    all.forEach((item, index) => item.setAttribute("aria-selected", String(index === at)));
    all[at]?.scrollIntoView({ block: "nearest" });
    input.setAttribute("aria-activedescendant", all[at]?.id ?? "");
  }

  async function ask() {
    asked?.abort();
    asked = new AbortController();
    const text = input.value.trim();
    if (!text) {
      draw(pages(""));
      return;
    }
    try {
      const params = new URLSearchParams({ q: text, host: palette.dataset.host ?? "" });
      const response = await fetch(`${palette.dataset.findUrl}?${params}`, { signal: asked.signal, headers: { Accept: "application/json" } });
      const { hits } = await response.json();
      const objects = hits.filter((hit) => !hit.is_action);
      draw([...objects, ...pages(text), ...hits.filter((hit) => hit.is_action)]);
    } catch (error) {
      if (error.name !== "AbortError") draw(pages(text));
    }
  }

  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(ask, 60);
  });
  input.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown") choose(at + 1);
    else if (event.key === "ArrowUp") choose(at - 1);
    else if (event.key === "Enter") options()[at]?.click();
    else return;
    event.preventDefault();
  });
  // Before the act is carried out: its preview is a dialog of its own.
  list.addEventListener("click", (event) => event.target.closest("[data-act]") && palette.close());
  list.addEventListener("pointermove", (event) => {
    const item = event.target.closest('[role="option"]');
    if (item && item.getAttribute("aria-selected") !== "true") choose(options().indexOf(item));
  });
  // However it was opened, it starts with an empty question.
  new MutationObserver(() => {
    if (!palette.open) return;
    input.value = "";
    draw(pages(""));
    input.focus();
  }).observe(palette, { attributeFilter: ["open"] });
}

if (palette) start();
