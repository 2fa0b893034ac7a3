// How an editor looks: the pane of logs and consoles, in both themes.

import { HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import { EditorView } from "@codemirror/view";
import { tags } from "@lezer/highlight";

export const look = EditorView.theme(
  {
    "&": { color: "var(--pane-ink)", backgroundColor: "var(--pane)", height: "max(260px, calc(100dvh - 324px))" },
    ".cm-scroller": { fontFamily: "var(--mono)", fontSize: "12px", lineHeight: "19px" },
    ".cm-content": { caretColor: "var(--accent)" },
    "&.cm-focused": { outline: "2px solid var(--accent)", outlineOffset: "-2px" },
    ".cm-cursor, .cm-dropCursor": { borderLeftColor: "var(--accent)" },
    "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": { backgroundColor: "#1d4a52" },
    ".cm-gutters": { backgroundColor: "var(--pane)", color: "var(--pane-dim)", border: "0" },
    ".cm-activeLine, .cm-activeLineGutter": { backgroundColor: "#0d2029" },
    ".cm-selectionMatch": { backgroundColor: "#163a41" },
    ".cm-searchMatch": { backgroundColor: "#5b4a12" },
    ".cm-searchMatch-selected": { backgroundColor: "#8a6d10" },
    ".cm-panels": { backgroundColor: "#0c1c26", color: "var(--pane-ink)" },
    ".cm-panels button, .cm-panels input": { font: "inherit", color: "inherit" },
    ".cm-textfield": { backgroundColor: "var(--pane)", border: "1px solid #2e4454" },
    ".cm-button": { backgroundImage: "none", backgroundColor: "#16272f", border: "1px solid #2e4454" },
  },
  { dark: true },
);

export const colours = syntaxHighlighting(
  HighlightStyle.define([
    { tag: [tags.keyword, tags.operatorKeyword, tags.modifier], color: "#d8b4fe" },
    { tag: [tags.propertyName, tags.attributeName, tags.definition(tags.variableName)], color: "#5eead4" },
    { tag: [tags.string, tags.special(tags.string)], color: "#86efac" },
    { tag: [tags.number, tags.bool, tags.null, tags.atom], color: "#93c5fd" },
    { tag: [tags.comment, tags.meta], color: "#7f94a2" },
    { tag: [tags.heading, tags.typeName, tags.className], color: "#fbbf24" },
    { tag: tags.invalid, color: "#f87171" },
  ]),
);
