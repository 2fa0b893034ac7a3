"""A code, a passkey's answer, and the proof that it is you."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from webui.accounts import throttle
from webui.accounts.passwords import person_of, way_of
from webui.factors import methods, passkeys

if TYPE_CHECKING:
    from webui.accounts.models import User

CODE_ATTRS = {"autocomplete": "one-time-code", "inputmode": "numeric", "spellcheck": "false", "autocapitalize": "none"}


class AddAppForm(forms.Form):
    code = forms.CharField(
        label=_("The code it shows"), max_length=40, widget=forms.TextInput(attrs={**CODE_ATTRS, "autofocus": True}),
        error_messages={"required": _("Type the six digits that the app shows.")},
    )  # fmt: skip


class AddPasskeyForm(forms.Form):
    """`credential` is filled in by the script, from what the browser made."""

    name = forms.CharField(
        label=_("Name"), max_length=60, help_text=_("For you, to tell it from others: “laptop”, “blue key”."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "autofocus": True}),
    )  # fmt: skip
    signs_in_alone = forms.BooleanField(
        label=_("Sign in with it alone, without the password"), required=False, initial=True,
        help_text=_("It then asks for its PIN or your finger each time. Untick for a plain security key."),
    )  # fmt: skip
    credential = forms.CharField(widget=forms.HiddenInput, required=False)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if not self.errors and not cleaned.get("credential"):
            raise ValidationError(_("The browser made no passkey. This page needs scripts to ask for one."))
        return cleaned


class ProofForm(forms.Form):
    """The password, a code, or a passkey's answer: one of them. What somebody cannot use is left out."""

    username = forms.CharField(widget=forms.HiddenInput(attrs={"autocomplete": "username"}), required=False)
    password = forms.CharField(
        label=_("Password"), strip=False, max_length=1000, required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password", "autofocus": True}),
    )  # fmt: skip
    code = forms.CharField(
        label=_("Code"), max_length=40, required=False, widget=forms.TextInput(attrs={**CODE_ATTRS, "autofocus": True}),
        help_text=_("From your authenticator app, or one of your recovery codes."),
    )  # fmt: skip
    credential = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, with_password: bool, with_code: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, is_usable in (("password", with_password), ("code", with_code)):
            if not is_usable:
                del self.fields[name]

    def prove(self, request: HttpRequest, user: "User", purpose: str) -> str:
        """What proved that it is `user`, as the log says it; "" with the reason beside its field.

        Guessing is slowed down here, for each of the ways.
        """
        given = {name: value for name, value in self.cleaned_data.items() if value}
        ways = {"credential": _by_passkey, "code": _by_code, "password": _by_password}
        field = next((name for name in ways if name in given), "")
        if not field:
            self.add_error(None, ValidationError(_("Nothing was given that proves who you are."), code="nothing"))
            return ""
        # Codes are counted apart from passwords: whoever guesses codes knows the password already.
        name = user.username if field == "password" else f"code {user.username}"
        address = str(request.META.get("REMOTE_ADDR", ""))
        try:
            throttle.check(name, address)
            way = ways[field](request, user, given[field], purpose)
        except ValidationError as error:
            if error.code != "throttled":
                throttle.failed(name, address)
            self.add_error(None if field == "credential" else field, error)
            return ""
        throttle.succeeded(name, address)
        return way

    def failure(self) -> str:
        """Why it was not proved, for the log."""
        return next((error.code or "" for errors in self.errors.as_data().values() for error in errors), "")


def _by_passkey(request: HttpRequest, user: "User", answer: str, purpose: str) -> str:
    try:
        passkeys.use(request, user, purpose, answer)
    except passkeys.PasskeyRefused as error:
        raise ValidationError(_("That passkey was not accepted. Try again."), code="wrong passkey") from error
    return "passkey"


def _by_code(_request: HttpRequest, user: "User", code: str, _purpose: str) -> str:
    try:
        kind = methods.check_code(user, code)
    except ValueError as error:
        words = _("Your second factor cannot be read: the key of this console has changed. Ask an administrator.")
        raise ValidationError(words, code="sealed with another key") from error
    if not kind:
        words = _("That code is wrong, or was used already. Codes change every 30 seconds: is the phone's clock right?")
        raise ValidationError(words, code="wrong code")
    return "authenticator app" if kind == methods.APP else "recovery code"


def _by_password(request: HttpRequest, user: "User", password: str, _purpose: str) -> str:
    # In a directory they may have another name.
    there = user.identities.filter(source__directory__isnull=False).values_list("name", flat=True)
    for name in dict.fromkeys([user.username, *there]):
        if (found := person_of(request, name, password)) == user:
            return way_of(found)
    raise ValidationError(_("That is not your password."), code="wrong")
