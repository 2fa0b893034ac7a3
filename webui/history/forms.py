"""How much of a host's logs is kept."""

from typing import TYPE_CHECKING

from django import forms
from django.utils.translation import gettext_lazy as _

from webui.history.models import Keeping

if TYPE_CHECKING:
    KeepingFormBase = forms.ModelForm[Keeping]
else:
    KeepingFormBase = forms.ModelForm


class KeepingForm(KeepingFormBase):
    class Meta:
        model = Keeping
        fields = ["keeps_logs", "megabytes", "days"]
        help_texts = {
            "keeps_logs": _("Lines are copied as they are written, and stay when their container is removed."),
            "megabytes": _("On Quayside's own disk, compressed. The oldest lines make room for new ones."),
            "days": _("What is older goes, whatever room there is."),
        }
