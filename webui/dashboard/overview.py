"""What the overview says: a card per host, and the things that need a look, worst first."""

import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from webui.containers.columns import rows_of
from webui.containers.rows import Condition, state_words
from webui.gate import Operation, actor_of, may
from webui.hosts import visible_hosts
from webui.live import HostState, Message, Picture, last_picture
from webui.live.shell import engine_words
from webui.pages import Button, Empty, State

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


def hosts_of(user: Any) -> list["Host"]:
    """The hosts whose containers this person may see."""
    actor = actor_of(user)
    return [host for host in visible_hosts(user) if may(actor, host, Operation.CONTAINER_LIST)]


def totals_of(seen: Sequence[tuple["Host", Picture]]) -> State:
    containers = sum(len(shown.containers) for _host, shown in seen)
    hosts = ngettext("%d host", "%d hosts", len(seen)) % len(seen)
    return State(f"{hosts} · {ngettext('%d container', '%d containers', containers) % containers}")


def messages(user: Any) -> list[Message]:
    """Every part of the overview as it should read now, for its websocket; the list of hosts has only the cards."""
    actor = actor_of(user)
    seen = [(host, last_picture(host, actor)) for host in hosts_of(user)]
    cards = [
        Message(
            target=f"#host-{host.slug}",
            swap="outerMorph",
            content=render_to_string("dashboard/_host.html", {"card": card_of(host, shown)}),
        )
        for host, shown in seen
    ]
    return [
        Message(
            target="#head-state",
            swap="innerHTML",
            content=render_to_string("dashboard/_totals.html", {"state": totals_of(seen)}),
        ),
        Message(
            target="#needs",
            swap="outerMorph",
            content=render_to_string("dashboard/_needs.html", {"needs": needs_of(seen)}),
        ),
        Message(
            target="#first",
            swap="outerMorph",
            content=render_to_string("dashboard/_first.html", {"first": first_of(user, seen)}),
        ),
        *cards,
    ]


def first_of(user: Any, seen: Sequence[tuple["Host", Picture]]) -> Empty | None:
    """What comes first, as long as none of the hosts has any container; None as soon as one has, or may have."""
    if not seen or any(shown.containers or shown.state is HostState.WAITING for _host, shown in seen):
        return None
    actor = actor_of(user)
    host = next((host for host, shown in seen if shown.is_up and may(actor, host, Operation.CONTAINER_CREATE)), None)
    if host is None:
        return Empty("box", _("No containers yet"), _("As soon as somebody runs one, this page shows how it does."))
    return Empty(
        "box",
        _("No containers yet"),
        _("Run the first one, or paste a docker run line or a compose file: this page then shows how it does."),
        button=Button(_("Run a container"), "plus", url=reverse("containers:run", kwargs={"host": host.slug})),
    )


def card_of(host: "Host", picture: Picture) -> Card:
    counts = Counter(row.condition for row in rows_of(host.slug, picture))
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
    for row in rows_of(host.slug, picture):
        if tone := _TROUBLE.get(row.condition):
            place = {"host": host.slug, "id": row.short_id}
            url, logs = reverse("containers:detail", kwargs=place), reverse("containers:logs", kwargs=place)
            yield Need(row.name, state_words(row, now), tone, host.name, url, _("Logs"), logs)
