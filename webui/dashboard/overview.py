"""What the overview says: a card per host, and the things that need a look, worst first."""

import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from webui.containers.rows import Condition, ContainerRow, row_of, state_words
from webui.live import HostState, Picture
from webui.live.shell import engine_words
from webui.pages import State

if TYPE_CHECKING:
    from webui.hosts.models import Host

_TROUBLE: Final = {Condition.FAILING: "bad", Condition.UNHEALTHY: "warning"}
_MOST_NEEDS: Final = 20


@dataclass(frozen=True, slots=True)
class Need:
    """One thing that needs a look: what, why, where, and the page that helps."""

    name: str
    words: str
    tone: str
    where: str
    url: str
    fix: str
    fix_url: str


@dataclass(frozen=True, slots=True)
class Figure:
    """A count that leads to what it counts."""

    count: int
    words: str
    url: str


@dataclass(frozen=True, slots=True)
class Card:
    """A host at a glance."""

    slug: str
    name: str
    url: str
    about: str
    state: State
    trouble: State | None
    figures: tuple[Figure, ...]
    nothing: str
    last_seen: str


def rows_of(picture: Picture) -> list[ContainerRow]:
    seen_at = picture.seen_at.timestamp() if picture.seen_at else time.time()
    return [row_of(raw, seen_at=seen_at) for raw in picture.containers.values()]


def card_of(host: "Host", picture: Picture) -> Card:
    counts = Counter(row.condition for row in rows_of(picture))
    is_down = picture.state is HostState.DOWN
    return Card(
        slug=host.slug,
        name=host.name,
        url=reverse("containers:list", kwargs={"host": host.slug}),
        about=engine_words(picture),
        state=State("", "bad" if is_down else "good" if picture.is_up else "off"),
        trouble=State(_("cannot be reached"), "bad") if is_down else _trouble(counts),
        figures=tuple(_figures(host, picture, counts)),
        nothing=_("nothing here yet") if picture.is_up else _("nothing is known of it yet"),
        last_seen=_last_seen(picture) if is_down else "",
    )


def _trouble(counts: Counter[Condition]) -> State | None:
    if counts[Condition.FAILING]:
        return State(_("%d failing") % counts[Condition.FAILING], "bad")
    if counts[Condition.UNHEALTHY]:
        return State(_("%d unhealthy") % counts[Condition.UNHEALTHY], "warning")
    return None


def _figures(host: "Host", picture: Picture, counts: Counter[Condition]) -> Iterator[Figure]:
    containers = reverse("containers:list", kwargs={"host": host.slug})
    running = counts[Condition.RUNNING] + counts[Condition.UNHEALTHY] + counts[Condition.PAUSED]
    if running:
        yield Figure(running, _("running"), containers)
    if counts[Condition.STOPPED]:
        yield Figure(counts[Condition.STOPPED], _("stopped"), f"{containers}?show={Condition.STOPPED.value}")
    if counts[Condition.FAILING]:
        yield Figure(counts[Condition.FAILING], _("failing"), f"{containers}?show={Condition.FAILING.value}")
    if images := len(picture.images):
        yield Figure(images, ngettext("image", "images", images), reverse("images:list", kwargs={"host": host.slug}))
    if volumes := len(picture.volumes):
        yield Figure(
            volumes, ngettext("volume", "volumes", volumes), reverse("volumes:list", kwargs={"host": host.slug})
        )


def _last_seen(picture: Picture) -> str:
    if picture.seen_at is None:
        return _("never seen")
    moment = timezone.localtime(picture.seen_at)
    pattern = "%H:%M" if moment.date() == timezone.localdate() else "%Y-%m-%d %H:%M"
    return _("last seen %s · showing what was there") % moment.strftime(pattern)


def needs_of(hosts: Iterable[tuple["Host", Picture]]) -> list[Need]:
    """What needs a look on these hosts: what cannot be reached, then what fails, then what is unhealthy."""
    needs = [need for host, picture in hosts for need in _host_needs(host, picture)]
    needs.sort(key=lambda need: (need.tone != "bad", need.where, need.name))
    return needs[:_MOST_NEEDS]


def _host_needs(host: "Host", picture: Picture) -> Iterator[Need]:
    if picture.state is HostState.DOWN:
        url = reverse("hosts:detail", kwargs={"host": host.slug})
        words = picture.error or _("cannot be reached")
        yield Need(host.name, words, "bad", _("host"), url, _("Look at the host"), url)
        # Its containers are as they were, which is no news.
        return
    now = time.time()
    for row in rows_of(picture):
        if tone := _TROUBLE.get(row.condition):
            place = {"host": host.slug, "id": row.short_id}
            url, logs = reverse("containers:detail", kwargs=place), reverse("containers:logs", kwargs=place)
            yield Need(row.name, state_words(row, now), tone, host.name, url, _("Logs"), logs)
