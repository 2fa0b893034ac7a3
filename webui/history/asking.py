"""What a search of kept logs asks for, read from an address; and what it can be asked about."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from django.http import QueryDict

from webui.history.segments import About
from webui.log_lines import moment_in

# The choices of the page: how far back, in seconds.
SPANS: Final = (900, 3600, 21_600, 86_400, 604_800)
TODAY: Final = "today"
_LONGEST_QUERY: Final = 500
_ZONE: Final = re.compile(r"-?\d{1,3}", re.ASCII)


@dataclass(frozen=True, slots=True)
class KeptQuery:
    """`names` of containers (none: all), `ids` where one generation is meant; moments as Docker's timestamps.

    Of the very moment `until`, the newest `held` lines are known already: what is asked for are those before them.
    """

    text: str
    is_regex: bool
    names: Sequence[str]
    ids: Sequence[str]
    since: str
    until: str
    held: int = 0

    def folders(self, abouts: Sequence[About]) -> list[About]:
        """Those of the readable containers that are meant."""
        if not self.names and not self.ids:
            return list(abouts)
        return [about for about in abouts if about.name in self.names or about.container_id[:12] in self.ids]


def query_in(params: QueryDict) -> KeptQuery:
    since, until = moment_in(params.get("since", "")), moment_in(params.get("until", ""))
    since = since or _beginning_of(params.get("last", ""), params.get("zone", ""))
    # The next page of what was found: before its last line, as far as the whole search goes.
    before, held = moment_in(params.get("before", "")), params.get("held", "")
    if before and (not until or before <= until):
        until = before
    return KeptQuery(
        params.get("q", "")[:_LONGEST_QUERY], params.get("regex") == "1", params.getlist("c"), params.getlist("id"),
        since, until, int(held[:8]) if before and held.isdecimal() else 0,
    )  # fmt: skip


def _beginning_of(last: str, zone: str) -> str:
    """The moment at which the last seconds began, or today in a zone of so many minutes east of UTC; "" for others."""
    now = datetime.now(UTC)
    if last == TODAY:
        east = timedelta(minutes=int(zone) if _ZONE.fullmatch(zone) else 0)
        began = (now + east).replace(hour=0, minute=0, second=0) - east
    elif last.isdecimal() and int(last[:8]) in SPANS:
        began = now - timedelta(seconds=int(last))
    else:
        return ""
    return f"{began:%Y-%m-%dT%H:%M:%S}.000000000Z"
