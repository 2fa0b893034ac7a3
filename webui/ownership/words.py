"""The access of a thing in words, for its card and for the audit log."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.urls import reverse
from django.utils.translation import gettext as _

from webui.access.models import Team
from webui.ownership.kinds import Kind, Thing, Visibility
from webui.ownership.ledger import LEDGER, Access, Holder
from webui.ownership.sight import Level, Sight, access_of

if TYPE_CHECKING:
    from webui.hosts.models import Host


@dataclass(frozen=True, slots=True)
class Card:
    """What a page says of whose a thing is. `through` names the stack or service that it has it from, "" for none."""

    owner: str
    visibility: str
    readers: str
    writers: str
    through: str
    url: str
    is_read_only: bool


def card_of(host: "Host", thing: Thing, sight: Sight) -> Card:
    found, own = access_of(host.pk, thing), LEDGER.access(host.pk, thing.kind, thing.keys[0])
    parent = parent_of(host, thing)
    key = thing.keys[0][:12] if thing.kind in {Kind.CONTAINER, Kind.NETWORK} else thing.keys[0]
    return Card(
        owner=found.owner if found else "",
        visibility=visibility_words(host, found),
        readers=holders_words(found.readers) if found else "",
        writers=holders_words(found.writers) if found else "",
        through="" if own or not found else parent,
        url=reverse("ownership:access", kwargs={"host": host.slug, "kind": thing.kind, "key": key}),
        is_read_only=sight.level(thing) is Level.READ,
    )


def parent_of(host: "Host", thing: Thing) -> str:
    """What it would have its access from: "the stack shop"."""
    for kind, name in thing.parents:
        if LEDGER.access(host.pk, kind, name):
            return f"{Kind(kind).label.lower()} {name}"
    return ""


def visibility_words(host: "Host", found: Access | None) -> str:
    if found is None:
        is_public = LEDGER.is_unowned_public(host.pk)
        return _("Public: made outside Quayside") if is_public else _("Administrators only: made outside Quayside")
    return str(Visibility(found.visibility).label)


def holders_words(holders: Iterable[Holder]) -> str:
    """Names of people and teams, teams first."""
    from webui.accounts.models import User

    ids: dict[str, list[int]] = {"user": [], "team": []}
    for sort, pk in holders:
        ids[sort].append(pk)
    teams = [_("team %s") % name for name in Team.objects.filter(pk__in=ids["team"]).values_list("name", flat=True)]
    people = User.objects.filter(pk__in=ids["user"]).order_by("username").values_list("username", flat=True)
    return ", ".join([*teams, *people])
