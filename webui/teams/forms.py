"""A team, and a grant to a person or a team."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from webui.access.models import CUSTOM, CustomRole, Grant, HostGroup, Team
from webui.access.roles import MEANINGS, OFFERED, Role
from webui.accounts.models import User
from webui.accounts.people_forms import PersonForm
from webui.hosts.models import Host

if TYPE_CHECKING:
    TeamFormBase = forms.ModelForm[Team]
    GrantFormBase = forms.ModelForm[Grant]
else:
    TeamFormBase = GrantFormBase = forms.ModelForm


class TeamForm(TeamFormBase):
    class Meta:
        model = Team
        fields = ["name", "about", "members", "requires_second_factor"]
        widgets = {
            "name": forms.TextInput(attrs={"autocomplete": "off"}),
            "about": forms.TextInput(attrs={"autocomplete": "off", "optional": True}),
            "members": forms.CheckboxSelectMultiple(attrs={"class": "form-check-input"}),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["members"].queryset = User.objects.order_by("username")  # type: ignore[attr-defined]

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"].strip()
        if Team.objects.filter(name__iexact=name).exclude(pk=self.instance.pk).exists():
            raise ValidationError(_("There is a team of this name already."))
        return name


class MemberForm(forms.Form):
    """Somebody by their user name: who leads a team is not shown everybody. `user` is who that is."""

    username = forms.CharField(
        label=_("User name"), max_length=150,
        widget=forms.TextInput(attrs={"autocapitalize": "none", "autocomplete": "off"}),
    )  # fmt: skip
    user: User

    def clean_username(self) -> str:
        username: str = self.cleaned_data["username"].strip()
        found = User.objects.filter(username__iexact=username).first()
        if found is None:
            raise ValidationError(_("Nobody here has this name. Somebody new is invited."))
        self.user = found
        return username


class InvitationForm(PersonForm):
    """Somebody new, for a team: without a role of their own."""

    role = None  # type: ignore[assignment]  # Django: leaves out the field of the class above

    class Meta(PersonForm.Meta):
        fields = ["username", "display_name", "email"]


# Administrators manage people and hosts, which no grant gives.
_GRANTABLE = [role for role in OFFERED if role is not Role.ADMINISTRATOR]


class GrantForm(GrantFormBase):
    """`to` is the person or team who gets it."""

    meanings = [(role.label, MEANINGS[role]) for role in _GRANTABLE]
    role = forms.ChoiceField(label=_("Role"), choices=[(role.value, role.label) for role in _GRANTABLE])

    class Meta:
        model = Grant
        fields = ["role", "host", "group", "ends_at"]
        labels = {"group": _("Or on a group")}
        widgets = {"ends_at": forms.DateTimeInput(attrs={"type": "datetime-local", "optional": True})}
        help_texts = {"ends_at": _("UTC. Empty: until somebody ends it.")}

    def __init__(self, *args: Any, to: User | Team, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._to = to
        host: Any = self.fields["host"]
        host.queryset, host.empty_label = Host.objects.order_by("name"), _("Everything")
        group: Any = self.fields["group"]
        group.queryset, group.empty_label = HostGroup.objects.all(), _("No group")
        if not HostGroup.objects.exists():
            del self.fields["group"]
        self._own_roles = {f"{CUSTOM}:{one.pk}": one for one in CustomRole.objects.all()}
        roles: Any = self.fields["role"]
        roles.choices = [*roles.choices, *((value, one.name) for value, one in self._own_roles.items())]
        own: list[tuple[Any, Any]] = [(one.name, one.about) for one in self._own_roles.values()]
        self.meanings = [*self.meanings, *own]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        ends_at = cleaned.get("ends_at")
        if ends_at and ends_at <= timezone.now():
            self.add_error("ends_at", _("This moment has passed."))
        if cleaned.get("host") and cleaned.get("group"):
            self.add_error("group", _("On one host or on a group: choose one of the two."))
        own = self._own_roles.get(cleaned.get("role", ""))
        self.instance.custom = own
        if own is not None:
            cleaned["role"] = CUSTOM
        return cleaned

    def save(self, commit: bool = True) -> Grant:
        grant: Grant = super().save(commit=False)
        grant.user, grant.team = (None, self._to) if isinstance(self._to, Team) else (self._to, None)
        if commit:
            grant.save()
        return grant
