"""Making tokens, knowing them again, and ending them. Written down in the audit log."""

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from django.db import transaction
from django.utils import timezone

from webui import audit
from webui.access import Operation
from webui.access.roles import Role, operations_of
from webui.gate import Actor, Scope, actor_of
from webui.hosts import visible_hosts

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from webui.accounts.models import User
    from webui.hosts.models import Host
    from webui.tokens.models import Token

# `qs_`, the public half, `_`, the secret half: 8 and 32 random bytes. Scanners for leaked secrets find it by this.
SECRET: Final = re.compile(r"qs_([0-9a-f]{16})_([A-Za-z0-9_-]{43})")
LONGEST: Final = timedelta(days=366)
# "Last used" is right to half a minute; writing each request down would make every request a write.
_USED_EVERY: Final = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Holder:
    """Who acts by a token, as of now. `hosts` are those that token and person may both see, by id."""

    actor: Actor
    token_id: int
    expires_at: datetime
    hosts: "Mapping[int, Host]"

    @property
    def is_over(self) -> bool:
        return self.expires_at <= timezone.now()

    def at(self, address: str) -> Actor:
        """The actor, asking from an address."""
        return replace(self.actor, address=address)

    def host(self, slug: str) -> "Host | None":
        return next((host for host in self.hosts.values() if host.slug == slug), None)


def make(
    user: "User", *, name: str, access: str, operations: "Iterable[str]", hosts: "Iterable[Host] | None",
    expires_at: datetime, by: Actor,
) -> tuple["Token", str]:  # fmt: skip
    """A new token and its secret, which nobody can be shown again. `hosts` None: every one that the person may see."""
    from webui.tokens.models import Token

    key, secret = secrets.token_hex(8), secrets.token_urlsafe(32)
    whole = f"qs_{key}_{secret}"
    with transaction.atomic():
        token = Token.objects.create(
            user=user, name=name, key=key, secret_hash=_hash(whole), access=access, operations=sorted(operations),
            expires_at=expires_at, is_for_every_host=hosts is None,
        )  # fmt: skip
        token.hosts.set(hosts or ())
        audit.record(by, "token.add", is_allowed=True, resource="token", target=name,
                     message=f"{access}, until {expires_at:%Y-%m-%d %H:%M}")  # fmt: skip
    return token, whole


def revoke(tokens: "Iterable[Token]", *, by: Actor) -> int:
    """End tokens at once: what is open by them is closed within seconds."""
    count = 0
    with transaction.atomic():
        for token in tokens:
            audit.record(by, "token.revoke", is_allowed=True, resource="token", target=token.name,
                         message=f"of {token.user.username}, {token.shown_key}")  # fmt: skip
            token.delete()
            count += 1
    return count


def find(secret: str) -> str | None:
    """The key of the token that this secret is; None for one that is none, or is not right."""
    from webui.tokens.models import Token

    read = SECRET.fullmatch(secret)
    if read is None:
        return None
    kept = Token.objects.filter(key=read[1]).values_list("secret_hash", flat=True).first()
    return read[1] if kept is not None and hmac.compare_digest(kept, _hash(secret)) else None


def holder_of(key: str) -> Holder | None:
    """Who acts by the token with this key; None when it is revoked or over, or its person is deactivated."""
    from webui.tokens.models import Token

    token = Token.objects.select_related("user").filter(key=key, expires_at__gt=timezone.now()).first()
    if token is None or not token.user.is_active:
        return None
    host_ids = None if token.is_for_every_host else frozenset(token.hosts.values_list("pk", flat=True))
    scope = Scope(token.pk, token.name, operations_within(token.access, token.operations), host_ids)
    actor = replace(actor_of(token.user), scope=scope)
    return Holder(actor, token.pk, token.expires_at, {host.pk: host for host in hosts_of(token)})


def hosts_of(token: "Token") -> "list[Host]":
    """The hosts that token and person may both see."""
    hosts = visible_hosts(token.user)
    return list(hosts if token.is_for_every_host else hosts.filter(pk__in=token.hosts.values("pk")))


def operations_within(access: str, chosen: "Iterable[str]") -> frozenset[Operation] | None:
    """What a token's access leaves; None leaves everything. Names that are no operations (any more) leave nothing."""
    from webui.tokens.models import Token

    if access == Token.Access.EVERYTHING:
        return None
    if access == Token.Access.READ:
        return operations_of(Role.READER)
    known = set(chosen)
    return frozenset(operation for operation in Operation if operation.value in known)


def note_use(token_id: int, *, address: str, program: str) -> None:
    """Write down when, from where and by which program it was used, if that is not known from just now."""
    from webui.tokens.models import Token

    now = timezone.now()
    stale = Token.objects.filter(pk=token_id).exclude(
        used_at__gt=now - _USED_EVERY, used_from=address, used_by=program[:200]
    )  # fmt: skip
    stale.update(used_at=now, used_from=address, used_by=program[:200])


def _hash(secret: str) -> str:
    # The secret is 32 random bytes: a plain hash cannot be guessed back.
    return hashlib.sha256(secret.encode()).hexdigest()
