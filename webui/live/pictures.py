"""The pictures of all hosts that this process was asked about, each kept right by its HostFeed."""

import os
import threading
import time
from typing import TYPE_CHECKING, Final

from webui.live.hostfeed import HostFeed
from webui.live.picture import Picture

if TYPE_CHECKING:
    from webui.hosts.models import Host

# How long the first page of a process waits for a host that has not answered yet.
FIRST_WAIT_S: Final = 3.0

_lock = threading.Lock()
_feeds: dict[tuple[int, str], HostFeed] = {}


def host_feed(host: "Host") -> HostFeed:
    """The feed of a host in this process; starts it."""
    key = (os.getpid(), host.slug)
    with _lock:
        feed = _feeds.get(key)
        if feed is None:
            feed = _feeds[key] = HostFeed(host)
            feed.start()
        return feed


def picture(host: "Host") -> Picture:
    """What the host's lists hold now. For sync code: the first call waits, at most FIRST_WAIT_S, for the first answer.

    A host that is down gives its last picture, also one from before a restart, with `state` and `error` saying so.
    """
    feed = host_feed(host)
    feed.answered.wait(FIRST_WAIT_S)
    return feed.picture


def last_picture(host: "Host") -> Picture:
    """The same without ever waiting: right after a start it may still be empty."""
    return host_feed(host).picture


def picture_after(host: "Host", kind: str, object_id: str, *, before: object = None, timeout_s: float = 1.0) -> Picture:
    """The picture once `object_id` is another raw object than `before`, or after `timeout_s` as it is.

    For a view that has just changed something and wants to answer with the new row: `before` is the raw object (or
    None for something that was not there) taken before the change.
    """
    feed = host_feed(host)
    deadline = time.monotonic() + timeout_s
    with feed.changed:
        while feed.picture.of(kind).get(object_id) is before:
            left = deadline - time.monotonic()
            if left <= 0 or not feed.changed.wait(left):
                break
        return feed.picture


def forget(slug: str) -> None:
    """End the feed of a host that was removed, or whose address changed; the next question begins a new one."""
    with _lock:
        feed = _feeds.pop((os.getpid(), slug), None)
    if feed is not None:
        feed.stop()
