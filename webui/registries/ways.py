"""Signing in for nobody in particular: the look for newer images, by registries that owners of containers may use."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from django.db.models import Max

from webui import audit
from webui.accounts.models import User
from webui.gate import Actor, actor_of
from webui.ownership import LEDGER
from webui.ownership.kinds import Visibility
from webui.registries.choosing import access_of, choose
from webui.registries.models import Registry
from webui.registries.names import image_name, is_within

if TYPE_CHECKING:
    from webui.hosts.models import Host


@dataclass(frozen=True, slots=True)
class Way:
    """The headers of a question about an image, and the name of the registry that they are of, "" for none."""

    registry: str = ""
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


class Ways:
    """For one run over a host: what is used is written down once each."""

    def __init__(self, actor: Actor, host: "Host", owners: Mapping[str, Sequence[int | None]]) -> None:
        """`owners` are those of the containers that were made from a name; None is nobody."""
        self._actor, self._host, self._owners = actor, host, owners
        wanted = {owner for found in owners.values() for owner in found if owner is not None}
        self._actors = {user.pk: actor_of(user) for user in User.objects.filter(pk__in=wanted, is_active=True)}
        self._written: set[int] = set()

    def into(self, reference: str) -> Way:
        registry = self._chosen(reference)
        if registry is None or registry.is_anonymous:
            return Way()
        try:
            header = registry.auth_header()
        except ValueError:
            return Way(registry.name)
        if registry.pk not in self._written:
            self._written.add(registry.pk)
            audit.record(
                self._actor, "registry.use", is_allowed=True, host=self._host.slug, resource="registry",
                target=registry.name, message="looked for newer images",
            )  # fmt: skip
        return Way(registry.name, {"X-Registry-Auth": header})

    def _chosen(self, reference: str) -> Registry | None:
        owners = self._owners.get(reference, ())
        found = (choose(self._actors[owner], reference) for owner in owners if owner in self._actors)
        first = next((registry for registry in found if registry is not None), None)
        return first or (_open_to_all(reference) if None in owners else None)


def _open_to_all(reference: str) -> Registry | None:
    """For what was made outside Quayside, which is administrators' or everybody's: a registry that is so too."""
    name = image_name(reference)
    LEDGER.refresh()
    fitting = [
        one
        for one in Registry.objects.filter(address=name.address)
        if is_within(name.path, one.namespace) and _visibility(one) in {Visibility.PUBLIC, Visibility.ADMINISTRATORS}
    ]
    return max(fitting, key=lambda one: len(one.namespace), default=None)


def _visibility(registry: Registry) -> str:
    access = access_of(registry)
    return access.visibility if access else ""


def last_change() -> float:
    """When a registry was last added or changed, as seconds since the epoch; 0 for never."""
    moment = Registry.objects.aggregate(last=Max("changed_at"))["last"]
    return moment.timestamp() if moment else 0.0
