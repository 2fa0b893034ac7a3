"""What is shared with a team, for the page of who leads it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from webui.access.models import Team
from webui.live import name_of
from webui.ownership.kinds import Visibility
from webui.ownership.models import Share
from webui.registries import registry_name

_MOST: Final = 200


@dataclass(frozen=True, slots=True)
class SharedThing:
    kind: str
    name: str
    host: str
    owner: str
    may_write: bool


def things_shared_with(team: Team) -> list[SharedThing]:
    """What people share with the whole team, by host; at most 200. Names are from memory: no host is asked."""
    return list(_things(team))


def _things(team: Team) -> Iterator[SharedThing]:
    shares = Share.objects.filter(team=team, owned__is_gone=False, owned__visibility__in=_SHOWN)
    for share in shares.select_related("owned__host", "owned__owner").order_by("owned__host__name", "pk")[:_MOST]:
        owned, host = share.owned, share.owned.host
        # What belongs to no host is a registry.
        known = name_of(host.slug, owned.kind, owned.key) if host else registry_name(owned.key)
        yield SharedThing(
            owned.get_kind_display(), known or owned.key[:64], host.name if host else "", str(owned.owner or ""),
            share.may_write,
        )  # fmt: skip


# A share that stays while its owner has made the thing private shows nothing.
_SHOWN: Final = (Visibility.SHARED, Visibility.PUBLIC)
