"""`make bench`: figures of our engine beside a real dockerd, and of the console, taken in one run.

Absolute times depend on the machine and on what else it does; the ratios are what counts.
"""

import os
import sys

from tests.bench import console, engines, gate, images, logs, proxy


def main() -> int:
    if os.geteuid() != 0:
        print("make bench starts containers: run it as root", file=sys.stderr)
        return 1
    for part in (engines, images, console, gate, logs, proxy):
        for line in part.measure():
            print(line, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
