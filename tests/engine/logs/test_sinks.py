"""Lines as syslog and journald take them, at sockets of our own."""

import socket
from pathlib import Path

import pytest

from engine.errors import InvalidArgument
from engine.logs.sinks import Journald, Syslog


def _syslog(**options: str) -> Syslog:
    return Syslog.of({"syslog-address": "udp://127.0.0.1:514", **options}, "tag")


def test_the_formats_of_syslog_carry_priority_time_and_tag() -> None:
    line = _syslog(**{"syslog-format": "rfc5424", "syslog-facility": "local0"}).line((2, b"oh\n"), 0.5)
    assert line.startswith(b"<131>1 1970-01-01T00:00:00Z ")
    assert line.endswith(b" tag - oh")
    micro = _syslog(**{"syslog-format": "rfc5424micro"}).line((1, b"oh"), 0.5)
    assert micro.startswith(b"<30>1 1970-01-01T00:00:00.500000Z ")
    old = _syslog().line((1, b"oh"), 0)
    assert old.startswith(b"<30>Jan  1 ")
    assert old.endswith(b"]: oh")


@pytest.mark.parametrize(
    "options",
    [
        {"syslog-facility": "none"},
        {"syslog-facility": "99"},
        {"syslog-format": "odd"},
        {"syslog-address": "http://x"},
        {"syslog-address": "udp://x:port"},
        {"syslog-address": "unix:///not/there"},
    ],
)
def test_options_of_syslog_that_mean_nothing_are_refused(options: dict[str, str]) -> None:
    with pytest.raises(InvalidArgument):
        _syslog(**options)


def test_journald_is_given_fields_and_lines_of_any_content(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as server:
        server.bind(str(path))
        sink = Journald({"CONTAINER_NAME": "box"}, path)
        sink.send([(1, b"one\n"), (2, b"a\nb")])
        assert server.recv(4096) == b"CONTAINER_NAME=box\nPRIORITY=6\nMESSAGE=one\n"
        length = (3).to_bytes(8, "little")
        assert server.recv(4096) == (
            b"CONTAINER_NAME=box\nPRIORITY=3\nCONTAINER_PARTIAL_MESSAGE=true\nMESSAGE\n" + length + b"a\nb\n"
        )
        sink.close()


def test_a_host_without_journald_says_so(tmp_path: Path) -> None:
    with pytest.raises(InvalidArgument, match="journald is not enabled on this host"):
        Journald({}, tmp_path / "nothing")
