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
from typing import Final
from xml.etree import ElementTree

# Each is what pytest's -m takes. The first is shown as it runs, the second when both have ended.
LANES: Final = ("not e2e and not beside", "e2e or beside")
_OWN_NETWORK: Final = ("unshare", "--net", "sh", "-c", 'ip link set lo up && exec "$@"', "sh")
_ENDED_BY_SIGNAL: Final = 128


def main() -> int:
    """Returns what the process ends with: 0 only where each lane ran to its end and nothing failed."""
    with tempfile.TemporaryDirectory(prefix="quayside-lanes-") as name:
        try:
            return _run(Path(name))
        except KeyboardInterrupt:
            return _ENDED_BY_SIGNAL + signal.SIGINT


def _run(folder: Path) -> int:
    began = time.monotonic()
    outputs = [folder / f"{number}.txt" for number in range(len(LANES))]
    reports = [folder / f"{number}.xml" for number in range(len(LANES))]
    is_shared = len(os.sched_getaffinity(0)) > 1
    running: list[subprocess.Popen[bytes]] = []

    def pass_on(number: int, _frame: object) -> None:
        for process in running:
            process.send_signal(signal.SIGINT)
        # Both take down what they have started, and say so.
        raise SystemExit(_ENDED_BY_SIGNAL + number)

    signal.signal(signal.SIGTERM, pass_on)
    # What a shell runs in the background ignores this, and so would all that it starts.
    signal.signal(signal.SIGINT, signal.default_int_handler)
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
        return subprocess.Popen(command)
    with output.open("wb") as file:
        own = _OWN_NETWORK if os.geteuid() == 0 else ()
        return subprocess.Popen([*own, *command], stdout=file, stderr=subprocess.STDOUT)


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
