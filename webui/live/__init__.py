"""What changes while somebody looks: the picture of each host, and one upstream per stream shared by all its viewers.

`picture(host, actor)` is the in-memory list of a host's containers, images, volumes and networks as somebody may see
it, kept right by one event feed per host and process. A page renders from it without asking the host, and registers a
`ListFeed` (in its app's `ready()`) which turns changed ids into htmx messages for the viewers of its list.

    class ContainerFeed:
        kind = "containers"
        operation = "container.list"
        watches = frozenset({"containers"})
        def messages(self, *, picture, viewer, params, changed): ...
    register_feed(ContainerFeed())

The page connects to `/ws/h/<host>/lists/<kind>/?<its own query string>`. What this room refuses to know: rows,
columns, pages.
"""

from webui.live.feeds import ORDER, ListFeed, Message, Viewer, register_everywhere, register_feed, register_overview
from webui.live.figures import NONE_CALM, Calm, Figure, calm_figures_of, figures_of
from webui.live.picture import KINDS, HostState, Picture
from webui.live.pictures import forget, known_host, last_picture, name_of, picture, picture_after, picture_asked
from webui.live.seen import readonly_of, sees_all
from webui.live.untold import is_podman, silent_kinds

__all__ = [
    "KINDS",
    "NONE_CALM",
    "ORDER",
    "Calm",
    "Figure",
    "HostState",
    "ListFeed",
    "Message",
    "Picture",
    "Viewer",
    "calm_figures_of",
    "figures_of",
    "forget",
    "is_podman",
    "known_host",
    "last_picture",
    "name_of",
    "picture",
    "picture_after",
    "picture_asked",
    "readonly_of",
    "register_everywhere",
    "register_feed",
    "register_overview",
    "sees_all",
    "silent_kinds",
]
