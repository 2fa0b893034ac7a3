"""The form that creates a network."""

import ipaddress
import re
from collections.abc import Collection, Mapping
from typing import Any, Final

from django import forms
from django.utils.translation import gettext_lazy as _

NAME: Final = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]*")


class NetworkForm(forms.Form):
    """A bridge network of the host, with a subnet of its own choice or of the person's."""

    name = forms.CharField(
        label=_("Name"),
        max_length=255,
        error_messages={"required": _("What is it called?")},
        widget=forms.TextInput(attrs={"autofocus": True, "autocomplete": "off", "spellcheck": "false"}),
    )
    subnet = forms.CharField(
        label=_("Subnet"),
        max_length=64,
        required=False,
        help_text=_("Such as 10.20.0.0/24. Left empty, the host takes a free one."),
        widget=forms.TextInput(attrs={"class": "code"}),
    )
    gateway = forms.CharField(
        label=_("Gateway"),
        max_length=64,
        required=False,
        help_text=_("The host's own address in it; left empty, the first one."),
        widget=forms.TextInput(attrs={"class": "code"}),
    )
    is_internal = forms.BooleanField(label=_("Internal: no way out to other networks"), required=False)

    def __init__(
        self, *args: Any, taken: Collection[str] = (), subnets: Mapping[str, str] | None = None, **kwargs: Any
    ):
        super().__init__(*args, **kwargs)
        self._taken = taken
        self._subnets = subnets or {}

    def clean_name(self) -> str:
        name = str(self.cleaned_data["name"]).strip()
        if not NAME.fullmatch(name):
            raise forms.ValidationError(
                _("A name is made of letters, digits, “_”, “.” and “-”, and begins with a letter or digit.")
            )
        if name in self._taken:
            raise forms.ValidationError(_("This host has a network of this name already."))
        return name

    def clean_subnet(self) -> str:
        text = str(self.cleaned_data["subnet"]).strip()
        if not text:
            return ""
        try:
            subnet = ipaddress.ip_network(text)
        except ValueError:
            raise forms.ValidationError(_subnet_words(text)) from None
        for other, name in self._subnets.items():
            held = ipaddress.ip_network(other, strict=False)
            if held.version == subnet.version and held.overlaps(subnet):
                raise forms.ValidationError(
                    _("It overlaps with %(other)s of the network %(name)s.") % {"other": other, "name": name}
                )
        return str(subnet)

    def clean(self) -> dict[str, Any]:
        values = self.cleaned_data
        gateway, subnet = str(values.get("gateway") or "").strip(), values.get("subnet")
        if gateway and not subnet and "subnet" not in self.errors:
            self.add_error("gateway", _("A gateway needs its subnet beside it."))
        elif gateway and subnet:
            self._check_gateway(gateway, subnet)
        return values

    def _check_gateway(self, gateway: str, subnet: str) -> None:
        try:
            is_inside = ipaddress.ip_address(gateway) in ipaddress.ip_network(subnet)
        except ValueError:
            self.add_error("gateway", _("%s is not an IP address.") % gateway)
            return
        if not is_inside:
            self.add_error("gateway", _("%(gateway)s is not in %(subnet)s.") % {"gateway": gateway, "subnet": subnet})


def _subnet_words(text: str) -> str:
    try:
        meant = ipaddress.ip_network(text, strict=False)
    except ValueError:
        return _("%s is not a subnet, such as 10.20.0.0/24.") % text
    return _("%(text)s is an address inside a subnet. Do you mean %(meant)s?") % {"text": text, "meant": meant}
