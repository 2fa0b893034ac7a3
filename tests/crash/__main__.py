"""Many rounds by hand; the test suite runs a few."""

import argparse
import sys
import tempfile
from pathlib import Path

from tests.crash.rounds import Crashes
from tests.daemons import running_engine
from tests.images import busybox_layer, save_tar


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.crash")
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    failed = 0
    with tempfile.TemporaryDirectory(prefix="crash-") as name, running_engine(Path(name)) as engine:
        tar = Path(name) / "busybox.tar"
        save_tar(tar, tags=["busybox:latest"], layers=[busybox_layer()])
        engine.load(tar)
        crashes = Crashes(engine, Path(name) / "root", seed=given.seed)
        for number in range(given.rounds):
            left = crashes.round(number)
            failed += bool(left)
            print(f"round {number}: {crashes.last_story}; {'; '.join(left) or 'clean'}", flush=True)
        if failed:
            print(engine.log.read_text(errors="replace")[-6000:], file=sys.stderr)
    print(f"{given.rounds} rounds, seed {given.seed}: {failed} not clean")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
