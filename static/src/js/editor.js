// A file in an editor over the textarea that is there already: without this script the textarea itself works.

import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { json } from "@codemirror/lang-json";
import { yaml } from "@codemirror/lang-yaml";
import { StreamLanguage, bracketMatching, indentOnInput } from "@codemirror/language";
import { dockerFile } from "@codemirror/legacy-modes/mode/dockerfile";
import { nginx } from "@codemirror/legacy-modes/mode/nginx";
import { properties } from "@codemirror/legacy-modes/mode/properties";
import { python } from "@codemirror/legacy-modes/mode/python";
import { shell } from "@codemirror/legacy-modes/mode/shell";
import { toml } from "@codemirror/legacy-modes/mode/toml";
import { highlightSelectionMatches, search, searchKeymap } from "@codemirror/search";
import { Compartment, EditorState } from "@codemirror/state";
import { EditorView, drawSelection, highlightActiveLine, highlightActiveLineGutter, highlightSpecialChars, keymap, lineNumbers } from "@codemirror/view";
import "../css/files.css";
import { icon, make, whenPresent } from "./lib/dom.js";
import { colours, look } from "./lib/editor_look.js";
import { filled, gettext } from "./lib/words.js";

// Browsers carry the look of what is typed over into a style attribute, which our content policy refuses with a noise.
const typingOver = EditorView.domEventHandlers({
  beforeinput(event, view) {
    if (event.inputType !== "insertText" || view.composing || view.state.selection.main.empty || view.state.readOnly) return false;
    event.preventDefault();
    view.dispatch(view.state.replaceSelection(event.data), { userEvent: "input.type", scrollIntoView: true });
    return true;
  },
});
const stream = (mode) => () => StreamLanguage.define(mode);
const LANGUAGES = [
  [/\.(json|webmanifest)$/i, json], [/\.ya?ml$/i, yaml], [/\.toml$/i, stream(toml)], [/\.(py|pyi)$/i, stream(python)],
  [/(^|\/)(Dockerfile|Containerfile)|\.dockerfile$/i, stream(dockerFile)], [/nginx.*\.conf$|(^|\/)(default\.conf|mime\.types)$/i, stream(nginx)],
  [/\.(sh|bash|profile)$|(^|\/)(\.?(bash|z|ash)rc|\.?profile|APKBUILD)$|entrypoint/i, stream(shell)],
  [/\.(conf|cfg|ini|env|properties|service|cnf)$|(^|\/)\.env/i, stream(properties)],
]; // prettier-ignore

function languageOf(name, text) {
  if (/^#!.*\b(ba|a|da|z)?sh\b/.test(text)) return [stream(shell)()];
  const found = LANGUAGES.find(([pattern]) => pattern.test(name));
  return found ? [found[1]()] : [];
}

// How the server, or the way to it, answered: {saved, digest, about}, or {problem} in words.
async function saved(url, body) {
  try {
    const response = await fetch(url, { method: "POST", body, headers: { Accept: "application/json" } });
    if (response.headers.get("Content-Type")?.startsWith("application/json")) return await response.json();
    if (response.redirected) return { problem: gettext("Nothing was saved: you are signed out. Sign in in another tab, and save again.") };
    if (response.status === 404) return { problem: gettext("Nothing was saved: this container is gone. Copy your text before you leave.") };
    if (response.status === 403) return { problem: gettext("Nothing was saved: you may not, or were signed out meanwhile. Look in another tab, and save again.") };
    return { problem: filled(gettext("Nothing was saved: the server answered %(status)s. Try again."), { status: response.status }) };
  } catch {
    return { problem: gettext("Nothing is known to be saved: the connection broke. Your text is still here; save again.") };
  }
}

whenPresent("[data-editor]", (form) => {
  const area = form.querySelector("textarea");
  const state = form.querySelector("[data-editor-state]");
  const nonce = document.querySelector("script[nonce]")?.nonce ?? "";
  const isReadOnly = "readOnly" in form.dataset;
  const wrapping = new Compartment();
  const said = document.querySelector("[data-editor-said]");
  let isChanged = false;
  let isSending = false;

  const save = () => (isReadOnly ? false : (form.requestSubmit(form.querySelector('button[type="submit"]')), true));
  const view = new EditorView({
    state: EditorState.create({
      doc: area.value,
      extensions: [
        EditorView.cspNonce.of(nonce), lineNumbers(), highlightActiveLine(), highlightActiveLineGutter(), highlightSpecialChars(), drawSelection(), history(), indentOnInput(),
        bracketMatching(), typingOver, search({ top: true }), highlightSelectionMatches(), look, colours, ...languageOf(form.dataset.name, area.value),
        keymap.of([{ key: "Mod-s", run: save, preventDefault: true }, indentWithTab, ...defaultKeymap, ...historyKeymap, ...searchKeymap]),
        EditorState.readOnly.of(isReadOnly), wrapping.of([]),
        EditorView.contentAttributes.of({ "aria-label": area.getAttribute("aria-label"), spellcheck: "false" }),
        EditorView.updateListener.of(({ docChanged }) => docChanged && changed()),
      ],
    }),
  }); // prettier-ignore
  area.before(view.dom);
  area.hidden = true;

  function changed() {
    if (!isChanged && state) state.textContent = gettext("Not saved yet");
    isChanged = true;
  }

  // The page stays: the text, the place in it and what can be undone are lost by nothing that goes wrong on the way.
  async function send(event) {
    event.preventDefault();
    if (isReadOnly || isSending) return;
    isSending = true;
    const sent = view.state.doc;
    area.value = sent.toString();
    const body = new FormData(form, event.submitter);
    state.textContent = gettext("Saving…");
    const answer = await saved(form.action, body);
    isSending = false;
    form.querySelector("[name=overwrite]")?.remove();
    if (event.submitter?.name === "overwrite") view.focus();
    isChanged = Boolean(answer.problem) || !view.state.doc.eq(sent);
    state.textContent = isChanged ? gettext("Not saved yet") : answer.saved;
    said.replaceChildren(...(answer.problem ? [notice(answer)] : []));
    if (answer.do) state.before(make("button", { type: "submit", class: "btn btn-danger", name: "overwrite", value: "1" }, answer.do));
    if (answer.problem) return said.scrollIntoView({ block: "nearest" });
    form.elements.digest.value = answer.digest;
    document.querySelector("[data-file-about]").textContent = answer.about;
  }

  function notice({ problem, theirs, do: choice }) {
    const look = theirs ? [" ", make("a", { href: theirs, target: "_blank", rel: "noopener" }, gettext("Look at theirs"))] : [];
    return make("div", { class: `notice ${choice ? "warning" : "bad"}`, role: "alert" }, icon(choice ? "alert-triangle" : "alert-circle"), make("div", {}, problem, ...look));
  }

  const warn = (event) => isChanged && event.preventDefault();
  form.addEventListener("submit", send);
  addEventListener("beforeunload", warn);
  return () => {
    form.removeEventListener("submit", send);
    removeEventListener("beforeunload", warn);
    view.destroy();
  };
});
