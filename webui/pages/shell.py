"""What stands around every page: the menu, the host switcher, the counts, the running jobs, and what Ctrl-K finds.

The rooms that know (live, jobs) hand in callables at start-up; this module asks them and never waits on a host.
"""

import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from django.http import HttpRequest
from django.urls import NoReverseMatch
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from webui.access import led_team_ids_of
from webui.pages.declarations import State
from webui.pages.links import link

if TYPE_CHECKING:
    from webui.hosts.models import Host

Counts = Callable[[Any, "Host"], Mapping[str, int]]
HostState = Callable[["Host"], State]
RunningJobs = Callable[[Any], int]


@dataclass(frozen=True, slots=True)
class Hit:
    """Something that Ctrl-K found: an object before an action; one that `is_danger` never comes first.

    An action is a link like any other, or, with `act`, is posted to `act_url` for `item_id`, as a row's button is.
    """

    label: str
    url: str
    icon: str
    where: str = ""
    is_action: bool = False
    is_danger: bool = False
    act: str = ""
    item_id: str = ""
    act_url: str = ""


Finder = Callable[[Any, "Host | None", str], Iterable[Hit]]


@dataclass(frozen=True, slots=True)
class NavItem:
    """One entry of the menu. `of_host` entries lead to a page of the chosen host."""

    name: str
    label: str | Promise
    icon: str
    url_name: str
    of_host: bool = False
    on_phone: bool = False
    for_administrators: bool = False
    for_leaders: bool = False


MENU: Final = (
    NavItem("overview", _("Overview"), "layout-dashboard", "dashboard", on_phone=True),
    NavItem("containers", _("Containers"), "box", "containers:list", of_host=True, on_phone=True),
    NavItem("images", _("Images"), "photo", "images:list", of_host=True, on_phone=True),
    NavItem("volumes", _("Volumes"), "database", "volumes:list", of_host=True),
    NavItem("networks", _("Networks"), "topology-star-3", "networks:list", of_host=True),
    NavItem("logs", _("Logs"), "file-text", "history:logs", of_host=True),
    NavItem("host", _("Host"), "server-2", "hosts:detail", of_host=True),
)
EVERYWHERE: Final = (
    NavItem("all-containers", _("All containers"), "packages", "all-containers:list"),
    NavItem("jobs", _("Jobs"), "list-check", "jobs:list", on_phone=True),
    NavItem("registries", _("Registries"), "archive", "registries:list"),
    NavItem("hosts", _("Hosts"), "server", "hosts:list"),
    NavItem("people", _("People"), "users", "accounts:people", for_administrators=True),
    NavItem("teams", _("Teams"), "users-group", "teams:list", for_administrators=True),
    NavItem("led-teams", _("Your teams"), "users-group", "teams:led", for_leaders=True),
    NavItem("sign-in", _("Sign-in"), "login-2", "signin:list", for_administrators=True),
    NavItem("audit", _("Audit"), "history", "audit:list", for_administrators=True),
)

_counts: list[Counts] = []
_host_states: list[HostState] = []
_running_jobs: list[RunningJobs] = []
_finders: list[Finder] = []


def register_counts(counts: Counts) -> None:
    """Hand in what counts what a person sees of a host, by menu entry. It is asked on every page, and must not wait."""
    _counts.append(counts)


def register_host_state(host_state: HostState) -> None:
    """Hand in what says how a host is doing ("quayside 1.0 · overlay2", good). It must not wait."""
    _host_states.append(host_state)


def register_running_jobs(running_jobs: RunningJobs) -> None:
    """Hand in what counts the running jobs that a person may see."""
    _running_jobs.append(running_jobs)


def register_finder(finder: Finder) -> None:
    """Hand in what finds things by text, best first, for (user, current host or None, text)."""
    _finders.append(finder)


def counts_of(user: Any, host: "Host") -> dict[str, int]:
    found: dict[str, int] = {}
    for counts in _counts:
        found.update(counts(user, host))
    return found


