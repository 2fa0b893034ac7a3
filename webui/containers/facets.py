"""What the filter can be put together from by clicking: each value that a list holds, and how many have it."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from webui.containers import filtering
from webui.containers.page import Listing
from webui.containers.rows import ContainerRow
from webui.pages import WINDOW_PARAMS
from webui.pages.formats import short_image
from webui.resources import natural

# As many as a person reads through; the rest is found by typing.
MOST_VALUES: Final = 24
# Docker's own and Compose's bookkeeping: nobody filters by a config hash.
_NOISE: Final = ("com.docker.", "org.opencontainers.", "desktop.docker.", "io.buildah", "quayside.")


@dataclass(frozen=True, slots=True)
class Value:
    """One value of a key: how many containers have it, whether the filter asks for it, and the URL that turns that."""

    words: str
    count: int
    is_on: bool
    url: str


@dataclass(frozen=True, slots=True)
class Facet:
    key: str
    label: Any
    values: Sequence[Value]
    more: int = 0


_READ: Final[Sequence[tuple[str, Any, Callable[[ContainerRow], Iterable[str]]]]] = (
    ("state", gettext_lazy("State"), lambda row: (row.condition.value,)),
    ("health", gettext_lazy("Health"), lambda row: (row.health,) if row.health else ()),
    ("host", gettext_lazy("Host"), lambda row: (row.host_name,)),
    ("stack", gettext_lazy("Stack"), lambda row: (row.stack,) if row.stack else ()),
    ("owner", gettext_lazy("Owner"), lambda row: (row.owner,) if row.owner else ()),
    ("image", gettext_lazy("Image"), lambda row: (short_image(row.image),)),
    ("network", gettext_lazy("Network"), lambda row: row.networks),
    ("label", gettext_lazy("Label"), lambda row: _labels(row.labels)),
    ("update", gettext_lazy("Newer image"), lambda row: ("yes",) if row.has_update else ()),
)


def _labels(labels: Mapping[str, str]) -> Iterable[str]:
    return (f"{name}={value}" for name, value in labels.items() if not name.startswith(_NOISE) and len(value) <= 60)


def facets_of(found: Listing, params: Mapping[str, str]) -> list[Facet]:
    """All facets that could narrow the list; one value that everything has could not."""
    facets = []
    for key, label, read in _READ:
        counts = Counter(value for row in found.every for value in read(row))
        shown = sorted(counts.items(), key=lambda pair: (-pair[1], natural(pair[0])))[:MOST_VALUES]
        if len(counts) > 1 or any(count < len(found.every) for _value, count in shown):
            values = [_value(key, value, count, found.query.text, params) for value, count in shown]
            facets.append(Facet(key, label, values, more=max(0, len(counts) - MOST_VALUES)))
    return facets


def _value(key: str, value: str, count: int, text: str, params: Mapping[str, str]) -> Value:
    merged = {**params, "q": filtering.toggled(text, key, value)}
    query = urlencode({name: one for name, one in merged.items() if one and name not in WINDOW_PARAMS})
    return Value(value, count, filtering.holds(text, key, value), f"?{query}")


def help_lines() -> list[tuple[str, Any]]:
    """The language of the box, by example."""
    return [
        *((key.example, key.words) for key in filtering.KEYS.values()),
        ("!name:test", _("“!” turns a term round")),
        ("stack:shop,billing", _("a comma stands for “or”; blanks between terms for “and”")),
    ]
