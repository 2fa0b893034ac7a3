"""One `quayside up` per data folder and per port."""

import fcntl
import os
import socket
import time
from pathlib import Path

import pytest

from webui.supervisor.lock import AlreadyRunning, bind, lock_data


def test_a_second_up_on_the_same_folder_is_told_who_has_it(tmp_path: Path) -> None:
    lock = lock_data(tmp_path)
    with pytest.raises(AlreadyRunning, match=f"process {os.getpid()}"):
        lock_data(tmp_path)
    os.close(lock.descriptor)


def test_the_lock_of_a_dead_process_is_waited_for_and_taken(tmp_path: Path) -> None:
    path = tmp_path / "quayside.lock"
    path.write_text("999999999\n")
    # A child of the dead one still holds it; it lets go when it notices.
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        descriptor = os.open(path, os.O_RDWR)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        os.write(writer, b".")
        time.sleep(0.3)
        os._exit(0)
    os.read(reader, 1)
    lock = lock_data(tmp_path, patience_s=90)
    assert path.read_text() == f"{os.getpid()}\n"
    os.close(lock.descriptor)
    os.waitpid(pid, 0)
    os.close(reader)
    os.close(writer)


def test_a_taken_port_is_named_with_what_to_do() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(AlreadyRunning, match=f"127.0.0.1:{port} is taken.*--bind"):
            bind(f"127.0.0.1:{port}")


@pytest.mark.parametrize("address", ["8000", "localhost", "127.0.0.1:", "127.0.0.1:http", "127.0.0.1:70000"])
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(ValueError, match="is no HOST:PORT"):
        bind(address)
