"""Many rounds by hand; the test suite runs a few."""

import argparse
import sys
import tempfile
from pathlib import Path

from tests.crash.rounds import Crashes
from tests.daemons import Daemon, running_engine
from tests.images import busybox_layer, save_tar


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.crash")
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--userns-remap", metavar="start=N,size=N", help="containers in user namespaces")
    given = parser.parse_args()
    options = ("--userns-remap", given.userns_remap) if given.userns_remap else ()
    with tempfile.TemporaryDirectory(prefix="crash-") as name:
        # The root of a container may be somebody else, and has to come to its files.
        Path(name).chmod(0o711)
        with running_engine(Path(name), *options) as engine:
            failed = _run(engine, Path(name), rounds=given.rounds, seed=given.seed)
    print(f"{given.rounds} rounds, seed {given.seed}: {failed} not clean")
    return 1 if failed else 0


def _run(engine: Daemon, folder: Path, *, rounds: int, seed: int) -> int:
    """Returns how many rounds were not clean."""
    tar = folder / "busybox.tar"
    save_tar(tar, tags=["busybox:latest"], layers=[busybox_layer()])
    engine.load(tar)
    crashes = Crashes(engine, folder / "root", seed=seed)
    failed = 0
    for number in range(rounds):
        left = crashes.round(number)
        failed += bool(left)
        print(f"round {number}: {crashes.last_story}; {'; '.join(left) or 'clean'}", flush=True)
    if failed:
        print(engine.log.read_text(errors="replace")[-6000:], file=sys.stderr)
    return failed


if __name__ == "__main__":
    sys.exit(main())
