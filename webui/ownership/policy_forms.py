"""The rules of a host as a form: a line for each thing that may be."""

from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from webui.ownership.rules import NAMESPACES, Rules, wrong_in


class Lines(forms.CharField):
    """One value a line; blanks around it and empty lines mean nothing. `rule` is its name in Rules."""

    def __init__(self, *, rule: str, placeholder: str, **kwargs: Any) -> None:
        attrs = {"rows": 2, "spellcheck": "false", "autocomplete": "off", "autocapitalize": "none",
                 "placeholder": placeholder, "class": "code"}  # fmt: skip
        super().__init__(required=False, widget=forms.Textarea(attrs=attrs), **kwargs)
        self._rule = rule

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, tuple) else value

    def clean(self, value: Any) -> Any:
        lines = dict.fromkeys(line.strip() for line in str(super().clean(value)).splitlines())
        values = tuple(line for line in lines if line)
        if self._rule == "capabilities":
            values = tuple(one.upper().removeprefix("CAP_") for one in values)
        if wrong := wrong_in(self._rule, values):
            raise ValidationError(wrong)
        return values


class PolicyForm(forms.Form):
    """`initial` is what Rules holds, with `is_unowned_public`."""

    is_unowned_public = forms.BooleanField(
        label=_("Everybody sees what was made outside Quayside"), required=False,
        help_text=_("Otherwise only those whose role sees everything do. Changing it stays with them."),
    )  # fmt: skip
    made_for = forms.ChoiceField(
        label=_("New containers are"), required=False,
        choices=[("me", _("private")), ("team", _("for a team of theirs")), ("public", _("for everybody to see"))],
        help_text=_("What the run form begins with; whoever makes one may choose otherwise."),
    )  # fmt: skip
    bind_roots = Lines(
        label=_("Folders to mount"), rule="bind_roots", placeholder="/srv/shop",
        help_text=_("With all that is below. Links are followed on this machine; of other hosts only these very ones."),
    )  # fmt: skip
    images = Lines(
        label=_("Images"), rule="images", placeholder="nginx\nghcr.io/shop/*",
        help_text=_("Names or patterns, without tags. None: any image. With some, nobody restricted builds."),
    )  # fmt: skip
    is_privileged_allowed = forms.BooleanField(
        label=_("Privileged containers"), required=False, help_text=_("Whoever has one rules the host.")
    )  # fmt: skip
    capabilities = Lines(label=_("Capabilities to add"), rule="capabilities", placeholder="NET_ADMIN")
    devices = Lines(label=_("Devices"), rule="devices", placeholder="/dev/fuse")
    host_namespaces = forms.MultipleChoiceField(
        label=_("Host namespaces"), required=False, choices=[(one, one) for one in NAMESPACES],
        widget=forms.CheckboxSelectMultiple(attrs={"class": "form-check-input"}),
    )  # fmt: skip
    joins_containers = forms.BooleanField(
        label=_("Join other containers"), required=False,
        help_text=_("Network, processes, IPC and volumes of containers that they may change."),
    )  # fmt: skip
    security_options = Lines(
        label=_("Security options"), rule="security_options", placeholder="apparmor=shop-profile",
        help_text=_("Beside no-new-privileges, which always is."),
    )  # fmt: skip
    sysctls = Lines(label=_("Kernel parameters"), rule="sysctls", placeholder="net.ipv4.*")
    runtimes = Lines(label=_("Runtimes"), rule="runtimes", placeholder="runsc")
    cgroup_parents = Lines(label=_("Parent control groups"), rule="cgroup_parents", placeholder="/shop")

    def clean_made_for(self) -> str:
        return self.cleaned_data["made_for"] or "me"

    def clean_host_namespaces(self) -> tuple[str, ...]:
        return tuple(self.cleaned_data["host_namespaces"])

    @property
    def rules(self) -> Rules:
        values = {name: value for name, value in self.cleaned_data.items() if name != "is_unowned_public"}
        return Rules(**values)


GROUPS: Final = (
    (_("What it may start from and reach"), ("images", "bind_roots", "devices")),
    (_("What it may be"), ("is_privileged_allowed", "capabilities", "host_namespaces", "joins_containers",
                           "security_options", "sysctls", "runtimes", "cgroup_parents")),
    (_("Whose things are"), ("made_for", "is_unowned_public")),
)  # fmt: skip
