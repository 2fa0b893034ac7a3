#!/usr/bin/env python
"""Django's own commands; `quayside manage` is the same from anywhere."""

import sys

from webui.cli import main

if __name__ == "__main__":
    sys.exit(main(["manage", *sys.argv[1:]]))
