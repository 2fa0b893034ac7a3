"""The pictures of all hosts that this process was asked about, each kept right by its HostFeed."""

import contextlib
import os
import threading
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from webui.live.hostfeed import HostFeed
from webui.live.looks import AT_ONCE, Pace
from webui.live.picture import KINDS, Picture, Raw
from webui.live.seen import seen_by
from webui.ownership import LEDGER

if TYPE_CHECKING:
    from webui.gate import Actor
    from webui.hosts.models import Host

# How long the first page of a process waits for a host that has not answered yet.
FIRST_WAIT_S: Final = 3.0
# How long a page waits for a list that it had asked for because of something that it does not know.
_ASK_WAIT_S: Final = 5.0

_lock = threading.Lock()
_feeds: dict[tuple[int, str], HostFeed] = {}


def host_feed(host: "Host", pace: Pace = AT_ONCE) -> HostFeed:
    """The feed of a host in this process; starts it, at this pace."""
    key = (os.getpid(), host.slug)
    with _lock:
        feed = _feeds.get(key)
        if feed is None:
            feed = _feeds[key] = HostFeed(host, pace)
            feed.start()
        return feed


def picture(host: "Host", actor: "Actor | None" = None) -> Picture:
    """What the host's lists hold now for `actor`; without one everything, which is for no page (a test watches that).

    For sync code: the first call waits, at most FIRST_WAIT_S, for the first answer.

    A host that is down gives its last picture, also one from before a restart, with `state` and `error` saying so.
    """
    feed = host_feed(host)
    feed.answered.wait(FIRST_WAIT_S)
    return _seen(host, feed.picture, actor)


def last_picture(host: "Host", actor: "Actor | None" = None) -> Picture:
    """The same without ever waiting: right after a start it may still be empty."""
    return _seen(host, host_feed(host).picture, actor)


def _seen(host: "Host", picture: Picture, actor: "Actor | None") -> Picture:
    if actor is None or actor.sight(host).sees_all:
        return picture
    LEDGER.refresh()
    return seen_by(actor, host, picture)


def picture_if_any(host: "Host") -> Picture | None:
    """The picture that this process keeps of a host already."""
    with _lock:
        feed = _feeds.get((os.getpid(), host.slug))
    return feed.picture if feed is not None else None


def picture_after(host: "Host", kind: str, object_id: str, *, before: object = None, timeout_s: float = 1.0) -> Picture:
    """The whole picture once `object_id` is another raw object than `before`.

    For a view that has just changed something and wants to answer with the new row: `before` is the raw object (or
    None for something that was not there) taken before the change. A host whose event has not come after `timeout_s`
    is asked.
    """
    feed = host_feed(host)
    deadline = time.monotonic() + timeout_s
    with feed.changed:
        while feed.picture.of(kind).get(object_id) is before:
            left = deadline - time.monotonic()
            if left <= 0 or not feed.changed.wait(left):
                break
        else:
            return feed.picture
    return picture_asked(host, kind)


def picture_asked(host: "Host", kind: str, actor: "Actor | None" = None) -> Picture:
    """The picture once the host was asked for this list anew: events of what was made just now may be on their way.

    For what a page does not know. Where the host is down, or does not answer soon, the picture is as it is.
    """
    feed = host_feed(host)
    if feed.picture.is_up:
        with contextlib.suppress(TimeoutError):
            feed.ask_now(kind).result(_ASK_WAIT_S)
    return _seen(host, feed.picture, actor)


def known_host(slug: str) -> "Host | None":
    """The host of this slug, where this process keeps its picture. Asks nobody."""
    with _lock:
        feed = _feeds.get((os.getpid(), slug))
    return feed.host if feed is not None else None


def name_of(slug: str, resource: str, object_id: str) -> str:
    """What people call an object of a host, as far as this process knows; "" where it does not. Never waits."""
    with _lock:
        feed = _feeds.get((os.getpid(), slug))
    kind = f"{resource}s"
    if feed is None or kind not in KINDS:
        return ""
    objects = feed.picture.of(kind)
    raw = objects.get(object_id) or _by_prefix(objects, object_id)
    if raw is None:
        return ""
    if kind == "containers":
        return next((str(name).lstrip("/") for name in raw.get("Names") or ()), "")
    if kind == "images":
        return next((str(tag) for tag in raw.get("RepoTags") or ()), "")
    return str(raw.get("Name", ""))


def _by_prefix(objects: Mapping[str, Raw], object_id: str) -> Raw | None:
    """Docker takes the beginning of an id for the id."""
    if len(object_id) < 12:
        return None
    return next((raw for key, raw in objects.items() if key.removeprefix("sha256:").startswith(object_id)), None)


def move(host: "Host") -> None:
    """The host was saved, perhaps with another address: its feed, and what is open of it, goes on from there."""
    with _lock:
        feed = _feeds.get((os.getpid(), host.slug))
        # Of two at once the second begins when the first has begun, and ends what that began.
        if feed is not None:
            feed.moved(host)


def forget(slug: str) -> None:
    """End the feed of a host that was removed; the next question begins a new one."""
    with _lock:
        feed = _feeds.pop((os.getpid(), slug), None)
    if feed is not None:
        feed.stop()
