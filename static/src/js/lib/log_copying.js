// What somebody marks in the log with the mouse and copies: the words of each line, without its time and whose it is.

export function copiesWords(pane) {
  pane.addEventListener("copy", (event) => {
    const selection = document.getSelection();
    const range = selection.rangeCount ? selection.getRangeAt(0) : null;
    const rows = range ? [...pane.querySelectorAll(".log-line, .log-note")].filter((row) => range.intersectsNode(row)) : [];
    // Within one line it is what was marked, a time as well.
    if (rows.length < 2) return;
    event.clipboardData.setData("text/plain", rows.map((row) => wordsOf(row, range)).join("\n"));
    event.preventDefault();
  });
}

function wordsOf(row, marked) {
  const part = document.createRange();
  part.selectNodeContents(row.querySelector(".words") ?? row);
  if (marked.compareBoundaryPoints(Range.START_TO_START, part) > 0) part.setStart(marked.startContainer, marked.startOffset);
  if (marked.compareBoundaryPoints(Range.END_TO_END, part) < 0) part.setEnd(marked.endContainer, marked.endOffset);
  return part.toString();
}
