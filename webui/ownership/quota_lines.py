"""The quotas of a host's teams as lines of a form: one for each team, empty where there is no bound."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from django.http import QueryDict
from django.utils.translation import gettext as _

from webui.access.models import Team
from webui.ownership.models import Quota

FIELDS = ("containers", "memory_mb", "cpus", "volumes")
_MOST = 2_000_000_000


@dataclass(frozen=True, slots=True)
class QuotaLine:
    """`values` are as typed, by FIELDS; CPUs as a number of them ("1.5")."""

    team_id: int
    team: str
    values: Mapping[str, str]
    error: str = ""

    @property
    def cells(self) -> Iterator[tuple[str, str]]:
        return ((f"quota-{self.team_id}-{name}", self.values[name]) for name in FIELDS)


def lines_of(host_id: int, posted: QueryDict | None) -> list[QuotaLine]:
    """What is kept, or what was typed with what is wrong in it."""
    kept = {quota.team_id: quota for quota in Quota.objects.filter(host_id=host_id)}
    return [
        _typed(team, posted) if posted is not None else _kept(team, kept.get(team.pk)) for team in Team.objects.all()
    ]


def save_lines(host_id: int, lines: list[QuotaLine]) -> str:
    """Keep them; returns them in words, for the log."""
    said = []
    for line in lines:
        numbers = {name: _number(name, text) for name, text in line.values.items()}
        if any(number is not None for number in numbers.values()):
            Quota.objects.update_or_create(host_id=host_id, team_id=line.team_id, defaults=numbers)
            said.append(f"{line.team}: " + ", ".join(f"{name} {text}" for name, text in line.values.items() if text))
        else:
            Quota.objects.filter(host_id=host_id, team_id=line.team_id).delete()
    return "; ".join(said)


def _kept(team: Team, quota: Quota | None) -> QuotaLine:
    values = {name: getattr(quota, name, None) for name in FIELDS}
    shown = {name: "" if value is None else f"{value / 1000:g}" if name == "cpus" else str(value)
             for name, value in values.items()}  # fmt: skip
    return QuotaLine(team.pk, team.name, shown)


def _typed(team: Team, posted: QueryDict) -> QuotaLine:
    values = {name: posted.get(f"quota-{team.pk}-{name}", "").strip()[:20] for name in FIELDS}
    try:
        for name, text in values.items():
            _number(name, text)
    except ValueError:
        return QuotaLine(team.pk, team.name, values, _("Whole numbers, CPUs with a point: 1.5. Empty is no bound."))
    return QuotaLine(team.pk, team.name, values)


def _number(name: str, text: str) -> int | None:
    """Raises ValueError for what is no number that can be a bound."""
    if not text:
        return None
    number = round(float(text) * 1000) if name == "cpus" else int(text)
    if not 0 <= number <= _MOST:
        raise ValueError(text)
    return number
