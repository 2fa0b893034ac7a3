"""Real parts that tests share: images made here, the engine, a dockerd beside it, a registry."""

import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.daemons import Daemon, Registry, running_dockerd, running_engine, running_registry
from tests.hosts import KINDS
from tests.images import busybox_layer, save_tar


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--host",
        choices=[*KINDS, "every"],
        help="which host the browser's tests are run on, all of them. Without it: on our engine, and those that are "
        "marked on_peers on a real dockerd and a real Podman too",
    )


def pytest_configure() -> None:
    """Whoever ends the tests, and by whatever signal, has what they started taken down.

    Without this SIGTERM ends Python at once, and a shell has what it runs in the background ignore SIGINT.
    """
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The browser's tests come last: Playwright's event loop, once begun, leaves no room for another in its thread."""
    items.sort(key=lambda item: item.get_closest_marker("e2e") is not None)


@pytest.fixture(scope="session")
def busybox_tar(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`busybox:latest`, as `docker save` writes it."""
    path = tmp_path_factory.mktemp("images") / "busybox.tar"
    save_tar(path, tags=["busybox:latest"], layers=[busybox_layer()])
    return path


@pytest.fixture(scope="session")
def engine(busybox_tar: Path) -> Iterator[Daemon]:
    """Our engine, with busybox:latest loaded. Tests remove what they make."""
    with tempfile.TemporaryDirectory(prefix="qs-") as folder, running_engine(Path(folder)) as daemon:
        daemon.load(busybox_tar)
        yield daemon


@pytest.fixture(scope="session")
def dockerd(busybox_tar: Path) -> Iterator[Daemon]:
    """Debian's dockerd, with busybox:latest loaded, to compare with."""
    with tempfile.TemporaryDirectory(prefix="dk-") as folder, running_dockerd(Path(folder)) as daemon:
        daemon.load(busybox_tar)
        yield daemon


@pytest.fixture(scope="session")
def swarm(busybox_tar: Path) -> Iterator[Daemon]:
    """A dockerd that is a swarm of one node."""
    with tempfile.TemporaryDirectory(prefix="dk-") as folder, running_dockerd(Path(folder)) as daemon:
        daemon.load(busybox_tar)
        daemon.json("POST", "/swarm/init", {"ListenAddr": "127.0.0.1:2377", "AdvertiseAddr": "127.0.0.1"})
        yield daemon


@pytest.fixture(scope="session")
def registry() -> Iterator[Registry]:
    with tempfile.TemporaryDirectory(prefix="reg-") as folder, running_registry(Path(folder)) as running:
        yield running
