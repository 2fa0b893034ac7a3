"""Connecting a host: checked by speaking with it before it is kept."""

import ssl
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from webui.gate import Actor, HostUnreachable
from webui.hosts.finding import free_slug
from webui.hosts.greeting import Greeting, greet
from webui.hosts.models import Host

if TYPE_CHECKING:
    HostFormBase = forms.ModelForm[Host]
else:
    HostFormBase = forms.ModelForm

_PEM = {"rows": 3, "spellcheck": "false", "autocomplete": "off", "placeholder": "-----BEGIN CERTIFICATE-----"}
_KEY_PEM = {**_PEM, "placeholder": "-----BEGIN PRIVATE KEY-----"}


class HostForm(HostFormBase):
    """`greeting` is what the host said of itself, once the form is valid."""

    tls_ca = forms.CharField(
        label=_("CA certificate"), required=False, widget=forms.Textarea(attrs=_PEM),
        help_text=_("For tcp:// with TLS: the CA that signed the host's certificate."),
    )  # fmt: skip
    tls_certificate = forms.CharField(
        label=_("Client certificate"), required=False, widget=forms.Textarea(attrs=_PEM),
        help_text=_("What the host knows Quayside by."),
    )  # fmt: skip
    tls_key = forms.CharField(
        label=_("Client key"), required=False, widget=forms.Textarea(attrs=_KEY_PEM),
        help_text=_("Kept sealed; never shown again."),
    )  # fmt: skip

    class Meta:
        model = Host
        fields = ["name", "url", "tls_ca", "tls_certificate", "tls_key"]
        widgets = {
            "url": forms.TextInput(attrs={"placeholder": "unix:///var/run/docker.sock", "autocapitalize": "none"})
        }
        help_texts = {"url": _("unix:///path/to/docker.sock, or tcp://host:port (2376 with TLS, 2375 without).")}

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._actor = actor
        self.greeting: Greeting | None = None

    def clean_url(self) -> str:
        url: str = self.cleaned_data["url"].strip()
        other = Host.objects.filter(url=url).exclude(pk=self.instance.pk).first()
        if other is not None:
            raise ValidationError(_("This address is already here, as %s.") % other.name)
        return url

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if bool(cleaned.get("tls_certificate")) != bool(cleaned.get("tls_key")):
            self.add_error("tls_key", _("A certificate and its key belong together: give both."))
        if not self.errors:
            self._greet(cleaned)
        return cleaned

    def _greet(self, cleaned: dict[str, Any]) -> None:
        host = Host(slug="new", **{name: cleaned[name] for name in self.Meta.fields})
        try:
            self.greeting = greet(self._actor, host)
        except HostUnreachable as error:
            self.add_error("url", str(error))
        except ssl.SSLError as error:
            self.add_error("tls_key", _("These certificates cannot be used: %s") % (error.reason or error))

    def save(self, commit: bool = True) -> Host:
        if not self.instance.slug:
            self.instance.slug = free_slug(self.cleaned_data["name"])
        host: Host = super().save(commit)
        return host
