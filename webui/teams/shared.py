"""What is shared with a team, for the page of who leads it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from webui.access.models import Team
from webui.live import name_of
from webui.ownership.kinds import Visibility
from webui.ownership.models import Owned, Share
from webui.registries.models import Registry

_MOST: Final = 200


@dataclass(frozen=True, slots=True)
class SharedThing:
    kind: str
    name: str
    host: str
    owner: str
    may_write: bool


def things_shared_with(team: Team) -> list[SharedThing]:
    """What people share with the whole team, by host ("" for registries); at most 200. No host is asked for names."""
    return list(_things(team))


def _things(team: Team) -> Iterator[SharedThing]:
    shares = Share.objects.filter(team=team, owned__is_gone=False, owned__visibility__in=_SHOWN)
    for share in shares.select_related("owned__host", "owned__owner").order_by("owned__host__name", "pk")[:_MOST]:
        owned = share.owned
        host = owned.host.name if owned.host else ""
        yield SharedThing(owned.get_kind_display(), _name(owned), host, str(owned.owner or ""), share.may_write)


def _name(owned: Owned) -> str:
    """Registries are the only things that belong to no host."""
    if owned.host is not None:
        return name_of(owned.host.slug, owned.kind, owned.key) or owned.key[:64]
    registry = Registry.objects.filter(pk=owned.key).first()
    return registry.name if registry else owned.key[:64]


# A share that stays while its owner has made the thing private shows nothing.
_SHOWN: Final = (Visibility.SHARED, Visibility.PUBLIC)
