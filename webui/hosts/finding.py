"""Hosts that are already on this machine: the bundled engine, and sockets of Docker or Podman that answer."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from django.conf import settings
from django.utils.text import slugify

from webui.gate import HostUnreachable, system_actor
from webui.hosts.greeting import greet
from webui.hosts.models import Host

_SOCKETS: Final = (("Docker", "/var/run/docker.sock"), ("Podman", "/run/podman/podman.sock"))


@dataclass(frozen=True, slots=True)
class Offer:
    """A socket on this machine that answers and is no host yet."""

    name: str
    url: str


def register_bundled() -> Host:
    """Make the bundled engine a host, once; its address follows the data folder if that was moved."""
    url = f"unix://{settings.QUAYSIDE_ENGINE_SOCKET}"
    host = Host.objects.filter(is_bundled=True).first()
    if host is None:
        name = _free_name("This machine")
        return Host.objects.create(slug=free_slug("local"), name=name, url=url, is_bundled=True)
    if host.url != url:
        host.url = url
        host.save(update_fields=["url"])
    return host


def register_found() -> list[Host]:
    """Without the bundled engine: make hosts of what is here, if there is no host at all."""
    if Host.objects.exists():
        return []
    return [
        Host.objects.create(slug=free_slug(offer.name), name=_free_name(offer.name), url=offer.url)
        for offer in offers()
    ]


def offers() -> list[Offer]:
    """The sockets of this machine that could be added as hosts."""
    return list(_offers(set(Host.objects.values_list("url", flat=True))))


def _offers(known: set[str]) -> Iterator[Offer]:
    for name, path in _SOCKETS:
        # /var/run is a link to /run: both ways to write it are the same socket.
        spellings = {f"unix://{path}", f"unix://{Path(path).resolve()}"}
        if not spellings & known and _answers(name, f"unix://{path}"):
            yield Offer(name, f"unix://{path}")


def _answers(name: str, url: str) -> bool:
    try:
        greet(system_actor(), Host(slug="offer", name=name, url=url))
    except HostUnreachable:
        return False
    return True


def free_slug(name: str) -> str:
    """A slug for a name that no host has yet."""
    wanted = slugify(name)[:50] or "host"
    taken = set(Host.objects.filter(slug__startswith=wanted).values_list("slug", flat=True))
    return next(slug for slug in _numbered(wanted, "-") if slug not in taken)


def _free_name(wanted: str) -> str:
    taken = set(Host.objects.values_list("name", flat=True))
    return next(name for name in _numbered(wanted, " ") if name not in taken)


def _numbered(wanted: str, separator: str) -> Iterator[str]:
    yield wanted
    number = 2
    while True:
        yield f"{wanted}{separator}{number}"
        number += 1
