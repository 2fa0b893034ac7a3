"""What Ctrl-K finds: containers, images, volumes, networks and hosts by name, the host one is on first."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, Final

from django.urls import NoReverseMatch, reverse

from webui.dashboard.commands import actions_for, command_of, rank
from webui.gate import Operation, actor_of, may
from webui.hosts import visible_hosts
from webui.live import Picture, last_picture
from webui.pages import Hit

if TYPE_CHECKING:
    from webui.hosts.models import Host

_MOST_HITS: Final = 12

# kind, the operation that lets somebody see it, its icon, the word for it
_KINDS: Final = (
    ("containers", Operation.CONTAINER_LIST, "box", "container"),
    ("images", Operation.IMAGE_LIST, "photo", "image"),
    ("volumes", Operation.VOLUME_LIST, "database", "volume"),
    ("networks", Operation.NETWORK_LIST, "topology-star-3", "network"),
)


def find(user: Any, host: "Host | None", text: str) -> list[Hit]:
    """At most a screenful, best first: names that begin with the text before those that only hold it."""
    wanted = text.strip().lower()
    if not wanted:
        return []
    hosts = sorted(visible_hosts(user), key=lambda one: one != host)
    asked = command_of(wanted)
    hits = [ranked for one in hosts for ranked in _on_host(user, one, wanted, also=asked.name if asked else "")]
    hits.sort(key=lambda ranked: ranked[0])
    return [*(hit for _, hit in hits[:_MOST_HITS]), *actions_for(user, hosts, wanted, asked)]


def _on_host(user: Any, host: "Host", wanted: str, *, also: str) -> Iterator[tuple[int, Hit]]:
    if (place := rank(host.name, wanted)) is not None:
        yield place, Hit(host.name, reverse("hosts:detail", kwargs={"host": host.slug}), "server-2", "host")
    actor = actor_of(user)
    picture = last_picture(host, actor)
    for kind, operation, icon, word in _KINDS:
        if may(actor, host, operation):
            for name, object_id in names_of(picture, kind):
                place = rank(name, wanted)
                if place is None and also and kind == "containers":
                    place = rank(name, also)
                if place is not None:
                    yield place, Hit(name, _url_of(kind, host, object_id), icon, f"{word} · {host.name}")


def names_of(picture: Picture, kind: str) -> Iterable[tuple[str, str]]:
    """(name, what its page's URL names it by) of every object of a kind."""
    for key, raw in picture.of(kind).items():
        if kind == "containers":
            for name in raw.get("Names") or [key[:12]]:
                yield name.lstrip("/"), key[:12]
        elif kind == "images":
            for tag in raw.get("RepoTags") or []:
                yield tag, key.removeprefix("sha256:")[:12]
        elif kind == "networks":
            yield str(raw.get("Name") or key[:12]), key[:12]
        else:
            yield key, key


def _url_of(kind: str, host: "Host", object_id: str) -> str:
    for arguments in ({"host": host.slug, "id": object_id}, {"host": host.slug, "name": object_id}):
        try:
            return reverse(f"{kind}:detail", kwargs=arguments)
        except NoReverseMatch:
            continue
    return f"{reverse(f'{kind}:list', kwargs={'host': host.slug})}?q={object_id}"
