"""The containers of every host that a person may see, as one list; each row is acted on under the rules of its host."""

import functools
import hashlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.utils.translation import gettext as _

from webui.containers import columns
from webui.containers.actions import ACTIONS
from webui.containers.page import KIND, Listing, Meters, Reader, list_page, listed, meters_of, shown_of
from webui.gate import Operation, may
from webui.hosts import visible_hosts
from webui.live import Calm, Figure, Message, Picture, last_picture
from webui.pages import ListPage
from webui.resources import HELD, allowed_in, layout_of, list_messages, stale_words, stamp_of

if TYPE_CHECKING:
    from webui.gate import Actor
    from webui.hosts.models import Host

Pictures = Sequence[tuple["Host", Picture]]


def pictures_for(actor: "Actor", user: Any) -> Pictures:
    """The hosts whose containers this person may list, with what is known of each. Waits for none of them."""
    hosts = [host for host in visible_hosts(user) if may(actor, host, Operation.CONTAINER_LIST)]
    return [(host, last_picture(host, actor)) for host in hosts]


def reader_for(actor: "Actor", pictures: Pictures, named: str = "") -> Reader:
    allowed = {
        host.slug: allowed_in(picture, ACTIONS, functools.partial(may, actor, host)) for host, picture in pictures
    }
    layout = layout_of(
        actor.user_id, f"{KIND}-everywhere", columns.COLUMNS, shown=columns.SHOWN_EVERYWHERE, named=named
    )
    return Reader(allowed, layout, is_everywhere=True)


def listing_of(actor: "Actor", pictures: Pictures, params: Mapping[str, Any]) -> Listing:
    rows = [row for host, picture in pictures for row in columns.rows_of(host.slug, picture)]
    meters = [
        meters_of(host.slug, may_stats=may(actor, host, Operation.CONTAINER_STATS)) for host, _picture in pictures
    ]
    figures: dict[str, Figure] = {}
    for one in meters:
        figures.update(one.figures)
    return listed("", rows, Meters(figures, _together(tuple(one.calm for one in meters))), params)


@functools.lru_cache(maxsize=8)
def _together(calms: tuple[Calm, ...]) -> Calm:
    """Those of several hosts as one, the same for as long as each of them is the same."""
    return Calm({key: figure for calm in calms for key, figure in calm.items()})


def page_of(found: Listing, reader: Reader, pictures: Pictures, params: Mapping[str, str]) -> ListPage:
    kept = {name: params[name] for name in HELD if params.get(name)}
    live_url = f"/ws/lists/{KIND}/?{urlencode({**kept, 'at': stamp_for(pictures)})}"
    return list_page(found, reader, params=params, note=_note(pictures), live_url=live_url)


def _note(pictures: Pictures) -> str:
    up = sum(picture.is_up for _host, picture in pictures)
    if up == len(pictures):
        return _("live")
    return _("%(up)d of %(all)d hosts live") % {"up": up, "all": len(pictures)}


def stamp_for(pictures: Pictures) -> str:
    """Names what all hosts held: a page that carries it needs nothing sent."""
    stamps = " ".join(f"{host.slug} {stamp_of(picture)}" for host, picture in pictures)
    return hashlib.blake2s(stamps.encode(), digest_size=8).hexdigest()


def stale_of(pictures: Pictures) -> str:
    """One sentence for each host that does not answer."""
    return " ".join(words for words in (stale_words(picture, host.name) for host, picture in pictures) if words)


def messages(actor: "Actor", user: Any, params: Mapping[str, str], memory: dict[str, Any]) -> Sequence[Message]:
    """What a browser that shows the list is to be sent now."""
    given = dict(params)
    stamp = given.pop("at", "")
    pictures = pictures_for(actor, user)
    found = listing_of(actor, pictures, given)
    reader = _remembered(actor, pictures, memory, given.get("columns", ""))
    page = page_of(found, reader, pictures, given)
    return list_messages(
        shown_of(found, reader, page), given, memory, stale=stale_of(pictures),
        is_right=stamp == stamp_for(pictures),
    )  # fmt: skip


def _remembered(actor: "Actor", pictures: Pictures, memory: dict[str, Any], named: str) -> Reader:
    """The columns are those of the page for as long as it is open; what its reader may do is asked each time."""
    reader = reader_for(actor, pictures, named)
    memory.setdefault("layout", reader.layout)
    return Reader(reader.allowed, memory["layout"], is_everywhere=True)
