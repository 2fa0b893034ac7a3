"""What find, tars and engines tell of files, read without believing the names in it."""

import base64
import io
import json

import pytest

from webui.containers.files import entries, texts
from webui.containers.files.archive import tar_bytes
from webui.containers.files.entries import Kind
from webui.containers.files.listing import read_gnu
from webui.containers.files.uploads import names_of


def test_a_name_cannot_pretend_to_be_another_file() -> None:
    out = b"f 644 5 1700000000.5 0 0\0\0two\nd 777 0 0 0 0 lines\0l 777 3 1 33 33\0/etc\0link\0"
    first, second = read_gnu(out)
    assert (first.name, first.kind, first.size) == ("two\nd 777 0 0 0 0 lines", Kind.FILE, 5)
    assert (second.name, second.kind, second.target, second.uid) == ("link", Kind.LINK, "/etc", 33)


@pytest.mark.parametrize(
    "out",
    [b"f 644 5 1 0 0\0\0cut", b"f 644 5 1 0 0\0\0", b"f 644 5\0\0a\0", b"f 644 5 1 0 0\0\0../up\0", b"nonsense\0\0a\0"],
)
def test_output_that_find_cannot_have_written_is_not_believed(out: bytes) -> None:
    with pytest.raises(ValueError, match=r".*"):
        read_gnu(out)


def test_the_header_of_a_path_is_read_with_gos_bits() -> None:
    told = {"mode": 1 << 31 | 1 << 20 | 0o777, "size": 4, "mtime": "2026-01-02T03:04:05.123456789Z", "linkTarget": ""}
    found = entries.of_header(base64.b64encode(json.dumps(told).encode()).decode())
    assert (found.kind, found.mode, found.size, found.modified) == (Kind.FOLDER, 0o1777, 4, 1767323045.0)


@pytest.mark.parametrize("data", [b"\xff", b"a\0b", b"a\r\nb\n", b"a\rb"])
def test_what_an_editor_would_change_by_itself_is_not_opened_in_one(data: bytes) -> None:
    assert texts.text_of(data) is None


@pytest.mark.parametrize("data", [b"", b"a", b"\n\na\n", b"a\r\nb\r\n", "grüße\n".encode()])
def test_a_text_comes_back_from_a_form_as_it_was(data: bytes) -> None:
    text = texts.text_of(data)
    assert text is not None
    assert texts.bytes_of(text.words.replace("\n", "\r\n"), text.line_end) == data


def test_a_tar_that_lacks_bytes_is_an_error_and_no_shorter_tar() -> None:
    info = entries.tarfile.TarInfo("short")
    info.size = 10
    with pytest.raises(OSError, match="6 bytes are missing"):
        list(tar_bytes([(info, io.BytesIO(b"four"))]))


def test_only_a_list_of_names_is_one() -> None:
    assert names_of(b'["a"]') == ["a"]
    with pytest.raises(ValueError, match="list of names"):
        names_of(b'{"a": 1}')
