"""What one person may see and change of what is on one host. Answers from memory."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from webui.ownership.kinds import Kind, Thing, Visibility, thing_of
from webui.ownership.ledger import LEDGER, Access, Holder

# The containers that mount a volume, as Docker's list JSON: a nameless volume has the access of its container.
UsersOf = Callable[[str], Iterable[Mapping[str, Any]]]


class Level(IntEnum):
    NOTHING = 0
    READ = 1
    WRITE = 2


@dataclass(frozen=True, slots=True)
class Sight:
    """`sees_all` is for a role whose things are everybody's; nobody else is let through by default."""

    host_id: int
    user_id: int | None
    team_ids: frozenset[int] = frozenset()
    sees_all: bool = False

    def level(self, thing: Thing, users_of: UsersOf | None = None) -> Level:
        """What may be done to a thing. Of an image's repositories the best one counts for seeing, the worst to write.

        `users_of` is asked about a volume without a name of its own.
        """
        if self.sees_all:
            return Level.WRITE
        if thing.is_everybodys:
            return Level.READ
        levels = [self._level_of(thing, key) for key in thing.keys]
        level = min(levels) if min(levels) is Level.WRITE else min(max(levels), Level.READ)
        if level is Level.NOTHING and users_of and is_nameless(thing) and self._access(thing, thing.keys[0]) is None:
            users = (thing_of(Kind.CONTAINER, raw) for raw in users_of(thing.keys[0]))
            return max((self.level(one) for one in users), default=Level.NOTHING)
        return level

    def sees(self, thing: Thing, users_of: UsersOf | None = None) -> bool:
        return self.level(thing, users_of) >= Level.READ

    def sees_key(self, kind: Kind, key: str) -> bool:
        return self.sees(Thing(kind, (key,)))

    def may_change_access(self, thing: Thing) -> bool:
        """Its owner may say who else sees it, unless administrators have taken it to themselves."""
        found = self._access(thing, thing.keys[0])
        return (
            found is not None
            and found.visibility != Visibility.ADMINISTRATORS
            and self.user_id is not None
            and found.owner_id == self.user_id
        )

    def _level_of(self, thing: Thing, key: str) -> Level:
        access = self._access(thing, key)
        if access is None:
            return Level.READ if LEDGER.is_unowned_public(self.host_id) else Level.NOTHING
        if access.visibility == Visibility.ADMINISTRATORS:
            return Level.NOTHING
        if self.user_id is not None and access.owner_id == self.user_id:
            return Level.WRITE
        if access.visibility == Visibility.PRIVATE:
            return Level.NOTHING
        if not self._holders.isdisjoint(access.writers):
            return Level.WRITE
        is_seen = access.visibility == Visibility.PUBLIC or not self._holders.isdisjoint(access.readers)
        return Level.READ if is_seen else Level.NOTHING

    def _access(self, thing: Thing, key: str) -> Access | None:
        return access_of(self.host_id, thing, key)

    @property
    def _holders(self) -> frozenset[Holder]:
        own: frozenset[Holder] = frozenset({("user", self.user_id)} if self.user_id is not None else ())
        return own | {("team", team_id) for team_id in self.team_ids}


def access_of(host_id: int, thing: Thing, key: str = "") -> Access | None:
    """A thing's own access, else that of its service or stack."""
    own = LEDGER.access(host_id, thing.kind, key or thing.keys[0])
    if own is not None:
        return own
    inherited = (LEDGER.access(host_id, kind, name) for kind, name in thing.parents)
    return next((access for access in inherited if access is not None), None)


def is_nameless(thing: Thing) -> bool:
    """A volume that came with a container and is named by a number."""
    name = thing.keys[0]
    return thing.kind is Kind.VOLUME and len(name) == 64 and all(digit in "0123456789abcdef" for digit in name)
