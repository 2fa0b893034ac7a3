"""The pull form: one reference, checked before a job is started for it."""

from typing import Any

from django import forms
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from webui.images.reference import is_reference


class PullForm(forms.Form):
    reference = forms.CharField(
        label=_("Image"),
        max_length=512,
        help_text=_(
            "As in docker pull: nginx:1.27, ghcr.io/owner/name:tag, localhost:5000/app. Without a tag it is latest."
        ),
        error_messages={"required": _("Which image should be pulled?")},
        widget=forms.TextInput(
            attrs={
                "class": "code",
                "placeholder": "nginx:1.27",
                "autofocus": True,
                "autocomplete": "off",
                "spellcheck": "false",
                "list": "images",
            }
        ),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Where what may be offered is asked for while a name is typed.
        self.fields["reference"].widget.attrs["data-image-names"] = reverse("registries:names")

    def clean_reference(self) -> str:
        reference = str(self.cleaned_data["reference"]).strip()
        # What people copy from pages and shells.
        for prefix in ("docker pull ", "docker://", "https://", "http://"):
            reference = reference.removeprefix(prefix).strip()
        if not is_reference(reference):
            hint = _(" Try %s.") % reference.lower() if is_reference(reference.lower()) else ""
            raise forms.ValidationError(
                _("“%(name)s” is not the name of an image.%(hint)s"), params={"name": reference, "hint": hint}
            )
        return reference

    def params(self) -> dict[str, Any]:
        """What the pull job is told."""
        return {"reference": self.cleaned_data["reference"]}


class PushForm(PullForm):
    """Under which name an image goes to which registry."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["reference"]
        field.label = _("As")
        field.help_text = _("The registry stands before the first slash: ghcr.io/owner/name:tag. Without: Docker Hub.")
        field.error_messages["required"] = _("Under which name?")

    def clean_reference(self) -> str:
        reference = super().clean_reference()
        if "@" in reference:
            raise forms.ValidationError(_("A digest is what a registry makes: give a tag."))
        return reference
