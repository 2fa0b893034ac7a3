"""A registry as a form. The password is kept sealed and never shown: empty keeps it, for as long as it goes to where it
was given for.
"""

from typing import TYPE_CHECKING, Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from webui.access import Role
from webui.ownership.made_for import ME, made_for
from webui.pem import authority
from webui.registries.models import UNSAFE, Encryption, Registry
from webui.registries.names import address_of, namespace_of

if TYPE_CHECKING:
    from webui.gate import Actor

    RegistryFormBase = forms.ModelForm[Registry]
else:
    RegistryFormBase = forms.ModelForm

_CODE: Final = {"data-code": True, "spellcheck": "false", "autocomplete": "off", "autocapitalize": "none"}
_PEM: Final = {"rows": 3, "spellcheck": "false", "autocomplete": "off", "placeholder": "-----BEGIN CERTIFICATE-----",
               "data-code": True, "optional": True}  # fmt: skip
# What decides where a password is sent, and who could read it on the way.
_WHERE_TO: Final = frozenset({"address", "encryption", "ca"})


class RegistryForm(RegistryFormBase):
    """Whoever has it filled in is `actor`. A new one also asks for whom it is."""

    password = forms.CharField(
        label=_("Password or token"), required=False, strip=False, max_length=8192,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password", "spellcheck": "false", "optional": True}),
        help_text=_("Kept sealed; never shown again. A token that may only read is best."),
    )  # fmt: skip
    made_for = forms.ChoiceField(
        label=_("Who may use it"), required=False,
        help_text=_("People and teams can be added, and taken away, on its page."),
    )  # fmt: skip

    class Meta:
        model = Registry
        fields = ["name", "address", "namespace", "username", "encryption", "ca", "note"]
        widgets = {
            "name": forms.TextInput(attrs={"autocomplete": "off", "placeholder": "Shop images"}),
            "address": forms.TextInput(attrs={**_CODE, "placeholder": "ghcr.io"}),
            "namespace": forms.TextInput(attrs={**_CODE, "placeholder": "shop", "optional": True}),
            "username": forms.TextInput(attrs={**_CODE, "optional": True}),
            "ca": forms.Textarea(attrs=_PEM),
            "note": forms.TextInput(attrs={"autocomplete": "off", "optional": True}),
        }
        help_texts = {
            "address": _("As in the names of its images: ghcr.io, registry.example.com:5000. Docker Hub is docker.io."),
            "namespace": _("Only for images below it, such as shop for ghcr.io/shop/web. Empty: for all of them."),
            "username": _("Empty: it is asked as nobody, for its tags only."),
            "encryption": _("How Quayside itself asks it, for tags. Engines go by settings of their own."),
            "ca": _("In PEM form, only for an authority of your own."),
        }

    def __init__(self, *args: Any, actor: "Actor", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._actor = actor
        self.is_administrator = actor.role == Role.ADMINISTRATOR
        # Everybody's would sign in everybody's pulls: not for one person to decide about the others.
        self.choice = made_for(actor, rules=self.is_administrator, may_be_public=self.is_administrator,
                               team_may_write=False)  # fmt: skip
        fields: Any = self.fields
        if self.instance.pk:
            del fields["made_for"]
        else:
            fields["made_for"].choices = self.choice.choices
        if self.instance.sealed_password:
            fields["password"].help_text = _("One is kept, sealed. Leave this empty to keep it.")
        if not self.is_administrator:
            kept = {self.instance.encryption}
            fields["encryption"].choices = [
                (one.value, one.label) for one in Encryption if one not in UNSAFE or one in kept
            ]

    def clean_address(self) -> str:
        try:
            return address_of(self.cleaned_data["address"])
        except ValueError as error:
            raise ValidationError(str(error)) from error

    def clean_namespace(self) -> str:
        try:
            return namespace_of(self.cleaned_data["namespace"])
        except ValueError as error:
            raise ValidationError(str(error)) from error

    def clean_ca(self) -> str:
        return authority(self.cleaned_data["ca"])

    def clean_made_for(self) -> str:
        return self.cleaned_data["made_for"] or ME

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if cleaned.get("encryption") == Encryption.OWN and not cleaned.get("ca") and "ca" not in self.errors:
            self.add_error("ca", _("Give the certificate of that authority."))
        if cleaned.get("password") and not cleaned.get("username"):
            self.add_error("username", _("A password belongs to a user name. Tokens often take any."))
        if self._moves and not self.is_administrator and cleaned.get("encryption") in UNSAFE:
            self.add_error("encryption", _("Only administrators may send it to somewhere else like this."))
        is_kept = self.instance.sealed_password and cleaned.get("username") and not cleaned.get("password")
        if self._moves and is_kept:
            words = _("Give it again: the one that is kept is only sent to where it was given for.")
            self.add_error("password", words)
        return cleaned

    @property
    def _moves(self) -> bool:
        """Whether a password would go somewhere else, or be seen by others on the way."""
        before = self.initial
        return any(self.cleaned_data.get(name) != before.get(name, "") for name in _WHERE_TO & self.cleaned_data.keys())

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]
        if self.errors:
            return
        registry, password = self.instance, self.cleaned_data.get("password")
        if password:
            registry.set_password(password)
        if not registry.username:
            registry.set_password("")
        if self._moves or not registry.pk:
            registry.is_vouched = self.is_administrator

    def save(self, commit: bool = True) -> Registry:
        self.instance.changed_at = timezone.now()
        registry: Registry = super().save(commit)
        return registry
