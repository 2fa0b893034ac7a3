// Terminal escapes in a log line: colours become classes (or, of 256 and more, a colour made of three numbers), everything
// else that a terminal would obey is dropped. What comes out is text, never markup.

const ESCAPE = /\x1b\[([0-9;:?<=>!]*)[ -/]*([@-~])|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?|\x1b[PX^_][^\x1b]*(?:\x1b\\)?|\x1b[ -/]*[0-~]?|[\x00-\x08\x0b\x0c\x0e-\x1a\x1c-\x1f\x7f]/g;
const CONTROL = /[\x00-\x1f\x7f]/;

// A carriage return within a line is shown: what stands before it must not be hidden by what stands after.
const visible = (text) => text.replace(/\r+$/, "").replace(/\r/g, "␍").replace(/\t/g, "    ");

export function plainOf(raw) {
  return CONTROL.test(raw) ? visible(raw.replace(ESCAPE, "")) : raw;
}

// [{text, look}] with look null or {classes, color, background}.
export function coloured(raw) {
  if (!raw.includes("\x1b[")) return [{ text: plainOf(raw), look: null }];
  const pieces = [];
  let state = {};
  let from = 0;
  const push = (to) => {
    const text = visible(raw.slice(from, to));
    if (text) pieces.push({ text, look: lookOf(state) });
  };
  for (const match of raw.matchAll(ESCAPE)) {
    push(match.index);
    from = match.index + match[0].length;
    if (match[2] === "m" && /^[0-9;:]*$/.test(match[1])) state = applied(state, match[1].split(/[;:]/).map(Number));
  }
  push(raw.length);
  return pieces;
}

// SGR (ECMA-48, 8.3.117; 38 and 48 as xterm has them).
function applied(before, codes) {
  let state = { ...before };
  for (let at = 0; at < codes.length; at += 1) {
    const code = codes[at];
    if (code === 0) state = {};
    else if (code === 1) state.bold = true;
    else if (code === 2) state.faint = true;
    else if (code === 3) state.italic = true;
    else if (code === 4) state.underline = true;
    else if (code === 7) state.reverse = true;
    else if (code === 9) state.struck = true;
    else if (code === 22) state.bold = state.faint = false;
    else if (code === 23) state.italic = false;
    else if (code === 24) state.underline = false;
    else if (code === 27) state.reverse = false;
    else if (code === 29) state.struck = false;
    else if ((code >= 30 && code <= 37) || (code >= 90 && code <= 97)) state.ink = code >= 90 ? code - 82 : code - 30;
    else if ((code >= 40 && code <= 47) || (code >= 100 && code <= 107)) state.ground = code >= 100 ? code - 92 : code - 40;
    else if (code === 39) state.ink = undefined;
    else if (code === 49) state.ground = undefined;
    else if (code === 38 || code === 48) {
      const [colour, used] = extended(codes, at + 1);
      state[code === 38 ? "ink" : "ground"] = colour;
      at += used;
    }
  }
  return state;
}

function extended(codes, at) {
  if (codes[at] === 5) return [indexed(codes[at + 1]), 2];
  const parts = codes.slice(at + 1, at + 4);
  if (codes[at] === 2 && parts.length === 3) return [rgb(parts), 4];
  return [undefined, codes.length];
}

const rgb = (parts) => `rgb(${parts.map((part) => Math.min(255, Math.max(0, Math.trunc(part) || 0))).join(" ")})`;

function indexed(code) {
  if (!(code >= 0 && code <= 255)) return undefined;
  if (code < 16) return code;
  if (code >= 232) return rgb(Array(3).fill(8 + (code - 232) * 10));
  const level = (step) => (step ? 55 + step * 40 : 0);
  const cube = code - 16;
  return rgb([level(Math.floor(cube / 36)), level(Math.floor(cube / 6) % 6), level(cube % 6)]);
}

function lookOf(state) {
  const [ink, ground] = state.reverse ? [state.ground ?? "pane", state.ink ?? "ink"] : [state.ink, state.ground];
  const classes = ["bold", "faint", "italic", "underline", "struck"].filter((name) => state[name]).map((name) => `ansi-${name}`);
  const look = { classes, color: "", background: "" };
  if (typeof ink === "number" || ink === "pane") classes.push(`ansi-ink-${ink}`);
  else if (ink) look.color = ink;
  if (typeof ground === "number" || ground === "ink") classes.push(`ansi-ground-${ground}`);
  else if (ground) look.background = ground;
  return classes.length || look.color || look.background ? look : null;
}
