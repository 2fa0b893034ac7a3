"""Who may read what is kept. Every page and search of this room asks here, and nowhere else."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from webui import gate
from webui.history.owners import sees_past, thing_about
from webui.history.places import logs_folder
from webui.history.segments import About, about_in
from webui.live.pictures import picture_if_any
from webui.ownership import LEDGER, Kind

if TYPE_CHECKING:
    from webui.gate import Actor
    from webui.hosts.models import Host


def may_read(actor: "Actor", host: "Host", about: About) -> bool:
    """Whether somebody may read the kept log of this container. One that is gone is whose it was."""
    if not gate.may(actor, host, gate.Operation.CONTAINER_LOGS):
        return False
    sight = actor.sight(host, gate.Operation.CONTAINER_LOGS)
    if sight.sees_all or _is_there(host, about):
        return sight.sees(thing_about(about))
    return sees_past(sight, host, logs_folder(host.slug) / about.container_id)


def _is_there(host: "Host", about: About) -> bool:
    if LEDGER.access(host.pk, Kind.CONTAINER, about.container_id) is not None:
        return True
    picture = picture_if_any(host)
    return picture is not None and about.container_id in picture.containers


def readable(actor: "Actor", host: "Host") -> list[About]:
    """Whose kept logs on a host somebody may read: by name, the newest container of a name first. Reads files."""
    LEDGER.refresh()
    return sorted(
        (about for about in _kept(host) if may_read(actor, host, about)),
        key=lambda about: (about.name, -about.created),
    )


def _kept(host: "Host") -> Iterable[About]:
    folder = logs_folder(host.slug)
    for one in folder.iterdir() if folder.is_dir() else ():
        about = about_in(one)
        # The folder decides where is read, so it must be the one that the words are about.
        if about is not None and about.container_id == one.name:
            yield about
