"""One reading of a path: what is matched is what is sent, and what could be read in two ways is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webui.gate.errors import Refused
from webui.gate.paths import read_path


@pytest.mark.parametrize(
    "path",
    [
        "//containers//json",
        "/containers//json",
        "/containers/json/",
        "/containers/../secrets",
        "/containers/./json",
        "/containers/x/../../secrets",
        "/containers/%2e%2e/secrets",
        "/containers/x%2fjson",
        "/containers/x%2Fjson",
        "/containers/x%252fjson",
        "/containers/x%00/json",
        "/containers/x%3fall=1",
        "/containers/x%5c..%5cjson",
        "/containers/x\\json",
        "/containers/x y/json",
        "/containers/x%20y/json",
        "/containers/x%0d%0aHost:%20evil/json",
        "/containers/%C3%A9/json",
        "/containers/x%zz/json",
        "/containers/x?all=1",
        "containers/json",
        "http://evil.example/containers/json",
        "",
    ],
)
def test_a_path_that_can_be_read_in_two_ways_is_refused(path: str) -> None:
    with pytest.raises(Refused) as refused:
        read_path(path)
    assert refused.value.rule == "path"


@pytest.mark.parametrize(
    ("asked", "version", "path"),
    [
        ("/v1.41/containers/json", "/v1.41", "/containers/json"),
        ("/containers/json", "", "/containers/json"),
        ("/v1.41x/containers/json", "", "/v1.41x/containers/json"),
        ("/v1.41/v1.41/info", "/v1.41", "/v1.41/info"),
        ("/images/busybox%40sha256:abc/json", "", "/images/busybox@sha256:abc/json"),
        ("/%63ontainers/json", "", "/containers/json"),
    ],
)
def test_version_and_path_are_told_apart_and_plain_encodings_decoded(asked: str, version: str, path: str) -> None:
    read = read_path(asked)
    assert (read.version, read.path) == (version, path)


@given(st.text(alphabet=st.characters(max_codepoint=255), max_size=60).map(lambda text: f"/{text}"))
def test_what_is_sent_reads_as_what_was_matched(asked: str) -> None:
    try:
        read = read_path(asked)
    except Refused:
        return
    again = read_path(read.sent)
    assert (again.version, again.path, again.sent) == (read.version, read.path, read.sent)
