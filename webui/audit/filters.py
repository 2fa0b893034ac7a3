"""What a URL's parameters leave of the log: the same for the page, its live rows and the exports."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from django.db.models import Count, F, Q, QuerySet
from django.utils import timezone

from webui.audit.models import Entry

# What `range` may say; "" is the first. "between" takes `from` and `to`.
RANGES: Final[Mapping[str, timedelta | None]] = {
    "": timedelta(hours=24),
    "1h": timedelta(hours=1),
    "7d": timedelta(days=7),
    "30d": timedelta(days=30),
    "all": None,
    "between": None,
}
_REFUSED: Final = Q(is_allowed=False)
_FAILED: Final = Q(is_allowed=True) & (Q(status__gte=400) | Q(status=None, duration_ms__isnull=False))
_BY_THEMSELVES: Final = Q(part_of=None) | _FAILED
_CONSOLES: Final = Q(operation__in=("container.exec", "container.attach"))
_SIGN_INS: Final = Q(operation__in=("account.sign-in", "account.sign-out", "account.join", "account.set-up"))
SHOWN: Final[Mapping[str, Q]] = {
    "refused": _REFUSED,
    "failed": _FAILED,
    "consoles": _CONSOLES,
    "sign-ins": _SIGN_INS,
}
_SEARCHED: Final = (
    "username", "operation", "target", "target_name", "host", "address", "rule", "message", "path", "token",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Filters:
    """The parameters of a log's URL. Unknown values of `range` and `show` count as none; times are UTC.

    `way` is "console", "token", or "token:NAME".
    """

    text: str = ""
    show: str = ""
    range: str = ""
    person: str = ""
    host: str = ""
    operation: str = ""
    way: str = ""
    since: datetime | None = None
    until: datetime | None = None
    has_parts: bool = False

    @property
    def is_open_ended(self) -> bool:
        """Whether what happens from now on may match."""
        return self.until is None or self.until > timezone.now()

    def entries(self) -> QuerySet[Entry]:
        """All that matches, whatever the chip says; newest first.

        Parts of another entry are left to that one's page, unless they failed, or words are searched for.
        """
        found = self._in_range()
        if not self.has_parts and not self.text:
            found = found.filter(_BY_THEMSELVES)
        for name, value in (("username", self.person), ("host", self.host), ("operation", self.operation)):
            if value:
                found = found.filter(**{name: value})
        if self.way:
            found = found.filter(_by_way(self.way))
        for word in self.text.split():
            found = found.filter(_holds(word))
        return found

    def shown(self) -> QuerySet[Entry]:
        """What the list shows: all that matches and that the chip names."""
        return self.entries().filter(SHOWN[self.show]) if self.show else self.entries()

    def counts(self) -> dict[str, int]:
        """How many match, in all ("") and for each chip."""
        asked = {name.replace("-", "_"): Count("pk", filter=wanted) for name, wanted in SHOWN.items()}
        found = self.entries().order_by().aggregate(every=Count("pk"), **asked)
        return {"": found["every"], **{name: found[name.replace("-", "_")] for name in SHOWN}}

    def _in_range(self) -> QuerySet[Entry]:
        found = Entry.objects.order_by(F("pk").desc())
        length = RANGES[self.range]
        since = timezone.now() - length if length else self.since
        if since:
            found = found.filter(at__gte=since)
        return found.filter(at__lt=self.until) if self.until else found


def read_filters(params: Mapping[str, str]) -> Filters:
    """The filters that a URL's query names."""

    def text_of(name: str) -> str:
        return str(params.get(name, "")).strip()[:200]

    asked, show = text_of("range"), text_of("show")
    is_between = asked == "between"
    return Filters(
        text=text_of("q"),
        show=show if show in SHOWN else "",
        range=asked if asked in RANGES else "",
        person=text_of("person"),
        host=text_of("host"),
        operation=text_of("operation"),
        way=text_of("way"),
        since=_moment(text_of("from")) if is_between else None,
        until=_moment(text_of("to")) if is_between else None,
    )


def _holds(word: str) -> Q:
    found = Q()
    for name in _SEARCHED:
        found |= Q(**{f"{name}__icontains": word})
    return found


def _by_way(way: str) -> Q:
    kind, _colon, name = way.partition(":")
    if kind == "console":
        return Q(token="")
    if kind != "token":
        return Q()
    return Q(token=name) if name else ~Q(token="")


def _moment(text: str) -> datetime | None:
    """A time as `<input type=datetime-local>` sends it, or any ISO 8601; None for what is none."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
