"""What every view of a host's things begins with: the host that this person may see, who asks, and its live picture."""

import contextlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import docker
from django.http import Http404, HttpRequest

from webui.gate import Actor, actor_of, docker_client, may
from webui.hosts import hosts_seen
from webui.live import Picture, picture, picture_asked, silent_kinds
from webui.pages import Action
from webui.resources.allowed import Allowed, allowed_in

if TYPE_CHECKING:
    from webui.hosts.models import Host


@dataclass(slots=True)
class Opened:
    """A host as one person sees it in one request."""

    host: "Host"
    actor: Actor
    picture: Picture

    def may(self, operation: str) -> bool:
        return may(self.actor, self.host, operation)

    def ask_again(self, kind: str) -> None:
        """Have the host asked for a list anew: what is looked for may have been made a moment ago."""
        self.picture = picture_asked(self.host, kind, self.actor)

    def ask_if_silent(self, kind: str) -> None:
        """The same on a host that tells by no event what comes and goes of this kind; on others the list is right."""
        if kind in silent_kinds(self.picture.version):
            self.ask_again(kind)

    @contextlib.contextmanager
    def client(self, *, timeout_s: float = 60) -> Iterator[docker.DockerClient]:
        """docker-py through the gate, closed at the end; one per thread."""
        client = docker_client(self.actor, self.host, timeout_s=timeout_s)
        try:
            yield client
        finally:
            client.close()

    def allowed(self, actions: Iterable[Action]) -> Allowed:
        """The names of those actions that this person may do here; `.on(key)` those that they may do to one thing."""
        return allowed_in(self.picture, actions, self.may)


def opened(request: HttpRequest, slug: str) -> Opened:
    """Raises Http404 for a host that is not there or not for this person's eyes: the two look the same."""
    host = next((one for one in hosts_seen(request) if one.slug == slug), None)
    if host is None:
        raise Http404
    actor = actor_of(request)
    return Opened(host, actor, picture(host, actor))


def allowed_among(actions: Iterable[Action], names: frozenset[str]) -> list[Action]:
    return [action for action in actions if action.name in names]
