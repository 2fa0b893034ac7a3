"""Signing in, the first administrator, one's own profile and password."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib.auth.forms import PasswordChangeForm
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from webui.accounts import password_rules, throttle
from webui.accounts.models import User
from webui.accounts.passwords import person_of, way_of

if TYPE_CHECKING:
    ProfileBase = forms.ModelForm[User]
else:
    ProfileBase = forms.ModelForm


class SignInForm(forms.Form):
    """Says the same for a wrong name, a wrong password and somebody who was deactivated."""

    username = forms.CharField(
        label=_("User name"),
        max_length=150,
        widget=forms.TextInput(attrs={"autocomplete": "username", "autofocus": True, "autocapitalize": "none"}),
    )
    password = forms.CharField(
        label=_("Password"),
        strip=False,
        max_length=1000,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )

    def __init__(self, *args: Any, request: HttpRequest, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._request = request
        self.user: User | None = None
        # What proved who it is, as the log says it.
        self.way = "password"

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        username, password = cleaned.get("username"), cleaned.get("password")
        if not username or not password:
            return cleaned
        address = str(self._request.META.get("REMOTE_ADDR", ""))
        throttle.check(username, address)
        user = person_of(self._request, username, password)
        if user is None:
            throttle.failed(username, address)
            raise ValidationError(_("That user name and password do not belong together."), code="wrong")
        throttle.succeeded(username, address)
        self.user, self.way = user, way_of(user)
        return cleaned


class SetUpForm(forms.Form):
    username = forms.CharField(
        label=_("User name"),
        max_length=150,
        validators=User._meta.get_field("username").validators,
        widget=forms.TextInput(attrs={"autocomplete": "username", "autofocus": True, "autocapitalize": "none"}),
    )
    password = forms.CharField(
        label=_("Password"), strip=False, max_length=1000,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )  # fmt: skip
    repeated = forms.CharField(
        label=_("The password again"), strip=False, max_length=1000,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password"].help_text = password_rules.words()

    def clean_username(self) -> str:
        username: str = self.cleaned_data["username"]
        if User.objects.filter(username__iexact=username).exists():
            raise ValidationError(_("Somebody has this name already."))
        return username

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        password = cleaned.get("password")
        if password:
            try:
                validate_password(password, User(username=cleaned.get("username", "")))
            except ValidationError as error:
                self.add_error("password", error)
        if password and "repeated" in cleaned and cleaned["repeated"] != password:
            self.add_error("repeated", _("The two passwords differ."))
        return cleaned


class PasswordForm(PasswordChangeForm):
    """Changing one's own password. Django's form, without its focus and with fewer words."""

    def __init__(self, user: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(user, *args, **kwargs)
        self.fields["old_password"].widget.attrs.pop("autofocus", None)
        self.fields["new_password1"].help_text = password_rules.words()
        self.fields["new_password2"].label, self.fields["new_password2"].help_text = _("The new one again"), ""


class ProfileForm(ProfileBase):
    class Meta:
        model = User
        fields = ["display_name", "email", "theme"]
