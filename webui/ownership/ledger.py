"""Who owns what, in the memory of each process: a lookup costs no query; what others changed is read within a second.

Reading is safe in any thread. `refresh` asks the database, so async code leaves it to a thread.
"""

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from webui.ownership.kinds import NOWHERE, Kind
from webui.ownership.rules import Rules, rules_of_json

if TYPE_CHECKING:
    from webui.ownership.models import Owned

# How old an answer may be before the database is asked whether something changed.
FRESH_S: Final = 1.0

_STRICTEST: Final = Rules()
Holder = tuple[Literal["user", "team"], int]


@dataclass(frozen=True, slots=True)
class Access:
    """Whose a thing is and who else may see (`readers`) or change (`writers`) it. `owner` "" is nobody's any more."""

    owner_id: int | None
    owner: str
    visibility: str
    readers: frozenset[Holder] = frozenset()
    writers: frozenset[Holder] = frozenset()


class Ledger:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.forget()

    def forget(self) -> None:
        """Begin anew: the next `refresh` reads everything."""
        self._hosts: dict[int, dict[tuple[str, str], Access]] = {}
        self._public: frozenset[int] = frozenset()
        self._rules: dict[int, Rules] = {}
        self._epoch, self._serial, self._asked_at = "", -1, float("-inf")

    @property
    def version(self) -> tuple[str, int]:
        """Names the state of the ledger: what was made from it holds for as long as this is the same."""
        return self._epoch, self._serial

    def access(self, host_id: int, kind: str, key: str) -> Access | None:
        return self._hosts.get(host_id, {}).get((kind, key))

    def of_host(self, host_id: int) -> Mapping[tuple[str, str], Access]:
        return self._hosts.get(host_id, {})

    def is_unowned_public(self, host_id: int) -> bool:
        return host_id in self._public

    def rules(self, host_id: int | None) -> Rules:
        """The host's rules for who does not rule it."""
        return self._rules.get(host_id or 0, _STRICTEST)

    def refresh(self, *, older_than_s: float = FRESH_S) -> None:
        """Read what changed since the last time, if that is longer ago."""
        if time.monotonic() - self._asked_at < older_than_s:
            return
        with self._lock:
            asked_at = time.monotonic()
            epoch, value = _position()
            if (epoch, value) != (self._epoch, self._serial):
                self._read(epoch, value)
            self._asked_at = asked_at

    def _read(self, epoch: str, value: int) -> None:
        from webui.ownership.models import Owned, Policy

        # A database that was put back, or another one: begin anew.
        since = self._serial if epoch == self._epoch and value > self._serial else -1
        hosts = self._hosts if since >= 0 else {}
        rows = Owned.objects.filter(serial__gt=since).select_related("owner").prefetch_related("shares")
        for row in rows:
            things, name = hosts.setdefault(row.host_id or NOWHERE, {}), (str(row.kind), row.key)
            if row.is_gone:
                things.pop(name, None)
            else:
                things[name] = _access(row)
        policies = list(Policy.objects.all())
        self._hosts, self._public = hosts, frozenset(one.host_id for one in policies if one.is_unowned_public)
        self._rules = {one.host_id: rules_of_json(one.rules) for one in policies}
        self._epoch, self._serial = epoch, value


def _position() -> tuple[str, int]:
    from webui.ownership.models import Serial

    row = Serial.objects.values_list("epoch", "value").first()
    return row or ("", 0)


def _access(row: "Owned") -> Access:
    def holders(*, may_write: bool) -> frozenset[Holder]:
        return frozenset(
            ("user", share.user_id) if share.user_id else ("team", share.team_id or 0)
            for share in row.shares.all()
            if share.may_write is may_write
        )

    owner = row.owner.get_username() if row.owner else ""
    return Access(
        row.owner_id, owner, row.visibility, holders(may_write=False), holders(may_write=True)
    )  # fmt: skip


LEDGER: Final = Ledger()


def owner_of(host_id: int, kind: Kind | str, key: str) -> str:
    """Whose a thing is, by name, "" for nobody's own. From memory; for a list's column, hundreds of times a page.

    `key` is what webui.ownership.kinds says: a container's full id, a volume's name, an image's repository.
    """
    found = LEDGER.access(host_id, str(kind), key)
    return found.owner if found else ""
