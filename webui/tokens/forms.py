"""Making a token: its name, what it may do, where, and until when."""

from datetime import timedelta
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from webui.access import Operation
from webui.hosts import visible_hosts
from webui.tokens.models import Token

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from webui.accounts.models import User
    from webui.hosts.models import Host

_LASTS: Final = (("7", _("A week")), ("30", _("30 days")), ("90", _("90 days")), ("365", _("A year")))
EVERY_HOST: Final = "*"


class TokenForm(forms.Form):
    name = forms.CharField(
        label=_("Name"), max_length=60,
        help_text=_("Where you will use it: laptop, ci of the shop. The audit log says it."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "autofocus": True, "placeholder": "laptop"}),
    )  # fmt: skip
    access = forms.ChoiceField(label=_("It may"), choices=Token.Access.choices, initial=Token.Access.READ)
    operations = forms.MultipleChoiceField(
        label=_("Operations"), required=False, choices=[(one.value, one.value) for one in Operation],
        widget=forms.CheckboxSelectMultiple(attrs={"class": "form-check-input"}),
    )  # fmt: skip
    hosts = forms.MultipleChoiceField(
        label=_("On"), widget=forms.CheckboxSelectMultiple(attrs={"class": "form-check-input"}),
        error_messages={"required": _("Choose the hosts that it is for.")},
    )  # fmt: skip
    lasts = forms.ChoiceField(label=_("Works for"), choices=_LASTS, initial="90")

    def __init__(self, *args: Any, user: "User", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._user = user
        self._hosts = list(visible_hosts(user))
        hosts: Any = self.fields["hosts"]
        hosts.choices = [
            (EVERY_HOST, _("Every host that I may see")),
            *((host.slug, host.name) for host in self._hosts),
        ]

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"].strip()
        if Token.objects.filter(user=self._user, name__iexact=name).exists():
            raise ValidationError(_("You have a token of this name already. Revoke it, or choose another name."))
        return name

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if cleaned.get("access") == Token.Access.CHOSEN and not cleaned.get("operations") and not self.errors:
            self.add_error("operations", _("Choose what it may do, or let it look only."))
        return cleaned

    @property
    def expires_at(self) -> "datetime":
        return timezone.now() + timedelta(days=int(self.cleaned_data["lasts"]))

    @property
    def operations_given(self) -> "Sequence[str]":
        is_chosen = self.cleaned_data["access"] == Token.Access.CHOSEN
        return self.cleaned_data["operations"] if is_chosen else ()

    @property
    def hosts_given(self) -> "list[Host] | None":
        """None for every host."""
        given = set(self.cleaned_data["hosts"])
        return None if EVERY_HOST in given else [host for host in self._hosts if host.slug in given]

    def operation_groups(self) -> "Iterator[tuple[str, list[Any]]]":
        """The boxes by resource, as the field's widget draws them."""
        boxes = list(self["operations"])
        for name, group in groupby(boxes, key=lambda box: str(box.data["value"]).partition(".")[0]):
            yield name, list(group)
