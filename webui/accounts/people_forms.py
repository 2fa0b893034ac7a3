"""Adding a person, what administrators change about one, and choosing a password by a link."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from webui.access import Role
from webui.access.roles import MEANINGS, OFFERED
from webui.accounts import password_rules
from webui.accounts.models import User

if TYPE_CHECKING:
    UserForm = forms.ModelForm[User]
else:
    UserForm = forms.ModelForm


_CHOICES = [(role.value, role.label) for role in OFFERED]


class WithMeanings:
    """For forms that choose a role: what each one means."""

    meanings = [(role.label, MEANINGS[role]) for role in OFFERED]


class PersonForm(WithMeanings, UserForm):
    """Somebody new. The role has no default that gives much away: a reader changes nothing."""

    role = forms.ChoiceField(label=_("Role"), choices=_CHOICES, initial=Role.READER)

    class Meta:
        model = User
        fields = ["username", "display_name", "email", "role"]
        widgets = {
            "username": forms.TextInput(attrs={"autofocus": True, "autocapitalize": "none", "autocomplete": "off"}),
            "display_name": forms.TextInput(attrs={"autocomplete": "off", "optional": True}),
            "email": forms.EmailInput(attrs={"autocomplete": "off", "optional": True}),
        }

    def clean_username(self) -> str:
        username: str = self.cleaned_data["username"]
        if User.objects.filter(username__iexact=username).exclude(pk=self.instance.pk).exists():
            raise ValidationError(_("Somebody has this name already."))
        return username


class RoleForm(WithMeanings, forms.Form):
    role = forms.ChoiceField(label=_("Role"), choices=_CHOICES)


class ChoosePasswordForm(forms.Form):
    """`user` is the person whom the link was made for."""

    password = forms.CharField(
        label=_("Password"), strip=False, max_length=1000,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password", "autofocus": True}),
    )  # fmt: skip
    repeated = forms.CharField(
        label=_("The password again"), strip=False, max_length=1000,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )  # fmt: skip

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._user = user
        self.fields["password"].help_text = password_rules.words()

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        password = cleaned.get("password")
        if password:
            try:
                validate_password(password, self._user)
            except ValidationError as error:
                self.add_error("password", error)
        if password and "repeated" in cleaned and cleaned["repeated"] != password:
            self.add_error("repeated", _("The two passwords differ."))
        return cleaned
