"""A body that we and the host could read in two ways goes to no host."""

import pytest

from webui.access import Role
from webui.gate import Actor, Refused, decide
from webui.gate.bodies import read_body
from webui.hosts.models import Host

ADMINISTRATOR = Actor(1, "olga", Role.ADMINISTRATOR)
HOST = Host(slug="local", name="Local", url="unix:///nowhere")


@pytest.mark.parametrize(
    "body",
    [
        b'{"Image": "a", "Image": "b"}',
        b'{"Image": "a", "image": "b"}',
        b'{"HostConfig": {"Privileged": false, "privileged": true}}',
        b'{"hostconfig": {"Privileged": false, "PRIVILEGED": true}}',
        b'{"HostConfig": {"Mounts": [{"Source": "/a", "Source": "/"}]}}',
        b'{"Image": "a"} {"Image": "b"}',
        b"[]",
        b'"text"',
        b"{",
        b"\xff\xfe{}",
        b"[" * 100_000,
    ],
)
def test_an_ambiguous_body_is_refused(body: bytes) -> None:
    with pytest.raises(Refused) as refused:
        read_body(body)
    assert refused.value.rule == "body"
    assert decide(ADMINISTRATOR, HOST, "POST", "/containers/create", body=body).rule == "body"


def test_names_that_are_a_users_own_may_differ_by_case_only() -> None:
    body = b'{"Image": "a", "Labels": {"tier": "x", "Tier": "y"}, "HostConfig": {"Sysctls": {"a": "1", "A": "2"}}}'
    assert read_body(body)["Labels"] == {"tier": "x", "Tier": "y"}


@pytest.mark.parametrize("body", [None, b"", b"null", b"{}"])
def test_no_body_is_an_empty_object(body: bytes | None) -> None:
    assert read_body(body) == {}


def test_a_body_that_must_be_looked_at_may_not_be_streamed() -> None:
    assert decide(ADMINISTRATOR, HOST, "POST", "/containers/create", is_streamed=True).rule == "body"
    assert decide(ADMINISTRATOR, HOST, "POST", "/images/load", is_streamed=True).is_allowed
