"""The hosts that the browser's tests are run on: the bundled engine, a real dockerd, a real Podman."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tests.consoles import Console, running_console
from tests.daemons import Daemon, running_dockerd
from tests.podman import running_podman

KINDS: Final = ("ours", "dockerd", "podman")


@contextlib.contextmanager
def console_beside(kind: str, folder: Path, **environment: str) -> Iterator[Console]:
    """A console with the bundled engine, or without it beside a daemon of another kind, which is yet to be added."""
    if kind == "ours":
        with running_console(folder, **environment) as console:
            yield console
        return
    with _peer(kind, folder) as daemon, running_console(folder, "--no-engine", **environment) as console:
        console.host = daemon
        yield console


@contextlib.contextmanager
def _peer(kind: str, folder: Path) -> Iterator[Daemon]:
    own = folder / kind
    own.mkdir()
    with running_dockerd(own) if kind == "dockerd" else running_podman(own) as daemon:
        yield daemon
