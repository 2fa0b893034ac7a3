"""What a search of kept logs asks for, read from an address; and what it can be asked about."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from django.http import QueryDict

from webui.history.segments import About
from webui.log_lines import moment_in

# The choices of the page: how far back, in seconds.
SPANS: Final = (900, 3600, 21_600, 86_400, 604_800)
_LONGEST_QUERY: Final = 500


@dataclass(frozen=True, slots=True)
class KeptQuery:
    """`names` of containers (none: all), `ids` where one generation is meant; moments as Docker's timestamps."""

    text: str
    is_regex: bool
    names: Sequence[str]
    ids: Sequence[str]
    since: str
    until: str

    def folders(self, abouts: Sequence[About]) -> list[About]:
        """Those of the readable containers that are meant."""
        if not self.names and not self.ids:
            return list(abouts)
        return [about for about in abouts if about.name in self.names or about.container_id[:12] in self.ids]


def query_in(params: QueryDict) -> KeptQuery:
    span = params.get("last", "")
    since, until = moment_in(params.get("since", "")), moment_in(params.get("until", ""))
    if span.isdecimal() and int(span) in SPANS and not since:
        began = datetime.fromtimestamp(datetime.now(UTC).timestamp() - int(span), UTC)
        since = f"{began:%Y-%m-%dT%H:%M:%S}.000000000Z"
    return KeptQuery(
        params.get("q", "")[:_LONGEST_QUERY], params.get("regex") == "1", params.getlist("c"), params.getlist("id"),
        since, until,
    )  # fmt: skip
