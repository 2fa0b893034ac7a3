"""All tests, in two lanes side by side: `python -m tests.lanes`, which is what `make test` runs.

A test on a real engine, or in a browser, waits for other processes most of its time; two at once make use of two cores.
The second lane has a network of its own. Else engines of both might choose the same subnet at the same moment, and
Chromium breaks off what it loads when the interfaces of any engine come and go. Nothing in it needs another machine.
"""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any, Final
from xml.etree import ElementTree

# Each is what pytest's -m takes. The first is shown as it runs, the second when both have ended.
LANES: Final = ("not e2e and not beside", "e2e or beside")
_OWN_NETWORK: Final = ("unshare", "--net", "sh", "-c", 'ip link set lo up && exec "$@"', "sh")
_ENDED_BY_SIGNAL: Final = 128


def main() -> int:
    """Returns what the process ends with: 0 only where each lane ran to its end and nothing failed."""
    with tempfile.TemporaryDirectory(prefix="quayside-lanes-") as name:
        return _run(Path(name))


def _run(folder: Path) -> int:
    began = time.monotonic()
    outputs = [folder / f"{number}.txt" for number in range(len(LANES))]
    reports = [folder / f"{number}.xml" for number in range(len(LANES))]
    is_shared = len(os.sched_getaffinity(0)) > 1
    running: list[subprocess.Popen[bytes]] = []

    def pass_on(number: int, _frame: object) -> None:
        # Once: a second one would break off what the lanes do at the first. They take down what they have started.
        for one in (signal.SIGINT, signal.SIGTERM):
            signal.signal(one, signal.SIG_IGN)
        for process in running:
            process.send_signal(signal.SIGINT)
        raise SystemExit(_ENDED_BY_SIGNAL + number)

    # What a shell runs in the background ignores the first, and so would all that it starts.
    for one in (signal.SIGINT, signal.SIGTERM):
        signal.signal(one, pass_on)
    try:
        for lane, output, report in zip(LANES, outputs, reports, strict=True):
            running.append(_begin(lane, report, None if lane == LANES[0] else output))
            if not is_shared:
                running[-1].wait()
        codes = [process.wait() for process in running]
    finally:
        for process in running:
            process.wait()
    for output in outputs[1:]:
        sys.stdout.write(output.read_text(errors="replace"))
    print(f"\nBoth lanes took {time.monotonic() - began:.0f} s.")
    print(closing_line(reports))
    return max(abs(code) for code in codes) or int(not all(report.exists() for report in reports))


def _begin(lane: str, report: Path, output: Path | None) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-m", lane, f"--junit-xml={report}"]
    if output is None:
        return _started(command)
    with output.open("wb") as file:
        own = _OWN_NETWORK if os.geteuid() == 0 else ()
        return _started([*own, *command], stdout=file, stderr=subprocess.STDOUT)


def _started(command: list[str], **output: Any) -> "subprocess.Popen[bytes]":
    """In a session of its own: no Ctrl-C reaches its consoles and engines, which the lane ends one after the other."""
    return subprocess.Popen(command, start_new_session=True, **output)


def closing_line(reports: list[Path]) -> str:
    """What pytest's own closing lines say of all lanes, added up. A lane that left no report is counted as broken."""
    counts: Counter[str] = Counter(passed=0, failed=0)
    for report in reports:
        if not report.exists():
            counts["broken lanes"] += 1
            continue
        for case in ElementTree.parse(report).iter("testcase"):
            counts[_outcome(case)] += 1
    return ", ".join(f"{count} {what}" for what, count in counts.items())


def _outcome(case: ElementTree.Element) -> str:
    """A test that passed, and whose fixture failed afterwards, is an error."""
    kinds = {"failure": "failed", "error": "errors", "skipped": "skipped"}
    return next((word for tag, word in kinds.items() if case.find(tag) is not None), "passed")


if __name__ == "__main__":
    sys.exit(main())
