"""What turns changed ids into messages for the browsers that show a list: registered by the app that owns the rows.

A message is htmx's: {"target": "#c-4be2c0ffee12", "swap": "outerMorph", "content": "<tr ...>"}.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, TypedDict

from django.http import QueryDict

from webui.live.picture import KINDS, Picture

if TYPE_CHECKING:
    from webui.gate import Actor
    from webui.hosts.models import Host


class Message(TypedDict):
    """One swap in the browser: where (a CSS selector), how (an htmx swap style), what (HTML)."""

    target: str
    swap: str
    content: str


@dataclass(frozen=True, slots=True)
class Viewer:
    """Somebody who looks at a host's list. `may` asks the gate's table about an operation, by its name.

    `memory` is the feed's own: what this viewer's page shows, kept between calls.
    """

    actor: "Actor"
    host: "Host"
    may: Callable[[str], bool]
    memory: dict[str, Any] = field(default_factory=dict, compare=False)


class ListFeed(Protocol):
    """A list that lives. `kind` is one of KINDS; `operation` is what a viewer must be allowed ("container.list").

    `messages` is called with the viewer's own URL parameters and the ids that were added, changed or removed since the
    last call (empty: the viewer has just come, or the host went down or came back). It runs in a thread, may use the
    database, and must not ask the host.
    """

    @property
    def kind(self) -> str: ...

    @property
    def operation(self) -> str: ...

    def messages(
        self, *, picture: Picture, viewer: Viewer, params: QueryDict, changed: frozenset[str]
    ) -> Sequence[Message]: ...


_feeds: dict[str, ListFeed] = {}


def register_feed(feed: ListFeed) -> None:
    """Make a list live at /ws/h/<host>/lists/<kind>/. Call it from the app's `ready()`; twice replaces the first."""
    if feed.kind not in KINDS:
        raise ValueError(f"no list of {feed.kind!r} in the picture; it has {', '.join(KINDS)}")
    _feeds[feed.kind] = feed


def feed_of(kind: str) -> ListFeed | None:
    return _feeds.get(kind)
