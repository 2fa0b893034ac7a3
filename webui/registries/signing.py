"""Signing in for somebody: what goes along with a pull or push to a host, chosen and checked anew each time."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from django.urls import reverse

from webui import audit
from webui.registries.choosing import choose
from webui.registries.names import image_name

if TYPE_CHECKING:
    from webui.gate import Actor
    from webui.hosts.models import Host


@dataclass(frozen=True, slots=True)
class SignIn:
    """`auth_config` is what docker-py makes the X-Registry-Auth header of, {} for nobody. Never stored, never shown.

    `registry` is the name of the registry that it is of, "" for none; `address` the one that the image is at.
    """

    address: str
    registry: str = ""
    auth_config: dict[str, str] = field(default_factory=dict, repr=False)
    # What kept a registry that fits from being used.
    trouble: str = ""


def sign_in(actor: "Actor", host: "Host | None", reference: str, *, purpose: str) -> SignIn:
    """For an image on a host; `purpose` is what the audit log says ("pull"). Reads the database."""
    name = image_name(reference)
    registry = choose(actor, name)
    if registry is None or registry.is_anonymous:
        return SignIn(name.address, registry.name if registry else "")
    try:
        auth_config = registry.auth_config()
    except ValueError as error:
        return SignIn(name.address, registry.name, trouble=str(error))
    audit.record(
        actor, "registry.use", is_allowed=True, host=host.slug if host else "", resource="registry",
        target=registry.name, message=f"{purpose} {reference}"[:500],
    )  # fmt: skip
    return SignIn(name.address, registry.name, auth_config)


def add_url(reference: str) -> str:
    """Where a way into the registry of an image is added."""
    return f"{reverse('registries:add')}?{urlencode({'address': image_name(reference).address})}"
