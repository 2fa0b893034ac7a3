"""Where to go on after a job that failed or is done, as links: rooms that know a kind of job hand them in."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from webui.gate import Actor
    from webui.jobs.models import Job


@dataclass(frozen=True, slots=True)
class Advice:
    """One thing to do next: a link to a page."""

    label: str
    url: str


# For whom: they are told of nothing that they may not see.
Adviser = Callable[["Job", "Actor"], Sequence[Advice]]
_advisers: list[Adviser] = []


def register_adviser(adviser: Adviser) -> None:
    """Hand in what knows what to do about a job that failed or is done. It may not wait."""
    _advisers.append(adviser)


def advice_on(job: "Job", actor: "Actor") -> list[Advice]:
    return [one for adviser in _advisers for one in adviser(job, actor)]
