"""The access of a thing as a form: owner, visibility, and a line for each person or team that it is shared with."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from webui.access.models import Team
from webui.accounts.models import User
from webui.ownership.kinds import MEANINGS, Visibility
from webui.ownership.ledger import Access, Holder
from webui.ownership.models import Share

INHERIT: Final = "inherit"
_MOST_SHARES: Final = 200


@dataclass(frozen=True, slots=True)
class ShareLine:
    """One line of the form: `with_whom` is a name as `holders` has it, "" for an empty line."""

    with_whom: str = ""
    may_write: bool = False


class AccessForm(forms.Form):
    """`access` is what holds now, `is_own` whether that is its own, or of `parent` (in words), which it inherits from.

    `rules`: whoever fills it in may give the thing to somebody else. `meanings` say what each visibility means; one
    that is not among them is not offered.
    """

    owner = forms.ModelChoiceField(
        label=gettext_lazy("Owner"), required=False, queryset=User.objects.none(),
        empty_label=gettext_lazy("Nobody: for administrators to give away"),
    )  # fmt: skip
    visibility = forms.ChoiceField(label=gettext_lazy("Visible to"))

    def __init__(
        self, data: QueryDict | None, *, access: Access | None, is_own: bool, rules: bool, parent: str = "",
        meanings: Mapping[Visibility, Any] = MEANINGS,
    ) -> None:  # fmt: skip
        kept = access.visibility if access else Visibility.PRIVATE
        visibility = kept if is_own or not parent else INHERIT
        super().__init__(data, initial={"owner": access.owner_id if access else None, "visibility": visibility})
        self._data, self._access, self._rules, self._meanings = data, access, rules, meanings
        owner: Any = self.fields["owner"]
        owner.queryset = User.objects.filter(is_active=True).order_by("username")
        if not rules:
            del self.fields["owner"]
        choices: Any = self.fields["visibility"]
        choices.choices = [(value, label) for value, label, _meaning in self.options(parent)]
        self.meanings = list(self.options(parent))

    def options(self, parent: str) -> Iterator[tuple[str, Any, Any]]:
        if parent:
            yield INHERIT, _("As its stack or service"), _("Whatever holds for %s holds for it too.") % parent
        for one, meaning in self._meanings.items():
            # What an owner could choose and never take back is for those who can.
            if self._rules or one is not Visibility.ADMINISTRATORS:
                yield one.value, one.label, meaning

    @property
    def chosen(self) -> str:
        return str(self["visibility"].value())

    @property
    def lines(self) -> Sequence[ShareLine]:
        """What it is shared with, and an empty line to write into."""
        return [*(self._posted() if self._data is not None else self._kept()), ShareLine()]

    @property
    def holders(self) -> Mapping[str, Holder]:
        """Everybody and every team that it can be shared with, by what the form calls them."""
        people = User.objects.filter(is_active=True).order_by("username")
        # No user name holds a blank, so that no team can be mistaken for a person.
        teams: dict[str, Holder] = {_("team %s") % team.name: ("team", team.pk) for team in Team.objects.all()}
        return {**teams, **{one.username: ("user", one.pk) for one in people}}

    @property
    def shares(self) -> list[Share]:
        """Unsaved; each person and team once, the last line wins."""
        holders, made = self.holders, {}
        for line in self._posted():
            sort, pk = holders[line.with_whom]
            made[line.with_whom] = Share(may_write=line.may_write, **{f"{sort}_id": pk})
        return list(made.values())

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        known, lines = self.holders, self._posted()
        if unknown := [line.with_whom for line in lines if line.with_whom not in known]:
            raise ValidationError(_("Nobody, and no team, is called %s.") % ", ".join(unknown[:3]))
        if len(lines) > _MOST_SHARES:
            raise ValidationError(_("These are too many to name one by one: make a team of them."))
        if cleaned.get("visibility") == Visibility.SHARED and not lines:
            self.add_error("visibility", _("Name somebody to share it with, or keep it private."))
        return cleaned

    def _posted(self) -> list[ShareLine]:
        if self._data is None:
            return []
        names = [name.strip() for name in self._data.getlist("share_with")]
        pairs = zip(names, self._data.getlist("share_may"), strict=False)
        return [ShareLine(whom, may == "write") for whom, may in pairs if whom]

    def _kept(self) -> list[ShareLine]:
        if self._access is None:
            return []
        writers = self._access.writers
        held = self._access.readers | writers
        return [ShareLine(name, holder in writers) for name, holder in self.holders.items() if holder in held]
