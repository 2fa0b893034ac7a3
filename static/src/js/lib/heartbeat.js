// Notices a connection over which nothing comes any more although nobody has ended it: a cable that is pulled, or a laptop that
// slept, sends no word of that. Counts its own beats, not the clock: while a page sleeps it misses nothing.

const BEAT_MS = 1000;
// Beats without a word until one is asked for; from then until the reader is told, and until the connection is given up.
const QUIET = 10;
const LATE = 4;
const DEAD = 15;

// ask() sends what is answered, late(isLate) tells the reader, dead() ends the connection.
export function heartbeat({ ask, late, dead }) {
  let silent = 0;
  let isLate = false;
  const timer = setInterval(beat, BEAT_MS);

  function beat() {
    silent += 1;
    if (silent === QUIET) ask();
    if (silent === QUIET + LATE) tell(true);
    if (silent < QUIET + DEAD) return;
    stop();
    dead();
  }

  function tell(now) {
    if (isLate !== now) late(now);
    isLate = now;
  }

  // Something was sent that will be answered.
  const expect = () => (silent = Math.max(silent, QUIET));

  // The network may be another one.
  function probe() {
    if (silent < QUIET) ask();
    expect();
  }

  const seen = () => !document.hidden && probe();

  function stop() {
    clearInterval(timer);
    window.removeEventListener("online", probe);
    window.removeEventListener("offline", probe);
    document.removeEventListener("visibilitychange", seen);
  }

  window.addEventListener("online", probe);
  window.addEventListener("offline", probe);
  document.addEventListener("visibilitychange", seen);
  return {
    expect,
    stop,
    heard() {
      silent = 0;
      tell(false);
    },
  };
}
