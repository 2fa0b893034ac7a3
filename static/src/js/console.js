// The consoles of a container, in tabs: each has a terminal and a session of its own. They survive a reload of the page.

import "../css/console.css";
import { allowStyles } from "./lib/allow_styles.js";
import { openConsole } from "./lib/console_tab.js";
import { icon, make, whenPresent } from "./lib/dom.js";
import { filled, gettext } from "./lib/words.js";

const MOST_TABS = 12;
const READ = "consoles are read out";
let tabCount = 0;
const PAUSED = gettext("The container is paused: nothing in it runs. What you type is taken when it is resumed.");

whenPresent("[data-console]", (page) => {
  const endStyles = allowStyles();
  const part = (name) => page.querySelector(`[data-console-${name}]`);
  const form = part("form");
  const kept = `consoles of ${page.dataset.container}`;
  const remembered = `console of ${page.dataset.remembered}`;
  const tabs = [];
  let current = null;
  let isLeaving = false;
  // What a terminal shows is drawn, and costs more where it is told as well: so it is by choice, and for all consoles.
  const isRead = () => part("read").getAttribute("aria-pressed") === "true";
  part("read").setAttribute("aria-pressed", String(localStorage.getItem(READ) === "1"));

  function open(asked, seen = null) {
    if (tabs.length >= MOST_TABS) return say("failed", filled(gettext("%(count)s consoles are open here. Close one first."), { count: MOST_TABS }));
    const id = `console-${(tabCount += 1)}`;
    const pane = make("div", { class: "console-pane", role: "tabpanel", id: `${id}-pane`, "aria-labelledby": `${id}-tab` });
    const dot = make("span", { class: "dot off" });
    const name = make("span", {}, asked.label ?? "…");
    const button = make("button", { type: "button", role: "tab", id: `${id}-tab`, "aria-controls": `${id}-pane`, class: "console-tab", "aria-selected": "false", "aria-keyshortcuts": "Delete" }, dot, name);
    // For the mouse; keys have Delete, and the bar a button that closes the one that is shown.
    const close = make("button", { type: "button", class: "btn-icon", title: gettext("Close"), "aria-hidden": "true", tabindex: "-1" }, icon("x"));
    const tab = { asked, pane, button, close, dot, name, console: null, state: ["off", ""], failed: "", note: "", isPaused: false, offer: "again" };
    button.addEventListener("click", () => select(tab));
    close.addEventListener("click", () => remove(tab));
    part("tabs").append(make("span", { class: "console-tab-box", role: "presentation" }, button, close));
    part("panes").append(pane);
    tabs.push(tab);
    select(tab);
    connect(tab, seen);
  }

  function connect(tab, seen = null) {
    tab.console?.stop();
    tab.pane.replaceChildren();
    tab.failed = tab.note = "";
    tab.console = openConsole(tab.pane, page.dataset.url, tab.asked, seen, {
      isRead: isRead(),
      onState: (tone, words) => {
        tab.state = [tone, words];
        tab.dot.className = `dot ${tone}`;
        draw();
      },
      onLabel: (label) => {
        tab.asked.label = tab.name.textContent = label;
        keep();
      },
      onFailed: (words, offer) => {
        [tab.failed, tab.offer] = [words, offer];
        draw();
      },
      onNote: (words) => {
        tab.note = words;
        draw();
      },
      onPaused: (isPaused) => {
        tab.isPaused = isPaused;
        draw();
      },
      onShells: offer,
      onUseless: () => localStorage.removeItem(remembered),
      onCtrl: (isOn) => part("keys").querySelector('[data-key="ctrl"]').setAttribute("aria-pressed", String(isOn)),
      onGone: () => {
        remove(tab);
        if (!tabs.length) start();
      },
    });
    if (tab === current) tab.console.focus();
  }

  function select(tab) {
    current = tab;
    for (const one of tabs) {
      one.pane.hidden = one !== tab;
      one.button.setAttribute("aria-selected", String(one === tab));
      one.button.tabIndex = one === tab ? 0 : -1;
    }
    tab.console?.fit();
    tab.console?.focus();
    draw();
  }

  function remove(tab) {
    const at = tabs.indexOf(tab);
    tabs.splice(at, 1);
    tab.console.end();
    tab.pane.remove();
    tab.button.parentElement.remove();
    keep();
    if (current !== tab) return;
    current = null;
    if (tabs.length) select(tabs[Math.min(at, tabs.length - 1)]);
    else showForm(true);
    draw();
  }

  function draw() {
    const [tone, words] = current?.state ?? ["off", gettext("no console is open")];
    part("close").hidden = !current;
    part("dot").className = `dot ${tone}`;
    part("state").textContent = words;
    say("failed", current?.failed ?? "");
    part("again").hidden = (current?.offer ?? "again") !== "again";
    part("sign-in").hidden = current?.offer !== "sign-in";
    say("note", current?.isPaused ? PAUSED : (current?.note ?? ""));
    current?.console?.fit();
  }

  function say(name, words) {
    part(name).querySelector("div").textContent = words;
    part(name).hidden = !words;
  }

  // What a reload needs to find the sessions again. Their ids are of no use to any other sign-in.
  function keep() {
    if (isLeaving) return;
    const sessions = tabs.filter(({ console }) => console?.session()).map(({ asked, console }) => ({ asked, session: console.session() }));
    sessionStorage.setItem(kept, JSON.stringify(sessions));
  }

  function offer(shells) {
    for (const shell of shells) {
      if ([...form.kind.options].some(({ value }) => value === shell)) continue;
      form.kind.querySelector('[value="command"]').before(make("option", { value: shell }, shell));
    }
  }

  function showForm(isShown) {
    form.hidden = !isShown;
    part("new").setAttribute("aria-expanded", String(isShown));
    current?.console?.fit();
    if (isShown) form.kind.focus();
  }

  part("new").addEventListener("click", () => showForm(form.hidden));
  form.kind.addEventListener("change", () => {
    form.querySelector('[data-console-field="command"]').hidden = form.kind.value !== "command";
    for (const name of ["user", "folder"]) form.querySelector(`[data-console-field="${name}"]`).hidden = form.kind.value === "attach";
  });
  form.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    showForm(false);
    part("new").focus();
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const kind = form.kind.value;
    const command = kind === "command" ? form.command.value.trim() : kind === "attach" ? "" : kind;
    if (kind === "command" && !command) return form.command.focus();
    showForm(false);
    if (kind === "attach") return open({ kind });
    const asked = { kind: "exec", command, user: form.user.value.trim(), folder: form.folder.value.trim() };
    // A shell, not what was wanted once.
    if (kind !== "command") localStorage.setItem(remembered, JSON.stringify(asked));
    open(asked);
  });

  part("tabs").addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    const at = tabs.indexOf(current);
    if (event.key === "Delete" && current) remove(current);
    if (!step || at < 0) return;
    select(tabs[(at + step + tabs.length) % tabs.length]);
    current.button.focus();
  });
  part("again").addEventListener("click", () => (current ? connect(current) : start()));
  part("close").addEventListener("click", () => remove(current));
  part("copy").addEventListener("click", () => current?.console.copy());
  part("read").addEventListener("click", () => {
    part("read").setAttribute("aria-pressed", String(!isRead()));
    localStorage.setItem(READ, isRead() ? "1" : "0");
    for (const tab of tabs) tab.console.read(isRead());
  });
  part("paste").addEventListener("click", async () => {
    if (!current || (await current.console.paste())) return;
    part("pasting").hidden = !part("pasting").hidden;
    current.console.fit();
    part("pasting").querySelector("textarea").focus();
  });
  part("pasting").addEventListener("submit", (event) => {
    event.preventDefault();
    const box = part("pasting").querySelector("textarea");
    part("pasting").hidden = true;
    if (current && box.value) current.console.insert(box.value);
    box.value = "";
    current?.console.fit();
  });
  // A press must not take the focus from the terminal: the phone's keyboard would go.
  part("keys").addEventListener("pointerdown", (event) => event.preventDefault());
  part("keys").addEventListener("click", ({ target }) => target.dataset.key && current?.console.press(target.dataset.key));
  // An iPhone has no such window.
  part("full").hidden = !document.fullscreenEnabled;
  part("full").addEventListener("click", () => (document.fullscreenElement ? document.exitFullscreen() : page.requestFullscreen()));
  const sizes = new ResizeObserver(() => current?.console?.fit());
  sizes.observe(part("panes"));

  const before = JSON.parse(sessionStorage.getItem(kept) ?? "[]");
  if (before.length) for (const { asked, session } of before) open(asked, session);
  else start();

  function start() {
    showForm(false);
    const asked = JSON.parse(localStorage.getItem(remembered) ?? "{}");
    fill(asked);
    open({ kind: "exec", command: asked.command ?? "", user: asked.user ?? "", folder: asked.folder ?? "" });
  }

  // What was chosen for a container of this name the last time.
  function fill({ command = "", user = "", folder = "" }) {
    if (command.startsWith("/") && !/\s/.test(command)) offer([command]);
    form.kind.value = [...form.kind.options].some(({ value }) => value === command) ? command : "command";
    form.command.value = form.kind.value === "command" ? command : "";
    [form.user.value, form.folder.value] = [user, folder];
    form.kind.dispatchEvent(new Event("change"));
  }

  return () => {
    isLeaving = true;
    sizes.disconnect();
    for (const tab of tabs) tab.console.stop();
    endStyles();
  };
});
