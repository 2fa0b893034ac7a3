"""What a request for a list of containers is about: one host, or all that this person may see."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.http import HttpRequest

from webui.access import Operation
from webui.containers import columns, everywhere
from webui.containers.actions import ACTIONS
from webui.containers.page import KIND, Listing, Reader, list_page, listing_of
from webui.gate import actor_of
from webui.pages import ListPage
from webui.resources import Opened, layout_of, note_of, opened, stale_words, stamp_of

if TYPE_CHECKING:
    from webui.gate import Actor
    from webui.hosts.models import Host


@dataclass(frozen=True, slots=True)
class Scope:
    """`host` is None for the list over all hosts; `hosts` are those whose containers are in it, by slug."""

    actor: "Actor"
    host: "Host | None"
    hosts: Mapping[str, Opened]
    reader: Reader

    @property
    def layout_kind(self) -> str:
        return KIND if self.host else f"{KIND}-everywhere"

    def listing(self, params: Mapping[str, Any]) -> Listing:
        if self.host:
            here = self.hosts[self.host.slug]
            return listing_of(self.host.slug, here.picture, params, may_stats=here.may(Operation.CONTAINER_STATS))
        return everywhere.listing_of(self.actor, self._pictures, params)

    def page(self, found: Listing, params: Mapping[str, str]) -> ListPage:
        if self.host is None:
            return everywhere.page_of(found, self.reader, self._pictures, params)
        picture = self.hosts[self.host.slug].picture
        return list_page(found, self.reader, params=params, stamp=stamp_of(picture), note=note_of(picture))

    @property
    def stale(self) -> str:
        if self.host is None:
            return everywhere.stale_of(self._pictures)
        return stale_words(self.hosts[self.host.slug].picture, self.host.name)

    @property
    def figures_urls(self) -> list[tuple[str, str]]:
        """The sockets of CPU and memory, by host."""
        return [
            (slug, f"/ws/h/{slug}/figures/")
            for slug, here in self.hosts.items()
            if here.may(Operation.CONTAINER_STATS) and (self.host or here.picture.is_up)
        ]

    @property
    def _pictures(self) -> everywhere.Pictures:
        return [(here.host, here.picture) for here in self.hosts.values()]


def scope_of(request: HttpRequest, slug: str | None, *, named: str | None = None) -> Scope:
    """The scope of a URL; `named` are the columns that it names, where it is not the request's own.

    Raises Http404 for a host that is not there or not for this person's eyes."""
    named = request.GET.get("columns", "") if named is None else named
    if slug is not None:
        here = opened(request, slug)
        layout = layout_of(here.actor.user_id, KIND, columns.COLUMNS, shown=columns.SHOWN, named=named)
        reader = Reader({slug: here.allowed(ACTIONS)}, layout, may_run=here.may(Operation.CONTAINER_CREATE))
        return Scope(here.actor, here.host, {slug: here}, reader)
    actor = actor_of(request)
    pictures = everywhere.pictures_for(actor, request.user)
    hosts = {host.slug: Opened(host, actor, picture) for host, picture in pictures}
    return Scope(actor, None, hosts, everywhere.reader_for(actor, pictures, named))