def host_state_of(host: "Host") -> State:
    for host_state in _host_states:
        return host_state(host)
    return State("", "none")


def shown_token(counts: Mapping[str, int], state: State) -> str:
    """What a menu shows of its host, in a word: whoever keeps it live need not tell a page what it has."""
    return f"{zlib.crc32(repr((sorted(counts.items()), str(state.words), state.tone)).encode()):x}"


def running_jobs_of(user: Any) -> int:
    return sum(running(user) for running in _running_jobs)


def hits_for(user: Any, host: "Host | None", text: str) -> list[Hit]:
    """What all finders found; objects before actions, otherwise in the finders' own order."""
    hits = [hit for finder in _finders for hit in finder(user, host, text)]
    return sorted(hits, key=lambda hit: (hit.is_action, hit.is_danger))


@dataclass(frozen=True, slots=True)
class Entry:
    """A menu entry as this page shows it."""

    name: str
    label: str
    icon: str
    url: str
    is_active: bool
    count: int | None
    on_phone: bool


@dataclass(frozen=True, slots=True)
class HostEntry:
    """A host in the switcher; choosing it stays on the same kind of page."""

    name: str
    url: str
    state: State
    is_current: bool


def shell_context(request: HttpRequest, host: "Host | None", active: str) -> dict[str, Any]:
    """What `pages/shell.html` needs around a page, for somebody who is signed in; nothing for a stranger."""
    if not request.user.is_authenticated:
        return {"shell": None}
    # The door of that room is imported late: it may import pages.
    from webui.hosts import hosts_seen

    hosts = hosts_seen(request)
    current = host or _remembered(request, hosts)
    if host is not None and request.session.get("host") != host.slug:
        request.session["host"] = host.slug
    counts = counts_of(request.user, current) if current else {}
    state = host_state_of(current) if current else None
    return {
        "shell": {
            "host": current,
            "host_state": state,
            "shown": shown_token(counts, state) if state else "",
            "hosts": [_host_entry(one, current, active) for one in hosts],
            "menu": _entries(MENU, current, active, counts),
            "everywhere": _entries(_everywhere(request.user), current, active, counts),
            "running_jobs": running_jobs_of(request.user),
        }
    }


def _everywhere(user: Any) -> list[NavItem]:
    is_administrator = bool(getattr(user, "is_administrator", False))
    leads = bool(led_team_ids_of(user))
    return [
        item
        for item in EVERYWHERE
        if (is_administrator or not item.for_administrators) and (leads or not item.for_leaders)
    ]


def _remembered(request: HttpRequest, hosts: list["Host"]) -> "Host | None":
    """The host that this person looked at last, else the first: pages that belong to no host still lead somewhere."""
    slug = request.session.get("host")
    return next((host for host in hosts if host.slug == slug), hosts[0] if hosts else None)


def _entries(items: Iterable[NavItem], host: "Host | None", active: str, counts: Mapping[str, int]) -> list[Entry]:
    entries = []
    for item in items:
        url = _url_of(item, host)
        if url:
            entries.append(
                Entry(
                    item.name,
                    str(item.label),
                    item.icon,
                    url,
                    item.name == active,
                    counts.get(item.name),
                    item.on_phone,
                )
            )
    return entries


def _url_of(item: NavItem, host: "Host | None") -> str:
    if item.of_host and host is None:
        return ""
    try:
        return link(item.url_name, host=host.slug) if item.of_host and host else link(item.url_name)
    except NoReverseMatch:
        return ""


def _host_entry(host: "Host", current: "Host | None", active: str) -> HostEntry:
    item = next((item for item in MENU if item.name == active and item.of_host), MENU[1])
    url = _url_of(item, host) or link("hosts:detail", host=host.slug)
    return HostEntry(host.name, url, host_state_of(host), host == current)
