"""The containers list and the head of a container's page, live."""

from collections.abc import Mapping, Sequence
from typing import Final

from django.http import QueryDict

from webui.access import Operation
from webui.containers import head
from webui.containers.actions import ACTIONS
from webui.containers.page import elements, list_page, listing_of
from webui.live import Message, Picture, Viewer
from webui.resources import RowsFeed, Shown, allowed_in, note_of


def show(picture: Picture, viewer: Viewer, params: Mapping[str, str]) -> Shown:
    found, allowed = listing_of(viewer.host.slug, picture, params), allowed_in(picture, ACTIONS, viewer.may)
    may_run = viewer.may(Operation.CONTAINER_CREATE)
    page = list_page(found, allowed, params=params, may_run=may_run, note=note_of(picture))
    return Shown(elements(found, allowed), page)


LIST: Final = RowsFeed(kind="containers", operation=Operation.CONTAINER_LIST, show=show)


class ContainerFeed:
    """The list; with `id` among the URL's parameters the head of that container's page instead."""

    kind = "containers"
    operation = Operation.CONTAINER_LIST.value
    watches = frozenset({"containers"})

    def messages(
        self, *, picture: Picture, viewer: Viewer, params: QueryDict, changed: frozenset[str]
    ) -> Sequence[Message]:
        container_id = params.get("id")
        if not container_id:
            return LIST.messages(picture=picture, viewer=viewer, params=params, changed=changed)
        if changed and not any(one.startswith(container_id) for one in changed):
            return []
        # A swap closes a menu that is open, so only what reads differently goes out.
        raw = picture.find("containers", container_id)
        allowed = allowed_in(picture, ACTIONS, viewer.may).on(raw["Id"] if raw else "")
        said = head.messages(viewer.host.slug, picture, container_id, allowed=allowed)
        news = [message for message in said if viewer.memory.get(message["target"]) != message["content"]]
        viewer.memory.update({message["target"]: message["content"] for message in said})
        return news
