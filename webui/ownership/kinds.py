"""What can belong to somebody, and by which names: read from Docker's own JSON, of a list or of an inspection.

A container, network, service, secret or config is named by its id, a volume by its name, an image by its repository
without tag ("nginx", "ghcr.io/shop/web"), a stack by the name of its Compose or Swarm project. A registry belongs to no
host, and is named by its number here.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from django.db import models
from django.utils.translation import gettext_lazy as _

Labels = Mapping[str, str]

COMPOSE_PROJECT: Final = "com.docker.compose.project"
SWARM_STACK: Final = "com.docker.stack.namespace"
SWARM_SERVICE: Final = "com.docker.swarm.service.id"
# Where things are that belong to no host: a host's own number is never this.
NOWHERE: Final = 0


class Kind(models.TextChoices):
    CONTAINER = "container", _("Container")
    IMAGE = "image", _("Image")
    VOLUME = "volume", _("Volume")
    NETWORK = "network", _("Network")
    STACK = "stack", _("Stack")
    SERVICE = "service", _("Service")
    SECRET = "secret", _("Secret")
    CONFIG = "config", _("Config")
    REGISTRY = "registry", _("Registry")
    TEMPLATE = "template", _("Template")


class Visibility(models.TextChoices):
    PRIVATE = "private", _("Private")
    SHARED = "shared", _("Shared")
    PUBLIC = "public", _("Public")
    ADMINISTRATORS = "administrators", _("Administrators only")


MEANINGS: Final = {
    Visibility.PRIVATE: _("Its owner, and who rules the host."),
    Visibility.SHARED: _("Also the people and teams named below."),
    Visibility.PUBLIC: _("Everybody who may see the host sees it; only those named below may change it."),
    Visibility.ADMINISTRATORS: _("Nobody but those whose role sees everything, not even its owner."),
}


@dataclass(frozen=True, slots=True)
class Thing:
    """One object of a host. `keys` has several only for an image with several repositories; `labels` say its parents.

    `is_everybodys` is what comes with the host itself and holds nothing: the networks bridge, host and none.
    """

    kind: Kind
    keys: tuple[str, ...]
    labels: Labels = field(default_factory=dict)
    is_everybodys: bool = False

    @property
    def parents(self) -> Iterator[tuple[Kind, str]]:
        """Whose access it has when it has none of its own: the nearest first."""
        return parents_of(self.labels) if self.kind not in {Kind.IMAGE, Kind.STACK} else iter(())


def parents_of(labels: Labels) -> Iterator[tuple[Kind, str]]:
    if service := labels.get(SWARM_SERVICE):
        yield Kind.SERVICE, str(service)
    for name in (COMPOSE_PROJECT, SWARM_STACK):
        if stack := labels.get(name):
            yield Kind.STACK, str(stack)


def thing_of(kind: Kind, raw: Mapping[str, Any]) -> Thing:
    """The object behind Docker's JSON (API 1.51), from a list or an inspection. A task stands for its service."""
    match kind:
        case Kind.CONTAINER:
            return Thing(kind, (str(raw["Id"]),), raw.get("Labels") or (raw.get("Config") or {}).get("Labels") or {})
        case Kind.IMAGE:
            return Thing(kind, image_keys(raw))
        case Kind.VOLUME:
            return Thing(kind, (str(raw["Name"]),), raw.get("Labels") or {})
        case Kind.NETWORK:
            is_built_in = raw.get("Name") in {"bridge", "host", "none"} and not raw.get("Labels")
            return Thing(kind, (str(raw["Id"]),), raw.get("Labels") or {}, is_everybodys=is_built_in)
        case Kind.SERVICE if "ServiceID" in raw:
            return Thing(kind, (str(raw["ServiceID"]),))
        case _:
            return Thing(kind, (str(raw["ID"]),), (raw.get("Spec") or {}).get("Labels") or {})


def image_keys(raw: Mapping[str, Any]) -> tuple[str, ...]:
    """The repositories of an image; one that has lost its names goes by its id."""
    named = [*(raw.get("RepoTags") or ()), *(raw.get("RepoDigests") or ())]
    names = dict.fromkeys(repository_of(str(name)) for name in named if not str(name).startswith("<none>"))
    return tuple(names) or (str(raw.get("Id", "")),)


def repository_of(reference: str) -> str:
    """An image's name without tag and digest, as Docker's lists write it.

    >>> repository_of("docker.io/library/nginx:1.27"), repository_of("localhost:5000/shop/web@sha256:0f")
    ('nginx', 'localhost:5000/shop/web')
    """
    name = reference.partition("@")[0]
    head, slash, last = name.rpartition("/")
    name = head + slash + last.partition(":")[0]
    for prefix in ("docker.io/", "index.docker.io/"):
        name = name.removeprefix(prefix)
    return name.removeprefix("library/")
