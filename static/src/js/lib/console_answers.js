// What a program asks its terminal (where the cursor is, what it is, which colours it has) is answered as if it were typed. A
// question must be answered once: not again by a page that draws what another has drawn, nor by each of several windows.

// ECMA-48 and xterm's: DA, DSR, DECRQM, DECRQSS and the colours.
const CSI = [{ final: "c" }, { prefix: ">", final: "c" }, { prefix: "=", final: "c" }, { final: "n" }, { prefix: "?", final: "n" }, { intermediates: "$", final: "p" }, { prefix: "?", intermediates: "$", final: "p" }]; // prettier-ignore
const COLOURS = [4, 10, 11, 12];

// isAnswering() says whether this window answers what is drawn now.
export function answersOnce({ parser }, isAnswering) {
  for (const id of CSI) parser.registerCsiHandler(id, () => !isAnswering());
  parser.registerDcsHandler({ intermediates: "$", final: "q" }, () => !isAnswering());
  for (const code of COLOURS) parser.registerOscHandler(code, (data) => data.includes("?") && !isAnswering());
}
