"""What administrators say of a provider or a directory. Secrets are kept sealed and never shown: empty keeps them."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _

from webui.access.models import Team
from webui.accounts.models import PasswordRules, User
from webui.pem import authority
from webui.signin.ldap.connection import split_server
from webui.signin.models import Directory, Provider, Source, TeamRule
from webui.signin.oidc.errors import ProviderFailed
from webui.signin.oidc.transport import check_url

if TYPE_CHECKING:
    ModelForm = forms.ModelForm[Any]
else:
    ModelForm = forms.ModelForm

_PEM = {
    "rows": 3, "spellcheck": "false", "autocomplete": "off", "placeholder": "-----BEGIN CERTIFICATE-----",
    "data-code": True, "optional": True,
}  # fmt: skip
_SECRET = {"autocomplete": "new-password", "spellcheck": "false"}
_CODE = {"data-code": True, "spellcheck": "false", "autocomplete": "off", "autocapitalize": "none"}
_KEPT = _("Kept sealed; never shown again.")


class SourceForm(ModelForm):
    """What both have. `secrets` are fields that an empty answer leaves as they are."""

    secrets: tuple[str, ...] = ()
    team_rules = forms.CharField(
        label=_("Groups to teams"), required=False,
        widget=forms.Textarea(attrs={**_CODE, "rows": 3, "placeholder": "ops = Operations", "optional": True}),
        help_text=_("One a line: group = team. As of each sign-in; teams that are not named here stay as they are."),
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in self.secrets:
            if self.instance.pk and getattr(self.instance, name):
                self.fields[name].help_text = _("One is kept, sealed. Leave this empty to keep it.")
                self.initial[name] = ""
        if self.instance.pk:
            rules = self.instance.team_rules.select_related("team")
            self.initial["team_rules"] = "\n".join(f"{rule.value} = {rule.team.name}" for rule in rules)

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"].strip()
        if Source.objects.filter(name__iexact=name).exclude(pk=self.instance.pk).exists():
            raise ValidationError(_("There is one of this name already."))
        return name

    def clean_ca(self) -> str:
        return authority(self.cleaned_data["ca"])

    def clean_team_rules(self) -> list[tuple[str, Team]]:
        teams = {team.name.casefold(): team for team in Team.objects.all()}
        rules = []
        for line in filter(None, (one.strip() for one in self.cleaned_data["team_rules"].splitlines())):
            # A group's DN holds equals signs itself: the last one counts.
            value, _equals, name = line.rpartition("=")
            team = teams.get(name.strip().casefold())
            if not value.strip() or team is None:
                words = (
                    _("“%(line)s”: there is no team %(name)s.")
                    if value.strip()
                    else _("“%(line)s” is not group = team.")
                )
                raise ValidationError(words % {"line": line, "name": name.strip()})
            rules.append((value.strip()[:300], team))
        return rules

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        for name in self.secrets:
            if not cleaned.get(name) and self.instance.pk:
                cleaned[name] = getattr(type(self.instance).readable(pk=self.instance.pk), name)
        return cleaned

    def ask_for_secrets_again(self) -> None:
        """Of a form that is shown with errors: what was typed as a secret is not sent back to the page."""
        for name in self.secrets:
            if self.data.get(name):
                self.add_error(name, _("Type it once more: secrets are not sent back to the page."))

    def save(self, commit: bool = True) -> Any:
        if not self.instance.slug:
            self.instance.slug = _free_slug(self.cleaned_data["name"])
        with transaction.atomic():
            source = super().save(commit)
            source.team_rules.all().delete()
            TeamRule.objects.bulk_create(
                TeamRule(source=source, value=value, team=team) for value, team in self.cleaned_data["team_rules"]
            )
        return source


_MOST_MINUTES = 24 * 60


class ProviderForm(SourceForm):
    secrets = ("client_secret",)
    client_secret = forms.CharField(
        label=_("Client secret"), required=False, widget=forms.PasswordInput(attrs=_SECRET), help_text=_KEPT
    )

    class Meta:
        model = Provider
        fields = ["name", "issuer", "client_id", "client_secret", "scopes", "ca", "is_enabled", "creates_people",
                  "first_role", "asks_second_factor", "team_claim"]  # fmt: skip
        widgets = {
            "name": forms.TextInput(attrs={"autocomplete": "off", "placeholder": "Keycloak"}),
            "issuer": forms.TextInput(attrs={**_CODE, "placeholder": "https://id.example.com/realms/main"}),
            "client_id": forms.TextInput(attrs=_CODE),
            "scopes": forms.TextInput(attrs=_CODE),
            "team_claim": forms.TextInput(attrs={**_CODE, "optional": True}),
            "ca": forms.Textarea(attrs=_PEM),
        }
        help_texts = {
            "name": _("As the button on the sign-in page says it."),
            "issuer": _("Where /.well-known/openid-configuration is found below."),
            "team_claim": _("A claim that lists groups. May lie deeper: realm_access.roles."),
            "ca": _("Only for a provider whose certificate is of an authority of your own."),
        }

    def clean_issuer(self) -> str:
        issuer: str = self.cleaned_data["issuer"].strip()
        issuer = issuer.removesuffix("/.well-known/openid-configuration")
        try:
            check_url(issuer, str(_("The issuer")))
        except ProviderFailed as error:
            raise ValidationError(str(error)) from error
        return issuer


class DirectoryForm(SourceForm):
    secrets = ("bind_password",)
    bind_password = forms.CharField(
        label=_("Bind password"),
        required=False,
        strip=False,
        widget=forms.PasswordInput(attrs=_SECRET),
        help_text=_KEPT,
    )
    test_username = forms.CharField(
        label=_("User name to try"), required=False, widget=forms.TextInput(attrs={**_CODE, "optional": True})
    )
    test_password = forms.CharField(
        label=_("Their password"), required=False, strip=False, help_text=_("For the test only; kept nowhere."),
        widget=forms.PasswordInput(attrs={**_SECRET, "optional": True}),
    )  # fmt: skip

    class Meta:
        model = Directory
        fields = ["name", "server", "encryption", "ca", "bind_name", "bind_password", "own_name", "people_base",
                  "people_filter", "id_attribute", "groups_base", "groups_filter", "check_minutes", "is_enabled",
                  "creates_people", "first_role"]  # fmt: skip
        widgets = {
            "name": forms.TextInput(attrs={"autocomplete": "off", "placeholder": "Office directory"}),
            "server": forms.TextInput(attrs={**_CODE, "placeholder": "ldap.example.com"}),
            "ca": forms.Textarea(attrs=_PEM),
            "bind_name": forms.TextInput(
                attrs={**_CODE, "optional": True, "placeholder": "cn=quayside,dc=example,dc=com"}
            ),
            "own_name": forms.TextInput(attrs={**_CODE, "optional": True, "placeholder": "{user}@example.com"}),
            "people_base": forms.TextInput(attrs={**_CODE, "placeholder": "ou=people,dc=example,dc=com"}),
            "people_filter": forms.TextInput(attrs=_CODE),
            "id_attribute": forms.TextInput(attrs=_CODE),
            "groups_base": forms.TextInput(
                attrs={**_CODE, "optional": True, "placeholder": "ou=groups,dc=example,dc=com"}
            ),
            "groups_filter": forms.TextInput(attrs={**_CODE, "optional": True}),
        }
        help_texts = {
            "server": _("Name, and a port where it is not the usual one. The certificate must be of this name."),
            "ca": _("Only for a certificate of an authority of your own."),
            "bind_name": _("What Quayside searches as. Empty: as nobody, where the directory allows it."),
            "own_name": _(
                "In place of the bind name: people bind by their own, made from what they type. {user} is that."
            ),
            "people_filter": _("{user} is what somebody types, escaped. Active Directory: (sAMAccountName={user})"),
            "id_attribute": _(
                "entryUUID; objectGUID in Active Directory. People are known again by it, not by their name."
            ),
            "groups_base": _("Empty: only the attribute memberOf counts."),
            "groups_filter": _("{dn} is their entry, {user} what they type."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        minutes: Any = self.fields["check_minutes"]
        minutes.required, minutes.max_value = False, _MOST_MINUTES
        minutes.widget.attrs["max"] = _MOST_MINUTES

    def clean_check_minutes(self) -> int:
        minutes: int | None = self.cleaned_data["check_minutes"]
        if minutes is None:
            return int(self.instance.check_minutes)
        return min(minutes, _MOST_MINUTES)

    def clean_server(self) -> str:
        server: str = self.cleaned_data["server"].strip()
        server = server.removeprefix("ldap://").removeprefix("ldaps://").rstrip("/")
        host, port = split_server(server)
        if not host or port > 65535 or any(char.isspace() or char in "/@" for char in host):
            raise ValidationError(_("Give a name or an address, and a port where it is not the usual one."))
        return server

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if cleaned.get("bind_name") and not cleaned.get("bind_password"):
            self.add_error("bind_password", _("A bind name without a password would be an anonymous bind."))
        if "{user}" not in cleaned.get("people_filter", "{user}"):
            self.add_error("people_filter", _("It must say {user} somewhere."))
        if cleaned.get("own_name") and "{user}" not in cleaned["own_name"]:
            self.add_error("own_name", _("It must say {user} somewhere."))
        return cleaned


class PasswordRulesForm(ModelForm):
    class Meta:
        model = PasswordRules
        fields = ["min_length", "refuses_common", "refuses_similar", "refuses_numeric"]
        widgets = {"min_length": forms.NumberInput(attrs={"min": 8, "max": 128})}


class ConnectForm(forms.Form):
    """Somebody's name and password in a directory, to connect it with their account here."""

    username = forms.CharField(label=_("User name there"), max_length=150, widget=forms.TextInput(attrs=_CODE))
    password = forms.CharField(
        label=_("Password there"), strip=False, max_length=1000,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
    )  # fmt: skip

    def __init__(self, *args: Any, user: User | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if user is not None:
            self.initial["username"] = user.username


def _free_slug(name: str) -> str:
    base = slugify(name)[:50] or "source"
    slug, number = base, 2
    while Source.objects.filter(slug=slug).exists():
        slug, number = f"{base}-{number}", number + 1
    return slug
