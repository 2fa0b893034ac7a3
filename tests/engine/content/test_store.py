"""Blobs by digest."""

from pathlib import Path

import pytest

from engine.content import BlobNotFound, ContentStore, DigestMismatch, digest_of
from engine.errors import InvalidArgument


def test_a_blob_is_read_under_its_digest(tmp_path: Path) -> None:
    store = ContentStore(tmp_path)
    assert store.read(store.add(b"hello")) == b"hello"
    assert store.digests() == {digest_of(b"hello")}


def test_other_bytes_than_promised_leave_nothing(tmp_path: Path) -> None:
    store = ContentStore(tmp_path)
    with pytest.raises(DigestMismatch):
        store.add(b"hello", expected=digest_of(b"other"))
    assert store.digests() == set()
    assert not list((tmp_path / "ingest").iterdir())


def test_what_a_dead_daemon_was_writing_is_deleted(tmp_path: Path) -> None:
    ContentStore(tmp_path).ingest().write(b"half")
    ContentStore(tmp_path)
    assert not list((tmp_path / "ingest").iterdir())


@pytest.mark.parametrize("digest", ["sha256:../../etc/passwd", "md5:abc", "", "sha256:" + "A" * 64])
def test_a_digest_that_is_none_never_becomes_a_path(tmp_path: Path, digest: str) -> None:
    with pytest.raises(InvalidArgument):
        ContentStore(tmp_path).path_of(digest)


def test_an_unknown_blob_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(BlobNotFound):
        ContentStore(tmp_path).read(digest_of(b"nobody"))
