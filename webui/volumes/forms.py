"""The form that creates a volume."""

import re
from collections.abc import Collection
from typing import Any, Final

from django import forms
from django.utils.translation import gettext_lazy as _

NAME: Final = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]+")
LABEL: Final = re.compile(r"[^=\s][^=]*(?:=.*)?")
KINDS: Final = (
    ("local", _("On the host's disk")),
    ("tmpfs", _("In the host's memory (tmpfs)")),
    ("nfs", _("On an NFS server")),
)


class VolumeForm(forms.Form):
    """A local volume, one in memory, or one on an NFS server."""

    name = forms.CharField(
        label=_("Name"),
        max_length=255,
        required=False,
        help_text=_("Without a name the host makes one up."),
        widget=forms.TextInput(attrs={"autofocus": True, "autocomplete": "off", "spellcheck": "false"}),
    )
    kind = forms.ChoiceField(label=_("Kept"), choices=KINDS, required=False, initial="local")
    server = forms.CharField(
        label=_("NFS server"), max_length=255, required=False, help_text=_("Only for NFS: its address.")
    )
    export = forms.CharField(
        label=_("NFS path"),
        max_length=1024,
        required=False,
        help_text=_("Only for NFS: the exported path, such as /srv/data."),
    )
    labels = forms.CharField(
        label=_("Labels"),
        required=False,
        help_text=_("One name=value a line."),
        widget=forms.Textarea(attrs={"rows": 2, "class": "code", "spellcheck": "false"}),
    )

    def __init__(self, *args: Any, taken: Collection[str] = (), **kwargs: Any):
        super().__init__(*args, **kwargs)
        self._taken = taken

    def clean_name(self) -> str:
        name = str(self.cleaned_data["name"]).strip()
        if name and not NAME.fullmatch(name):
            if "/" in name:
                raise forms.ValidationError(
                    _("A name cannot hold a slash. To use a folder of the host, mount its path in the run form.")
                )
            raise forms.ValidationError(
                _("At least two letters, digits, “_”, “.” or “-”, the first a letter or digit.")
            )
        # Docker answers a second create with the first volume, as if it had made one.
        if name in self._taken:
            raise forms.ValidationError(_("This host has a volume of this name already."))
        return name

    def clean_labels(self) -> dict[str, str]:
        lines = [line.strip() for line in str(self.cleaned_data["labels"]).splitlines() if line.strip()]
        for line in lines:
            if not LABEL.fullmatch(line):
                raise forms.ValidationError(_("“%s” is not name=value.") % line)
        return {name.strip(): value for name, _equals, value in (line.partition("=") for line in lines)}

    def clean(self) -> dict[str, Any]:
        values = self.cleaned_data
        if values.get("kind") == "nfs":
            for field, words in (("server", _("Which server?")), ("export", _("Which path does it export?"))):
                if not values.get(field) and field not in self.errors:
                    self.add_error(field, words)
        return values

    def driver_options(self) -> dict[str, str]:
        """The local driver's options (docker volume create --opt), which are those of mount(8)."""
        values = self.cleaned_data
        match values["kind"]:
            case "tmpfs":
                return {"type": "tmpfs", "device": "tmpfs"}
            case "nfs":
                return {"type": "nfs", "o": f"addr={values['server']},rw", "device": f":{values['export']}"}
            case _:
                return {}
