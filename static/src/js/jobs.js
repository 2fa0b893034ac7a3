// A job's page: the log stays at its end while the reader is there; how the job goes on is heard, its lines and figures are not.

import "../css/jobs.css";
import { whenPresent } from "./lib/dom.js";
import { tellState } from "./lib/head_state.js";

whenPresent("[data-job-log]", (log) => {
  let isAtEnd = true;
  const toEnd = () => isAtEnd && (log.scrollTop = log.scrollHeight);
  log.addEventListener("scroll", () => (isAtEnd = log.scrollTop >= log.scrollHeight - log.clientHeight - 12), { passive: true });
  const changes = new MutationObserver(toEnd);
  changes.observe(log, { childList: true });
  toEnd();
  return () => changes.disconnect();
});

// "running · 38 s · about 9 s left", "done after 40 s": the first word is the state.
const stateOf = (words) => words.trim().split(/\s/, 1)[0];
whenPresent("#job-head", () => tellState(() => {}, stateOf));
