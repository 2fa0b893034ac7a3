"""Whose a container becomes that the run form makes, and with it the named volumes that come to be for it."""

from collections.abc import Mapping
from typing import Any

from webui import audit
from webui.access import Operation
from webui.gate.naming import named_in
from webui.ownership import LEDGER, Kind
from webui.ownership.made_for import ME, MadeFor, first_choice, made_for
from webui.resources import Opened


def owners_for(here: Opened) -> MadeFor:
    """Between whom this person may choose on this host."""
    return made_for(here.actor, rules=here.actor.on(here.host).rules_the_host)


def first_owner(here: Opened) -> str:
    """What the form begins with: as the host's rules say for people whom they bind."""
    if here.actor.on(here.host).rules_the_host:
        return ME
    return first_choice(owners_for(here).choices, LEDGER.rules(here.host.pk).made_for)


def new_volumes(here: Opened, body: Mapping[str, Any]) -> list[str]:
    """The named volumes in a create body that the host does not have yet: asked before it is sent."""
    named = {one.reference for one in named_in(Operation.CONTAINER_CREATE, {}, body) if one.kind is Kind.VOLUME}
    if not named:
        return []
    with here.client(timeout_s=10) as client:
        api: Any = client.api
        there = {str(one["Name"]) for one in api.volumes()["Volumes"] or []}
    return sorted(named - there)


def _owner_id_of(here: Opened, volume: str) -> int | None:
    access = LEDGER.access(here.host.pk, Kind.VOLUME, volume)
    return access.owner_id if access else None


def give(here: Opened, container_id: str, *, name: str, volumes: list[str], choice: str) -> None:
    """What the gate has made theirs becomes whose they chose. Raises ValueError for a choice that is not theirs."""
    if not choice or choice == ME:
        return
    owners = owners_for(here)
    owners.give(here.actor, here.host.pk, Kind.CONTAINER, [container_id], choice)
    # The gate has made those theirs that really came to be by this.
    theirs = [one for one in volumes if _owner_id_of(here, one) == here.actor.user_id]
    owners.give(here.actor, here.host.pk, Kind.VOLUME, theirs, choice)
    audit.record(
        here.actor, "access.change", is_allowed=True, host=here.host.slug, resource="container", target=container_id,
        message=f"{name or container_id[:12]}: made for {dict(owners.choices)[choice]}"[:500],
    )  # fmt: skip
