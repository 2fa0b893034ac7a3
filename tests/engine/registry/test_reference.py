"""Names of images, long and short."""

import base64

import pytest

from engine.errors import InvalidArgument
from engine.registry import parse_auth_header, parse_reference


@pytest.mark.parametrize(
    ("text", "repository", "familiar"),
    [
        ("busybox", "docker.io/library/busybox", "busybox:latest"),
        ("team/app:1.2", "docker.io/team/app", "team/app:1.2"),
        ("localhost/app", "localhost/app", "localhost/app:latest"),
        ("127.0.0.1:5000/a/b/c:x", "127.0.0.1:5000/a/b/c", "127.0.0.1:5000/a/b/c:x"),
        ("docker.io/library/busybox", "docker.io/library/busybox", "busybox:latest"),
        ("index.docker.io/x/y", "docker.io/x/y", "x/y:latest"),
    ],
)
def test_short_names_are_completed_and_shortened_again(text: str, repository: str, familiar: str) -> None:
    reference = parse_reference(text).with_default_tag()
    assert (reference.repository, reference.familiar) == (repository, familiar)


@pytest.mark.parametrize(
    "text", ["", "UPPER", "a//b", "a:", "a b", "-a", "a@sha256:12", "a:b/c", "a" * 64 + ":" + "x" * 200]
)
def test_what_is_no_name_is_refused(text: str) -> None:
    with pytest.raises(InvalidArgument):
        parse_reference(text)


def test_a_bare_64_digit_id_is_no_name() -> None:
    with pytest.raises(InvalidArgument, match="64-byte hexadecimal"):
        parse_reference("a" * 64)


@pytest.mark.parametrize("strip", [True, False])
def test_the_auth_header_is_read_padded_or_not(strip: bool) -> None:
    text = base64.urlsafe_b64encode(b'{"username":"u\xc3\xbf?","password":"p"}').decode()
    credentials = parse_auth_header(text.rstrip("=") if strip else text)
    assert (credentials.username, credentials.password) == ("uÿ?", "p")


@pytest.mark.parametrize("text", [None, "", "e30="])
def test_no_credentials_are_nobody(text: str | None) -> None:
    assert not parse_auth_header(text)


def test_a_broken_auth_header_is_the_callers_mistake() -> None:
    with pytest.raises(InvalidArgument, match="X-Registry-Auth"):
        parse_auth_header("%%%")
