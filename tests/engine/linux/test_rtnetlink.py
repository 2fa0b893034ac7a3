"""Links, on the real kernel, in a network namespace of the test's own."""

import os
import subprocess
import threading
from collections.abc import Callable

import pytest

from engine.linux import syscalls
from engine.linux.rtnetlink import DeletionWatch
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


def ip(*words: str) -> None:
    namespace = f"--net=/proc/{os.getpid()}/task/{threading.get_native_id()}/ns/net"
    subprocess.run(["nsenter", namespace, "ip", "link", *words], check=True)


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
