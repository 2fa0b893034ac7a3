"""The containers list and the head of a container's page, live."""

from collections.abc import Mapping, Sequence
from typing import Final

from django.http import QueryDict

from webui.access import Operation
from webui.containers import columns, head
from webui.containers.actions import ACTIONS, ON_PAGE
from webui.containers.page import KIND, Reader, list_page, listing_of, shown_of
from webui.live import Message, Picture, Viewer
from webui.resources import Layout, RowsFeed, Shown, allowed_in, layout_of, note_of


def layout_for(viewer: Viewer, named: str) -> Layout:
    """The columns that the page has: whoever changes them gets a new list, and with it a new socket."""
    if "layout" not in viewer.memory:
        viewer.memory["layout"] = layout_of(
            viewer.actor.user_id, KIND, columns.COLUMNS, shown=columns.SHOWN, named=named
        )
    layout: Layout = viewer.memory["layout"]
    return layout


def show(picture: Picture, viewer: Viewer, params: Mapping[str, str]) -> Shown:
    slug = viewer.host.slug
    found = listing_of(slug, picture, params, may_stats=viewer.may(Operation.CONTAINER_STATS))
    may_run = viewer.may(Operation.CONTAINER_CREATE)
    reader = Reader(
        {slug: allowed_in(picture, ACTIONS, viewer.may)}, layout_for(viewer, params.get("columns", "")), may_run=may_run
    )
    return shown_of(found, reader, list_page(found, reader, params=params, note=note_of(picture)))


LIST: Final = RowsFeed(kind=KIND, operation=Operation.CONTAINER_LIST, show=show)


class ContainerFeed:
    """The list; with `id` among the URL's parameters the head of that container's page instead."""

    kind = KIND
    operation = Operation.CONTAINER_LIST.value
    watches = frozenset({"containers"})

    def messages(
        self, *, picture: Picture, viewer: Viewer, params: QueryDict, changed: frozenset[str]
    ) -> Sequence[Message]:
        container_id = params.get("id")
        if not container_id:
            return LIST.messages(picture=picture, viewer=viewer, params=params, changed=changed)
        # Of one that is gone, any other may be the successor.
        is_here = picture.find("containers", container_id) is not None
        if changed and is_here and not any(one.startswith(container_id) for one in changed):
            return []
        # A swap closes a menu that is open, so only what reads differently goes out.
        raw = picture.find("containers", container_id)
        allowed = allowed_in(picture, (*ACTIONS, *ON_PAGE), viewer.may).on(raw["Id"] if raw else "")
        said = head.messages(viewer.host, picture, container_id, allowed=allowed, name=params.get("name", ""))
        news = [message for message in said if viewer.memory.get(message["target"]) != message["content"]]
        viewer.memory.update({message["target"]: message["content"] for message in said})
        return news
