// A job's page: the log stays at its end while the reader is there.

import "../css/jobs.css";
import { whenPresent } from "./lib/dom.js";

whenPresent("[data-job-log]", (log) => {
  let isAtEnd = true;
  const toEnd = () => isAtEnd && (log.scrollTop = log.scrollHeight);
  log.addEventListener("scroll", () => (isAtEnd = log.scrollTop >= log.scrollHeight - log.clientHeight - 12), { passive: true });
  const changes = new MutationObserver(toEnd);
  changes.observe(log, { childList: true });
  toEnd();
  return () => changes.disconnect();
});
