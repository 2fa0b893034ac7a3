"""Packed answers: any reader of gzip gets back what was packed, and the size tells nothing of it."""

import gzip

import pytest

from webui.compression import gzipped


@pytest.mark.parametrize("data", [b"", b"a page", b"a page" * 100_000])
def test_what_was_packed_comes_back(data: bytes) -> None:
    assert gzip.decompress(gzipped(data)) == data


def test_the_same_page_is_not_packed_into_the_same_size() -> None:
    assert len({len(gzipped(b"the same page" * 100)) for _ in range(50)}) > 10
