// Runs a regular expression that somebody wrote, beside the page: where it backtracks for ever, only this is held up.

import { finderOf } from "./lib/log_finder.js";

// {query, lines} is answered by which of the lines match, {query, texts} by the ranges of the matches in each text.
addEventListener("message", ({ data: { query, lines, texts } }) => {
  const finder = finderOf(query, true);
  postMessage(lines ? lines.map((line) => finder.matches(line)) : texts.map((text) => finder.ranges(text)));
});
postMessage("ready");
