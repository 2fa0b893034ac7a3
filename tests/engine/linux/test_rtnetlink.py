"""Links, on the real kernel, in a network namespace of the test's own."""

import os
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.linux import syscalls
from engine.linux.rtnetlink import Cable, DeletionWatch, RouteSocket
from engine.linux.syscalls import CloneFlag

pytestmark = pytest.mark.real


def in_own_namespace(work: Callable[[], None]) -> None:
    """Namespaces are a thread's: this one ends with its own."""
    failures: list[BaseException] = []

    def run() -> None:
        try:
            syscalls.unshare(CloneFlag.NEWNET)
            work()
        except BaseException as error:
            failures.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    for error in failures:
        raise error


def ip(*words: str, of: str = "link") -> str:
    namespace = f"--net=/proc/{os.getpid()}/task/{threading.get_native_id()}/ns/net"
    command = ["nsenter", namespace, "ip", of, *words]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def test_a_watch_hears_of_deleted_links_and_of_nothing_else() -> None:
    def work() -> None:
        watch = DeletionWatch()
        ip("add", "first", "type", "bridge")
        ip("add", "second", "type", "bridge")
        ip("set", "first", "alias", "of the test", "up")
        assert watch.deleted() == []
        ip("delete", "first")
        deleted = watch.deleted()
        assert deleted is not None
        assert [(link.name, link.kind, link.alias) for link in deleted] == [("first", "bridge", "of the test")]
        watch.close()

    in_own_namespace(work)


@pytest.mark.parametrize("mtu", [1500, 1000])
def test_the_end_of_a_cable_on_a_bridge_has_no_address(mtu: int) -> None:
    """Programs that watch addresses take each for a change of the machine's network; an MTU of 1000 has no IPv6."""

    def work() -> None:
        with RouteSocket() as routes, Path("/proc/thread-self/ns/net").open("rb") as namespace:
            bridge = routes.create_bridge("b0", alias="", mac_address="02:42:00:00:00:01", mtu=mtu)
            cable = Cable(
                name="here", peer_name="there", peer_mac_address="02:42:00:00:00:02", alias="", mtu=mtu,
                bridge_index=bridge.index, netns_fd=namespace.fileno(),
            )  # fmt: skip
            here = routes.create_cable(cable)
            assert (here.is_up, here.master) == (True, bridge.index)
            ip("set", "there", "up")
            # Made at once, and then looked for twice on the link.
            has_ipv6 = mtu >= 1280
            assert ("fe80:" in ip("show", "there", of="address")) is has_ipv6
            assert "fe80:" not in ip("show", "here", of="address")

    in_own_namespace(work)
