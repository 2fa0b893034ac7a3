"""What can change about a container while it runs: its limits and its restart policy (docker update)."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from webui.containers.dialects import DialectError
from webui.containers.dialects.values import write_bytes, write_cpus
from webui.containers.forms import RESTARTS
from webui.containers.run_fields import read_memory

# Linux has no more pids on 64 bits (PID_MAX_LIMIT); engines hold the tries in 32 bits.
_MOST_PIDS: Final = 1 << 22
_MOST_TRIES: Final = (1 << 31) - 1
_ONLY_ANEW: Final = gettext_lazy(
    "A limit can be moved while it runs, not taken away. Choose Edit to make the container without it."
)


def _free(placeholder: Any) -> forms.TextInput:
    return forms.TextInput(attrs={"placeholder": placeholder, "autocomplete": "off", "spellcheck": "false"})


class LimitsForm(forms.Form):
    """Empty is "no limit"; what stays empty is not touched."""

    memory = forms.CharField(
        max_length=32, required=False, label=gettext_lazy("Memory"), widget=_free(gettext_lazy("no limit, e.g. 512m"))
    )
    cpus = forms.DecimalField(
        required=False, min_value=Decimal("0.01"), max_digits=8, decimal_places=3, label=gettext_lazy("CPUs"),
        widget=_free(gettext_lazy("no limit, e.g. 1.5")),
        error_messages={"invalid": gettext_lazy("A number of CPUs, such as 0.5 or 2.")},
    )  # fmt: skip
    pids = forms.IntegerField(
        required=False,
        min_value=1,
        max_value=_MOST_PIDS,
        label=gettext_lazy("Processes"),
        widget=_free(gettext_lazy("no limit")),
    )
    restart = forms.ChoiceField(choices=RESTARTS, required=False, label=gettext_lazy("Restart"))
    tries = forms.IntegerField(
        required=False, min_value=0, max_value=_MOST_TRIES, label=gettext_lazy("Tries"),
        help_text=gettext_lazy("How often it is tried again after a failure; 0 is without end."),
    )  # fmt: skip

    def __init__(self, data: Any = None, *, host_config: Mapping[str, Any]) -> None:
        super().__init__(data, initial=_initial(host_config))
        self._host = host_config

    def clean_memory(self) -> int:
        text = str(self.cleaned_data["memory"]).strip()
        try:
            size_bytes = read_memory(text) if text else 0
        except DialectError as error:
            raise forms.ValidationError(str(error)) from error
        if not size_bytes and self._host.get("Memory"):
            raise forms.ValidationError(str(_ONLY_ANEW))
        return size_bytes

    def clean_cpus(self) -> Decimal:
        cpus = self.cleaned_data["cpus"] or Decimal(0)
        if not cpus and self._host.get("NanoCpus"):
            raise forms.ValidationError(str(_ONLY_ANEW))
        return Decimal(cpus)

    def clean(self) -> dict[str, Any]:
        if self.cleaned_data.get("tries") and self.cleaned_data.get("restart") != "on-failure":
            self.add_error("tries", _("Tries are counted only where it restarts when it fails."))
        if self._host.get("AutoRemove") and self.cleaned_data.get("restart") not in {"no", ""}:
            self.add_error("restart", _("It was run with --rm, so it is removed when it ends and cannot restart."))
        return self.cleaned_data

    def body(self) -> dict[str, Any]:
        """The body of `POST /containers/{id}/update`: only what is changed, zero means "as it is" there."""
        values = self.cleaned_data
        body: dict[str, Any] = {}
        if values["memory"] != int(self._host.get("Memory") or 0):
            swap = int(self._host.get("MemorySwap") or 0)
            # Docker's own default is as much swap again; with unlimited swap it stays so.
            body |= {"Memory": values["memory"], "MemorySwap": -1 if swap == -1 else values["memory"] * 2}
        if (cpus := int(values["cpus"] * 1_000_000_000)) != int(self._host.get("NanoCpus") or 0):
            body["NanoCpus"] = cpus
        pids, had = values["pids"] or -1, int(self._host.get("PidsLimit") or 0)
        if pids != (had if had > 0 else -1):
            body["PidsLimit"] = pids
        policy = {"Name": values["restart"] or "no", "MaximumRetryCount": values["tries"] or 0}
        if policy != _policy(self._host):
            body["RestartPolicy"] = policy
        return body


def _policy(host: Mapping[str, Any]) -> dict[str, Any]:
    held = host.get("RestartPolicy") or {}
    return {"Name": held.get("Name") or "no", "MaximumRetryCount": int(held.get("MaximumRetryCount") or 0)}


def _initial(host: Mapping[str, Any]) -> dict[str, Any]:
    cpus, pids, policy = int(host.get("NanoCpus") or 0), int(host.get("PidsLimit") or 0), _policy(host)
    return {
        "memory": write_bytes(int(host["Memory"])) if host.get("Memory") else "",
        "cpus": write_cpus(cpus) if cpus else "",
        "pids": pids if pids > 0 else "",
        "restart": policy["Name"],
        "tries": policy["MaximumRetryCount"] or "",
    }
