"""Reading "do this to these" from a page, for every kind of thing."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from django.http import QueryDict
from django.utils.translation import gettext as _

from webui.pages import Outcome

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Asked(Generic[Row]):
    """What somebody asked for. `rows` are those of the ids that are there, `gone` are the other ids."""

    action: str
    rows: Sequence[Row]
    gone: Sequence[str]
    is_confirmed: bool
    extras: frozenset[str]

    def gone_outcomes(self) -> list[Outcome]:
        """Being gone is what a removal wants, and the end of everything else."""
        return [Outcome(one, one, self.action == "remove", _("is already gone")) for one in self.gone]


def asked_of(
    form: QueryDict, rows: Mapping[str, Row], *, actions: Collection[str],
    matching: Callable[[Iterable[Row], Mapping[str, str]], Iterable[Row]],
) -> Asked[Row]:  # fmt: skip
    """Read a submitted act; `rows` are by the ids that the page uses.

    `matching` are those of them that a list's query string asks for: the page says "all of these" by that.

    Raises LookupError for an action that there is not, or when nothing is named.
    """
    action, ids = form.get("action", ""), list(dict.fromkeys(form.getlist("id")))
    if form.get("all") == "1":
        asked_by = {id(row): name for name, row in rows.items()}
        query = {key: str(value) for key, value in QueryDict(form.get("query", "").lstrip("?")).dict().items()}
        ids = [asked_by[id(row)] for row in matching(rows.values(), query)]
    if action not in actions:
        raise LookupError(_("There is no action “%s” here.") % action)
    if not ids:
        raise LookupError(_("Nothing was named to act on."))
    extras = frozenset(name for name in form if form.get(name) == "1")
    known = [rows[one] for one in ids if one in rows]
    return Asked(action, known, [one for one in ids if one not in rows], "confirmed" in extras, extras)
