"""What the frame around every page learns from the pictures: counts for the menu, how each host does. Nothing waits."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django.db.models.signals import post_delete, post_save
from django.utils.translation import gettext as _

from webui.gate import actor_of
from webui.live.picture import KINDS, HostState, Picture
from webui.live.pictures import forget, host_feed, last_picture, move
from webui.pages import State, register_counts
from webui.pages.shell import register_host_state

if TYPE_CHECKING:
    from webui.hosts.models import Host


def register() -> None:
    from webui.hosts.models import Host

    register_counts(counts)
    register_host_state(host_state)
    post_save.connect(_host_saved, sender=Host, dispatch_uid="live.host_saved")
    post_delete.connect(_host_deleted, sender=Host, dispatch_uid="live.host_deleted")


def counts(user: Any, host: "Host") -> dict[str, int]:
    """How many objects of each kind somebody sees; nothing before the first picture."""
    return counted(last_picture(host, actor_of(user)))


def counted(picture: Picture) -> dict[str, int]:
    """By kind; {} before the first picture."""
    if picture.state is HostState.WAITING and not picture.is_stored:
        return {}
    return {kind: len(picture.of(kind)) for kind in KINDS}


def host_state(host: "Host") -> State:
    picture = host_feed(host).picture
    if picture.state is HostState.DOWN:
        return State(_("cannot be reached"), "bad")
    return State(engine_words(picture), "good" if picture.is_up else "off")


def engine_words(picture: Picture) -> str:
    """Which engine answers there and how it stores layers, as "quayside 1.0.0 · overlay2", "docker 28.2.2 · vfs"."""
    version = picture.version
    if not version:
        return _("waiting for an answer")
    engine = f"{engine_name(version)} {version.get('Version', '')}".strip()
    return f"{engine} · {picture.storage}" if picture.storage else engine


def engine_name(version: Mapping[str, Any]) -> str:
    """`quayside`, `docker` or `podman`, from `GET /version`: the platform's name first, as dockerd is built by many."""
    parts = [str(part["Name"]) for part in version.get("Components") or () if part.get("Name")]
    name = str((version.get("Platform") or {}).get("Name") or "") or (parts[0] if parts else "docker")
    # "Docker Engine - Community", "Quayside Engine"; Podman's platform is "linux/amd64/debian-12".
    if "/" in name and parts:
        name = parts[0]
    first = name.split()[0].lower()
    return "docker" if first == "engine" else first


def _host_saved(sender: Any, instance: "Host", **_kwargs: Any) -> None:
    # Also where it is new: a page over all hosts may listen to it already.
    move(instance)


def _host_deleted(sender: Any, instance: "Host", **_kwargs: Any) -> None:
    forget(instance.slug)
