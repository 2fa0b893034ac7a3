"""What turns changed ids into messages for the browsers that show a list: registered by the app that owns the rows.

A message is htmx's: {"target": "#c-4be2c0ffee12", "swap": "outerMorph", "content": "<tr ...>"}.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Protocol, TypedDict

from django.http import QueryDict

from webui.access import Operation
from webui.live.picture import KINDS, Picture

if TYPE_CHECKING:
    from webui.gate import Actor
    from webui.hosts.models import Host


class Message(TypedDict):
    """One swap in the browser: where (a CSS selector), how (an htmx swap style), what (HTML)."""

    target: str
    swap: str
    content: str


# In a viewer's memory: that the page asks where its rows are to stand now ("all": of every row).
ORDER: Final = "order?"


def order_asked(text: str | None) -> str:
    """What of its order a page asks for by its socket; "" for nothing."""
    return {'{"order":"moved"}': "moved", '{"order":"all"}': "all"}.get(text or "", "")


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

    `watches` are all the kinds whose changes matter to it, its own among them: who uses an image is seen in containers.

    `messages` is called with the viewer's own URL parameters and the ids that were added, changed or removed since the
    last call (empty: the viewer has just come, or the host went down or came back). It runs in a thread, may use the
    database, and must not ask the host.
    """

    @property
    def kind(self) -> str: ...

    @property
    def operation(self) -> str: ...

    @property
    def watches(self) -> frozenset[str]: ...

    def messages(
        self, *, picture: Picture, viewer: Viewer, params: QueryDict, changed: frozenset[str]
    ) -> Sequence[Message]: ...


_feeds: dict[str, ListFeed] = {}
_overviews: list[Callable[[Any], Sequence[Message]]] = []


def register_feed(feed: ListFeed) -> None:
    """Make a list live at /ws/h/<host>/lists/<kind>/. Call it from the app's `ready()`; twice replaces the first."""
    if feed.kind not in KINDS:
        raise ValueError(f"no list of {feed.kind!r} in the picture; it has {', '.join(KINDS)}")
    if unknown := feed.watches - set(KINDS):
        raise ValueError(f"the feed of {feed.kind} watches {', '.join(sorted(unknown))}, which no picture holds")
    if feed.operation not in set(Operation):
        raise ValueError(f"the feed of {feed.kind} needs {feed.operation!r}, which is no operation of the gate's table")
    _feeds[feed.kind] = feed


def feed_of(kind: str) -> ListFeed | None:
    return _feeds.get(kind)


EveryHost = Callable[["Actor", Any, Mapping[str, str], dict[str, Any]], Sequence[Message]]
_everywhere: dict[str, EveryHost] = {}


def register_everywhere(kind: str, messages: EveryHost) -> None:
    """Make a list over all hosts live at /ws/lists/<kind>/: `messages(actor, user, params, memory)`.

    Asked after changes on any host that the user sees; it runs in a thread, may use the database, and asks no host.
    """
    _everywhere[kind] = messages


def everywhere_of(kind: str) -> EveryHost | None:
    return _everywhere.get(kind)


def register_overview(messages: Callable[[Any], Sequence[Message]]) -> None:
    """Hand in what the overview shows a person now, part by part; it is asked after changes on any host they see.

    It runs in a thread, may use the database, and must not ask a host.
    """
    _overviews[:] = [messages]


def overview_messages(user: Any) -> list[Message]:
    return [message for messages in _overviews for message in messages(user)]
