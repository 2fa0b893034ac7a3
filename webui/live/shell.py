"""What the frame around every page learns from the pictures: counts for the menu, how each host does. Nothing waits."""

from typing import TYPE_CHECKING, Any

from django.db.models.signals import post_delete, post_save
from django.utils.translation import gettext as _

from webui.live.picture import KINDS, HostState, Picture
from webui.live.pictures import forget, last_picture
from webui.pages import State, register_counts
from webui.pages.shell import register_host_state

if TYPE_CHECKING:
    from webui.hosts.models import Host


def register() -> None:
    from webui.hosts.models import Host

    register_counts(counts)
    register_host_state(host_state)
    post_save.connect(_host_changed, sender=Host, dispatch_uid="live.host_saved")
    post_delete.connect(_host_changed, sender=Host, dispatch_uid="live.host_deleted")


def counts(host: "Host") -> dict[str, int]:
    """How many objects of each kind the picture holds; nothing before the first picture."""
    picture = last_picture(host)
    if picture.state is HostState.WAITING and not picture.is_stored:
        return {}
    return {kind: len(picture.of(kind)) for kind in KINDS}


def host_state(host: "Host") -> State:
    picture = last_picture(host)
    if picture.state is HostState.DOWN:
        return State(_("cannot be reached"), "bad")
    return State(engine_words(picture), "good" if picture.is_up else "off")


def engine_words(picture: Picture) -> str:
    """Which engine answers there, as "quayside 1.0.0" or "docker 20.10.24"."""
    version = picture.version
    if not version:
        return _("waiting for an answer")
    engines = [part for part in version.get("Components") or () if part.get("Name")]
    name = str(engines[0]["Name"]) if engines else "docker"
    words = {"Engine": "docker", "Podman Engine": "podman"}
    return f"{words.get(name, name.lower())} {version.get('Version', '')}".strip()


def _host_changed(sender: Any, instance: "Host", **_kwargs: Any) -> None:
    """A changed address or a removed host: the next question begins a new feed."""
    forget(instance.slug)
