"""A role of one's own, and a group of hosts, as forms."""

from itertools import groupby
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from webui.access import Operation, Role
from webui.access.models import CustomRole, HostGroup
from webui.hosts.models import Host

if TYPE_CHECKING:
    RoleFormBase = forms.ModelForm[CustomRole]
    GroupFormBase = forms.ModelForm[HostGroup]
else:
    RoleFormBase = GroupFormBase = forms.ModelForm


class CustomRoleForm(RoleFormBase):
    """`operations` are all that there are, in alphabetical order."""

    operations = forms.MultipleChoiceField(
        label=_("May"), choices=[(one.value, one.value) for one in Operation],
        error_messages={"required": _("Choose at least one: a role that may do nothing is “No access”.")},
    )  # fmt: skip

    class Meta:
        model = CustomRole
        fields = ["name", "about", "is_restricted", "operations"]
        widgets = {
            "name": forms.TextInput(attrs={"autocomplete": "off"}),
            "about": forms.TextInput(attrs={"autocomplete": "off", "optional": True}),
        }
        help_texts = {
            "is_restricted": _(
                "Only what is theirs, shared or public, within the rules of each host. Without it they do this to "
                "everything, and a container that they create may rule the host."
            )
        }

    @property
    def groups(self) -> list[tuple[str, list[tuple[str, bool]]]]:
        """(resource, [(operation, is chosen)]): what the template lists."""
        chosen = set(self["operations"].value() or [])
        return [
            (name, [(one.value, one.value in chosen) for one in group])
            for name, group in groupby(Operation, key=lambda one: one.partition(".")[0])
        ]

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"].strip()
        built_in = {str(text).casefold() for role in Role for text in (role.value, role.label)}
        if name.casefold() in built_in:
            raise ValidationError(_("This is the name of a built-in role."))
        if CustomRole.objects.filter(name__iexact=name).exclude(pk=self.instance.pk).exists():
            raise ValidationError(_("There is a role of this name already."))
        return name


class HostGroupForm(GroupFormBase):
    class Meta:
        model = HostGroup
        fields = ["name", "hosts"]
        widgets = {
            "name": forms.TextInput(attrs={"autocomplete": "off"}),
            "hosts": forms.CheckboxSelectMultiple(attrs={"class": "form-check-input"}),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["hosts"].queryset = Host.objects.order_by("name")  # type: ignore[attr-defined]

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"].strip()
        if HostGroup.objects.filter(name__iexact=name).exclude(pk=self.instance.pk).exists():
            raise ValidationError(_("There is a group of this name already."))
        return name
