"""Which containers an act is meant for: named one by one, all under a heading, or all that the list's filter shows."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from django.http import QueryDict
from django.utils.translation import gettext as _

from webui.containers.columns import rows_of
from webui.containers.page import Listing, Reader, act_ids
from webui.containers.rows import ContainerRow
from webui.pages import Outcome
from webui.resources import Opened, Target


@dataclass(frozen=True, slots=True)
class Aim:
    """One container that something is to be done to. `id` is what the page calls it."""

    id: str
    here: Opened
    row: ContainerRow

    @property
    def target(self) -> Target:
        return Target(self.id, self.row.name)


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody asked for. `gone` are the ids of what is no longer there."""

    action: str
    aims: Sequence[Aim]
    gone: Sequence[str] = ()
    is_confirmed: bool = False
    extras: frozenset[str] = field(default=frozenset())

    @property
    def again(self) -> list[tuple[str, str]]:
        """The fields that ask for the same once more, without what it is for."""
        return [("action", self.action), *((name, "1") for name in sorted(self.extras - {"all"}))]

    def gone_outcomes(self) -> list[Outcome]:
        """Being gone is what a removal wants, and the end of everything else."""
        return [Outcome(one, one, self.action == "remove", _("is already gone")) for one in self.gone]


def query_of(form: QueryDict) -> dict[str, str]:
    """The query of the list that the act was asked for on."""
    return {key: str(value) for key, value in QueryDict(form.get("query", "").lstrip("?")).dict().items()}


def asked_of(
    form: QueryDict,
    hosts: Mapping[str, Opened],
    *,
    actions: Collection[str],
    listed: Listing,
    reader: Reader,
) -> Asked:
    """Read a submitted act. `listed` is the page's own list, for "all of these".

    Raises LookupError for an action that there is not, or when nothing is named.
    """
    action = form.get("action", "")
    if action not in actions:
        raise LookupError(_("There is no action “%s” here.") % action)
    if form.get("heading") or form.get("all") == "1":
        ids = act_ids(listed, reader, heading=form.get("heading", ""))
    else:
        ids = list(dict.fromkeys(form.getlist("id")))
    if not ids:
        raise LookupError(_("Nothing was named to act on."))
    known = _known(hosts)
    extras = frozenset(name for name in form if form.get(name) == "1")
    aims = [Aim(one, *known[one]) for one in ids if one in known]
    return Asked(action, aims, [one for one in ids if one not in known], "confirmed" in extras, extras)


def _known(hosts: Mapping[str, Opened]) -> dict[str, tuple[Opened, ContainerRow]]:
    """Every container by all that a page may call it: its short id alone only where there is one host."""
    known = {}
    for slug, here in hosts.items():
        for row in rows_of(slug, here.picture):
            known[f"{slug}/{row.short_id}"] = (here, row)
            if len(hosts) == 1:
                known[row.short_id] = (here, row)
    return known
