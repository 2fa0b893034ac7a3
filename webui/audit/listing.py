"""How the log shows an entry: its columns, the words for an outcome, and its row."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from webui.audit.models import Entry
from webui.pages import Column, State
from webui.pages.formats import NOTHING, span

COLUMNS: Final = (
    Column("at", gettext_lazy("When"), width="m"),
    Column("who", gettext_lazy("Who"), width="m"),
    Column("operation", gettext_lazy("Operation"), width="l"),
    Column("on", gettext_lazy("On")),
    Column("host", gettext_lazy("Host"), width="s", hides_below="narrow"),
    Column("outcome", gettext_lazy("Outcome"), width="xl"),
    Column("address", gettext_lazy("From"), width="m", hides_below="wide"),
    Column("took", gettext_lazy("Took"), width="xs", align="end", hides_below="narrow"),
)
_HEX_ID: Final = re.compile(r"(?:sha256:)?([0-9a-f]{12})[0-9a-f]{52}")
# What is not completed after this long never will be: the process that would have said so has ended.
_GIVEN_UP_AFTER: Final = timedelta(days=1)
_CONSOLE: Final = frozenset({"container.exec", "container.attach"})


@dataclass(frozen=True, slots=True)
class Line:
    """An entry in words. `target` is short; `full_target` is what the request named."""

    pk: int
    at: datetime
    when: str
    who: str
    role: str
    operation: str
    target: str
    full_target: str
    host: str
    address: str
    outcome: State
    took: str
    reason: str
    token: str = ""

    @property
    def url(self) -> str:
        return reverse("audit:entry", args=[self.pk])


def line_of(entry: Entry) -> Line:
    return Line(
        entry.pk, entry.at, when_words(entry.at), entry.username or NOTHING, entry.role,
        entry.operation or f"{entry.method} {entry.path}".strip(), target_words(entry), entry.target, entry.host,
        entry.address, outcome_of(entry), took_words(entry), entry.message, entry.token,
    )  # fmt: skip


def row_of(entry: Entry) -> str:
    return render_to_string("audit/_row.html", {"line": line_of(entry)})


def rows_of(entries: Sequence[Entry]) -> list[str]:
    return [row_of(entry) for entry in entries]


def when_words(at: datetime) -> str:
    """The time of day for today, the day with it for earlier."""
    moment = timezone.localtime(at)
    return moment.strftime("%H:%M:%S" if moment.date() == timezone.localdate() else "%-d %b %H:%M:%S")


def target_words(entry: Entry) -> str:
    """What people called it, else what the request named with long ids cut as Docker cuts them."""
    name = entry.target_name or _HEX_ID.sub(r"\1", entry.target)
    return f"exec {name}" if entry.resource == "exec" and name else name or NOTHING


def outcome_of(entry: Entry) -> State:
    """ "refused · role reader", "failed · 409 ...", "session 6 min", "allowed · administrator"."""
    if not entry.is_allowed:
        return State(_("refused · %s") % _reason(entry), "bad")
    if entry.status is not None and entry.status >= 400:
        words = entry.message if entry.message not in {"", str(entry.status)} else _("the host said no")
        return State(_("failed · %(words)s (%(status)s)") % {"words": words, "status": entry.status}, "warning")
    if entry.status is None and entry.duration_ms is not None:
        return State(_("failed · %s") % (entry.message or _("no answer")), "warning")
    if entry.host and entry.method and entry.duration_ms is None:
        return _unfinished(entry)
    if entry.operation in _CONSOLE and entry.resource == "exec" and entry.duration_ms is not None:
        return State(_("session %s") % span(entry.duration_ms / 1000), "good")
    return State(_allowed(entry), "good")


def took_words(entry: Entry) -> str:
    if entry.duration_ms is None:
        return NOTHING
    if entry.duration_ms < 100:
        return f"{entry.duration_ms} ms"
    return f"{entry.duration_ms / 1000:.1f} s" if entry.duration_ms < 10_000 else span(entry.duration_ms / 1000)


def _unfinished(entry: Entry) -> State:
    if timezone.now() - entry.at > _GIVEN_UP_AFTER:
        return State(_("allowed · how it ended is not known"), "off")
    return State(_("under way"), "good")


def _reason(entry: Entry) -> str:
    known = {
        "wrong": _("wrong name or password"),
        "throttled": _("too many tries"),
        "state": _("an answer to no sign-in that was begun"),
        "nothing": _("no proof was given"),
    }
    return known.get(entry.rule, entry.rule or entry.message or _("not allowed"))


def _allowed(entry: Entry) -> str:
    """What let it pass; where nothing was asked of a host, rather what was special."""
    why = entry.rule.removeprefix("role ") or entry.role
    return " · ".join(filter(None, [_("allowed"), why if entry.host else entry.message or why]))
