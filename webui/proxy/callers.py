"""Who a client is and which host they ask: by the certificate that it showed, or by a bearer token and a path.

What the database says of a token is kept for a moment, so that neither each request nor each open stream asks it.
"""

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeVar

from webui import tokens
from webui.gate import in_thread
from webui.tokens.certificates import claim_of

if TYPE_CHECKING:
    from webui.gate import Actor
    from webui.hosts.models import Host
    from webui.proxy.heads import Head

T = TypeVar("T")

# A token that is revoked, and all that belongs to it, must end within five seconds.
KEPT_S: Final = 2.0
_MOST_KEPT: Final = 10_000
_HOST_PATH: Final = re.compile(r"/h/([a-z0-9_-]{1,60})(/.*)", re.IGNORECASE)


class Unknown(Exception):
    """Nobody whom we know, or a host that is not theirs. `status` is HTTP's, the text for a person."""

    def __init__(self, words: str, *, status: int) -> None:
        super().__init__(words)
        self.status = status


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody on a host. `path` is what they ask of it; `key` names their token."""

    key: str
    token_id: int
    actor: "Actor"
    host: "Host"
    path: str


class Callers:
    """The tokens that were used lately, as the database had them at most KEPT_S ago."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[float, tokens.Holder | None]] = {}
        self._secrets: dict[str, tuple[float, str | None]] = {}

    async def caller(self, head: "Head", certificate: Mapping[str, object] | None, address: str) -> Caller:
        """Raises Unknown."""
        claim = claim_of(certificate)
        if claim is not None:
            key, host_id = claim
            holder = await self._holder(key)
            host = holder.hosts.get(host_id) if holder else None
            path = head.path
        else:
            key, slug, path = await self._by_bearer(head)
            holder = await self._holder(key)
            host = holder.host(slug) if holder else None
        if holder is None:
            raise Unknown("This token is revoked or over. Make a new one in Quayside, in your profile.", status=401)
        if host is None:
            raise Unknown("There is no such host for this token.", status=404)
        return Caller(key, holder.token_id, holder.at(address), host, path)

    async def still(self, caller: Caller) -> "Actor | None":
        """Who a caller is now; None where their token no longer reaches the host."""
        holder = await self._holder(caller.key)
        if holder is None or caller.host.pk not in holder.hosts:
            return None
        return holder.at(caller.actor.address)

    async def _by_bearer(self, head: "Head") -> tuple[str, str, str]:
        kind, _blank, secret = head.headers.get("authorization", "").partition(" ")
        if kind.lower() != "bearer" or not secret:
            raise Unknown("Show a client certificate that Quayside made, or Authorization: Bearer qs_...", status=401)
        now = time.monotonic()
        known = self._secrets.get(secret)
        if known is None or now - known[0] > KEPT_S:
            known = (now, await in_thread(tokens.find, secret))
            _keep(self._secrets, secret, known)
        if known[1] is None:
            raise Unknown("This token is not right, or was revoked.", status=401)
        asked = _HOST_PATH.fullmatch(head.path)
        if asked is None:
            raise Unknown(
                "With a bearer token the path begins with the host: /h/HOST/v1.41/containers/json", status=404
            )
        return known[1], asked[1], asked[2]

    async def _holder(self, key: str) -> tokens.Holder | None:
        now = time.monotonic()
        kept = self._kept.get(key)
        if kept is None or now - kept[0] > KEPT_S:
            kept = (now, await in_thread(tokens.holder_of, key))
            _keep(self._kept, key, kept)
        holder = kept[1]
        return holder if holder is not None and not holder.is_over else None


def _keep(kept: dict[str, T], key: str, value: T) -> None:
    if len(kept) >= _MOST_KEPT:
        kept.clear()
    kept[key] = value


class Attempts:
    """Failed attempts are written down, but one client that goes on failing does not fill the log."""

    def __init__(self, *, pause_s: float = 10.0) -> None:
        self._pause_s = pause_s
        self._last: dict[str, float] = {}

    def is_new(self, address: str) -> bool:
        """Whether to write this one down: the first from an address for a while."""
        now = time.monotonic()
        if now - self._last.get(address, -self._pause_s) < self._pause_s:
            return False
        _keep(self._last, address, now)
        return True


class Uses:
    """When, from where and by what each token was used last, written down not more often than it changes."""

    def __init__(self, *, pause_s: float = 30.0) -> None:
        self._pause_s = pause_s
        self._last: dict[str, tuple[float, str, str]] = {}

    def is_new(self, caller: Caller, program: str) -> bool:
        now, address = time.monotonic(), caller.actor.address
        at, *known = self._last.get(caller.key, (-self._pause_s, "", ""))
        if now - at < self._pause_s and known == [address, program]:
            return False
        _keep(self._last, caller.key, (now, address, program))
        return True


async def note_use(caller: Caller, program: str) -> None:
    """Say on the token when, from where and by what it was used."""
    await in_thread(tokens.note_use, caller.token_id, address=caller.actor.address, program=program)
