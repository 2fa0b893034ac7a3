"""Which containers the logs page shows: named in its address, or all of a stack; and what there is to choose from."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from django.http import QueryDict
from django.utils.translation import gettext as _

from webui.live import Picture

if TYPE_CHECKING:
    from webui.hosts.models import Host

# Each is a connection of the browser, and a colour.
MOST: Final = 12
_STACK: Final = "com.docker.compose.project"


@dataclass(frozen=True, slots=True)
class Choice:
    """A container that can be chosen. Names stand in addresses: they outlive the container."""

    id: str
    name: str
    stack: str
    is_running: bool
    is_chosen: bool = False

    @property
    def words(self) -> str:
        """What stands beside its name."""
        state = "" if self.is_running else _("not running")
        return " · ".join(filter(None, (self.stack, state)))


@dataclass(frozen=True, slots=True)
class Chosen:
    """What is shown, in the order of the address; `missing` are names that no container has, `left_out` how many."""

    containers: Sequence[Choice]
    every: Sequence[Choice]
    missing: Sequence[str]
    left_out: int


def chosen_in(picture: Picture, params: QueryDict) -> Chosen:
    """Reads `c` (names, many) and `stack` of the address."""
    every = sorted(map(_choice, picture.containers.values()), key=lambda one: (not one.is_running, one.stack, one.name))
    by_name = {one.name: one for one in every}
    stack = params.get("stack", "")
    names = [*params.getlist("c"), *(one.name for one in every if stack and one.stack == stack and one.is_running)]
    found = [by_name[name] for name in dict.fromkeys(names) if name in by_name]
    shown = found[:MOST]
    marked = [Choice(one.id, one.name, one.stack, one.is_running, one in shown) for one in every]
    missing = [name for name in dict.fromkeys(names) if name not in by_name]
    return Chosen(shown, marked, missing, len(found) - len(shown))


def stacks_of(every: Iterable[Choice]) -> list[tuple[str, int]]:
    """The stacks with running containers, and how many each has."""
    counts = Counter(one.stack for one in every if one.stack and one.is_running)
    return sorted(counts.items())


def sources(host: "Host", containers: Iterable[Choice]) -> list[dict[str, str]]:
    """What the script of the page needs of each."""
    return [{"name": one.name, "url": f"/ws/h/{host.slug}/containers/{one.id}/logs/"} for one in containers]


def _choice(raw: dict[str, Any]) -> Choice:
    names = raw.get("Names") or [raw["Id"][:12]]
    stack = str((raw.get("Labels") or {}).get(_STACK) or "")
    return Choice(str(raw["Id"]), str(names[0]).lstrip("/"), stack, raw.get("State") == "running")
