"""What `quayside up` says on a machine that is slow, and of a store that cannot start."""

import importlib
import socket
import threading
from pathlib import Path

import pytest

from webui.accounts import first_run
from webui.supervisor.children import Child, Program
from webui.supervisor.watch import stop_all

# Its folder gives the function of this name.
up = importlib.import_module("webui.supervisor.up")

_PAGE = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi"


def _answer_the_third(listener: socket.socket) -> None:
    for answer in (b"", b"nonsense\r\n\r\n", _PAGE):
        client, _address = listener.accept()
        with client:
            client.recv(65536)
            client.sendall(answer)


def test_a_console_that_answers_late_says_where_it_is_all_the_same(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(first_run, "set_up_path", lambda: "/set-up/once/")
    monkeypatch.setattr(up, "_ASK_AGAIN_S", 0.01)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        host, port = listener.getsockname()
        answering = threading.Thread(target=_answer_the_third, args=(listener,))
        answering.start()
        up._say_welcome("http://here", host, port)
        answering.join()
    first, second, third = capsys.readouterr().err.splitlines()
    assert first.startswith("quayside: the console does not answer on http://here yet: ")
    assert second == "quayside: running on http://here"
    assert third.endswith("http://here/set-up/once/")


@pytest.mark.real
def test_a_store_that_has_ended_is_not_waited_for(tmp_path: Path) -> None:
    child = Child("store", Program(["false"]))
    child.start()
    assert not up._wait_for_socket(tmp_path / "none.sock", child, 3600)
    stop_all([child])
