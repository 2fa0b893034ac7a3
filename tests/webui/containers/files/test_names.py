"""Names of any bytes survive an address, and are shown without doing anything."""

import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from webui.containers.files.names import (
    check_name,
    in_zip,
    is_text,
    is_within,
    read_name,
    read_path,
    shown,
    split,
    written,
)

_names = st.binary(min_size=1, max_size=60).filter(lambda name: not {0, 47} & set(name) and name not in {b".", b".."})


@given(_names)
def test_a_name_of_any_bytes_comes_back_from_an_address(name: bytes) -> None:
    text = os.fsdecode(name)
    assert read_name(written(text)) == text
    assert read_path(written(f"/srv/{text}")) == f"/srv/{text}"
    # It can stand in UTF-8, and in one line.
    assert written(text).encode().decode().isprintable()
    assert shown(text).isprintable()


@settings(deadline=None)
@given(_names, _names)
def test_names_stay_apart_in_a_zip(one: bytes, other: bytes) -> None:
    texts = [in_zip(os.fsdecode(name)) for name in (one, other)]
    assert (texts[0] == texts[1]) == (one == other)
    assert "\\" not in texts[0].encode().decode()


def test_names_are_shown_as_they_are_and_odd_bytes_as_shells_write_them() -> None:
    assert shown("grüße 50%.txt") == "grüße 50%.txt"
    assert shown(os.fsdecode(b"caf\xe9\n\x1b[2J")) == "caf\\xe9\\n\\x1b[2J"
    assert shown("exe\u202egpj") == "exe\\u202egpj"
    assert written("grüße 50%") == "grüße 50%25"


@pytest.mark.parametrize("path", ["", "srv", "/srv/../etc", "/./x", "/a%00b", "/" + "x/" * 3000])
def test_what_is_no_path_is_refused(path: str) -> None:
    with pytest.raises(ValueError, match=r"path|NUL"):
        read_path(path)


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "a\0b", "x" * 256])
def test_what_no_file_can_be_called_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=r"name"):
        check_name(name)


def test_a_path_is_taken_apart() -> None:
    assert split("/") == ("/", "")
    assert split("/etc") == ("/", "etc")
    assert split("/etc/nginx") == ("/etc", "nginx")
    assert is_within("/data/x", "/data")
    assert is_within("/data", "/")
    assert not is_within("/database", "/data")
    assert is_text("grüße")
    assert not is_text(os.fsdecode(b"\xff"))
