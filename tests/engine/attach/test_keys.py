import pytest

from engine.attach import DEFAULT_DETACH_KEYS, DetachKeys, parse_detach_keys
from engine.errors import InvalidArgument


def test_the_sequence_detaches_and_is_not_passed_on() -> None:
    assert DetachKeys(DEFAULT_DETACH_KEYS).feed(b"ls\x10\x11after") == (b"ls", True)


def test_the_sequence_may_come_in_pieces() -> None:
    keys = DetachKeys(DEFAULT_DETACH_KEYS)
    assert keys.feed(b"\x10") == (b"", False)
    assert keys.feed(b"\x11") == (b"", True)


def test_a_beginning_that_goes_on_otherwise_is_passed_on() -> None:
    keys = DetachKeys(DEFAULT_DETACH_KEYS)
    assert keys.feed(b"\x10x") == (b"\x10x", False)
    assert keys.feed(b"\x10\x10\x11") == (b"\x10", True)


def test_keys_are_read_as_docker_writes_them() -> None:
    assert parse_detach_keys("ctrl-a,b,ctrl-@,DEL") == b"\x01b\x00\x7f"
    assert parse_detach_keys("") == DEFAULT_DETACH_KEYS


@pytest.mark.parametrize("text", ["ctrl-", "ctrl-1", "ab", ","])
def test_what_is_no_key_is_refused(text: str) -> None:
    with pytest.raises(InvalidArgument):
        parse_detach_keys(text)
