"""Tokens: what is kept of one, who acts by it, and what it leaves of its person's rights."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from webui.access import Operation, Role
from webui.accounts.models import User
from webui.audit.models import Entry
from webui.gate import actor_of, decide
from webui.hosts.models import Host
from webui.tokens import SECRET, find, holder_of, make, note_use, revoke
from webui.tokens.models import Token


def _make(user: User, *, hosts: list[Host] | None = None, access: str = "everything", hours: float = 1,
          operations: tuple[str, ...] = (), name: str = "laptop") -> tuple[Token, str]:  # fmt: skip
    return make(
        user, name=name, access=access, operations=operations, hosts=hosts,
        expires_at=timezone.now() + timedelta(hours=hours), by=actor_of(user),
    )  # fmt: skip


def test_only_a_hash_of_the_secret_is_kept_and_the_secret_finds_the_token(olga: User) -> None:
    token, secret = _make(olga)
    assert SECRET.fullmatch(secret)
    kept = " ".join(str(value) for value in Token.objects.filter(pk=token.pk).values_list()[0])
    assert secret not in kept
    assert secret[-43:] not in kept
    assert not Entry.objects.filter(message__contains=secret).exists()
    assert find(secret) == token.key
    assert find(secret[:-1] + ("A" if secret[-1] != "A" else "B")) is None
    assert find("qs_nonsense") is None


def test_a_token_gives_never_more_than_its_person_may(rita: User, docks: Host) -> None:
    token, _secret = _make(rita)
    holder = holder_of(token.key)
    assert holder is not None
    said = decide(holder.actor, docks, "POST", "/containers/prune")
    assert not said.is_allowed
    assert said.rule == f"role {rita.role}"


@pytest.mark.parametrize(
    ("given", "allowed", "refused"),
    [
        ({"access": "read"}, "container.list", "container.start"),
        ({"access": "chosen", "operations": ("container.start",)}, "container.start", "container.list"),
        ({"access": "chosen", "operations": ("no.such-operation",)}, None, "container.list"),
    ],
)
def test_a_token_leaves_only_what_it_is_for(
    olga: User, docks: Host, given: dict[str, Any], allowed: str | None, refused: str
) -> None:
    token, _secret = _make(olga, **given)
    holder = holder_of(token.key)
    assert holder is not None
    may = holder.actor.on(docks).operations
    assert allowed is None or Operation(allowed) in may
    assert Operation(refused) not in may


def test_a_refusal_by_the_token_alone_says_so(olga: User, docks: Host) -> None:
    token, _secret = _make(olga, access="read", name="watcher")
    holder = holder_of(token.key)
    assert holder is not None
    said = decide(holder.actor, docks, "POST", "/containers/web/start")
    assert said.rule == "token watcher"
    assert "outside of what the token watcher is for" in said.refusal


def test_a_token_for_one_host_opens_no_other_and_outlives_its_host_without_growing(olga: User, docks: Host) -> None:
    other = Host.objects.create(slug="other", name="Other", url="unix:///nowhere.sock")
    token, _secret = _make(olga, hosts=[docks])
    holder = holder_of(token.key)
    assert holder is not None
    assert list(holder.hosts) == [docks.pk]
    assert not holder.actor.on(other).operations
    docks.delete()
    holder = holder_of(token.key)
    assert holder is not None
    assert not holder.hosts
    assert not holder.actor.on(other).operations


def test_it_is_over_when_its_time_its_person_or_somebody_says_so(olga: User, rita: User, docks: Host) -> None:
    over, _secret = _make(rita, hours=-1, name="old")
    assert holder_of(over.key) is None
    token, _secret = _make(rita)
    assert holder_of(token.key) is not None
    User.objects.filter(pk=rita.pk).update(is_active=False)
    assert holder_of(token.key) is None
    User.objects.filter(pk=rita.pk).update(is_active=True, role=Role.NONE)
    holder = holder_of(token.key)
    assert holder is not None
    assert not holder.hosts
    revoke([token], by=actor_of(olga))
    assert holder_of(token.key) is None
    assert Entry.objects.get(operation="token.revoke").username == "olga"


def test_the_last_use_says_when_from_where_and_by_what(olga: User) -> None:
    token, _secret = _make(olga)
    note_use(token.pk, address="10.0.0.7", program="Docker-Client/28.2.2 (linux)")
    token.refresh_from_db()
    assert (token.used_from, token.used_by) == ("10.0.0.7", "Docker-Client/28.2.2 (linux)")
    assert token.used_at is not None
