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
import { whenPresent } from "./lib/dom.js";
import { colours, look } from "./lib/editor_look.js";
import { gettext } from "./lib/words.js";

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

whenPresent("[data-editor]", (form) => {
  const area = form.querySelector("textarea");
  const state = form.querySelector("[data-editor-state]");
  const nonce = document.querySelector("script[nonce]")?.nonce ?? "";
  const isReadOnly = "readOnly" in form.dataset;
  const wrapping = new Compartment();
  let isChanged = false;

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

  const fill = () => {
    area.value = view.state.doc.toString();
    isChanged = false;
  };
  const warn = (event) => isChanged && event.preventDefault();
  form.addEventListener("submit", fill);
  addEventListener("beforeunload", warn);
  return () => {
    form.removeEventListener("submit", fill);
    removeEventListener("beforeunload", warn);
    view.destroy();
  };
});
