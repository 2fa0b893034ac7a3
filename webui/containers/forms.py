"""The form that runs a container: what was typed, what is wrong with it, and the recipe that it means.

It begins with a recipe (of a container that is edited or duplicated, of a line that was pasted, or with nothing), and
only what is changed in the form is changed in it: a field whose text is as it was leaves its value as it was. It is
checked against the host's live picture first, so that most mistakes cost no round trip; what only the engine can know
comes back through `blame`.
"""

import copy
import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Final

from django import forms
from django.http import QueryDict

from webui.containers import run_lines
from webui.containers.dialects import DialectError, Raw
from webui.containers.dialects.meaning import PATHS, lean
from webui.containers.recreation import Recipe
from webui.containers.run_blame import blamed_field, stands_in
from webui.containers.run_facts import NAME, HostFacts, name_error, taken_words
from webui.containers.run_fields import RunField, found_at, put_at
from webui.containers.run_lines import MountLine, NetworkLine, PortLine, VariableLine
from webui.containers.run_places import Places
from webui.containers.run_table import BY_NAME, FIELDS
from webui.images.reference import is_id, is_reference, listed_name

RESTARTS: Final = (
    ("no", "Never: it stays ended"),
    ("on-failure", "When it fails"),
    ("unless-stopped", "Always, unless somebody stopped it"),
    ("always", "Always"),
)
_LONGEST: Final = 65536


class BodyField(forms.CharField):
    """A field of the create body: cleaned, it is the value that its text means."""

    def __init__(self, run_field: RunField, *, before: Any, was: str, **kwargs: Any) -> None:
        super().__init__(required=False, max_length=_LONGEST, **kwargs)
        self._run_field, self._before, self._was = run_field, before, was

    def clean(self, value: Any) -> Any:
        text = run_lines.plain(str(super().clean(value)))
        if text == run_lines.plain(self._was).strip():
            return self._before
        try:
            return self._run_field.value_of(text, self._before)
        except DialectError as error:
            raise forms.ValidationError(str(error)) from error


class RunForm(forms.Form):
    """Everything of `docker run`; what repeats is in `ports`, `variables`, `mounts` and `networks`."""

    image = forms.CharField(max_length=512, label="Image", error_messages={"required": "Which image should it run?"})
    name = forms.CharField(max_length=255, required=False, label="Name")
    platform = forms.CharField(max_length=64, required=False, label="Platform")
    made_for = forms.ChoiceField(
        required=False, label="Whose it is",
        help_text="Named volumes that come to be for it are theirs as well. It can be changed on its page.",
    )  # fmt: skip
    restart = forms.ChoiceField(choices=RESTARTS, required=False, initial="no", label="Restart")
    tries = forms.IntegerField(required=False, min_value=0, label="Tries")
    exposed = forms.CharField(
        required=False, max_length=_LONGEST, label="Exposed only",
        widget=forms.Textarea(attrs={"class": "code short-text", "rows": 1, "placeholder": "9187 or 7000-7010/udp"}),
    )  # fmt: skip

    def __init__(
        self,
        data: QueryDict | None = None,
        *,
        facts: HostFacts,
        initial: dict[str, Any] | None = None,
        recipe: Recipe | None = None,
        owners: Sequence[tuple[str, str]] = (),
    ):
        """`recipe` is what the form begins with: what it does not show of it is kept. `owners` are between whom whose
        it becomes may be chosen; with none nothing is asked."""
        self.base = recipe or Recipe({"HostConfig": {}})
        self.facts = facts
        self._places = Places(self.base)
        super().__init__(data, initial={**self._shown(), **(initial or {})})
        chosen: Any = self.fields["made_for"]
        chosen.choices = owners
        if len(owners) < 2:
            del self.fields["made_for"]
        for run_field in FIELDS:
            self.fields[run_field.name] = self._made(run_field)
        self.ports: list[PortLine] = self._lines("port_inside", run_lines.port_lines, self._places.ports)
        self.variables: list[VariableLine] = self._variables()
        self.mounts: list[MountLine] = self._lines("mount_target", run_lines.mount_lines, self._places.mounts)
        self.networks: list[NetworkLine] = self._lines("network_name", run_lines.network_lines, self._places.networks)

    def _shown(self) -> dict[str, Any]:
        body = self.base.body
        shown = {one.name: one.shown(self._places.seen_by(one)) for one in FIELDS}
        policy = found_at(body, ("HostConfig", "RestartPolicy")) or {}
        return {
            **shown, "image": str(body.get("Image") or ""), "restart": str(policy.get("Name") or "no"),
            "tries": policy.get("MaximumRetryCount") or "", "platform": self.base.platform,
            "exposed": "\n".join(self._places.exposed), "open_paths": self._places.has_open_paths,
        }  # fmt: skip

    def _made(self, one: RunField) -> forms.Field:
        if one.kind == "switch":
            return forms.BooleanField(required=False, label=one.label, help_text=one.hint)
        attrs = {"placeholder": one.placeholder, "autocomplete": "off", "spellcheck": "false"}
        widget: forms.Widget = forms.TextInput(attrs={**attrs, **({"class": "code"} if one.kind == "code" else {})})
        # A script in a command has lines too; in a field of one line a browser would join them.
        if one.kind in {"lines", "map"} or "\n" in str(self.initial.get(one.name) or ""):
            lines = str(self.initial.get(one.name) or "").count("\n") + 1
            widget = forms.Textarea(attrs={**attrs, "class": "code short-text", "rows": min(lines, 8)})
        if one.kind == "choice":
            widget = forms.Select(choices=one.choices)
        before = found_at(self._places.seen_by(one), one.path)
        return BodyField(one, before=before, was=str(self.initial.get(one.name) or ""), label=one.label,
                         help_text=one.hint, widget=widget)  # fmt: skip

    def _lines(self, key: str, read: Callable[[Any], list[Any]], before: Sequence[Any]) -> list[Any]:
        """The lines as they were sent; what was not sent at all stays as it was."""
        return read(self.data) if self.is_bound and key in self.data else list(before)

    def _variables(self) -> list[VariableLine]:
        lines = self._lines("variable_name", run_lines.variable_lines, self._places.variables)
        added = run_lines.variables_of(str(self.data.get("variables_text") or "")) if self.is_bound else []
        again = {line.name for line in added}
        # What is pasted stands in for what was there under the same name.
        return [*(line for line in lines if line.name not in again), *added]

    @property
    def image_is_missing(self) -> bool:
        """Whether all that is wrong with the image is that this host does not have it yet."""
        return self.has_error("image", code="missing")

    def clean_image(self) -> str:
        image = str(self.cleaned_data["image"]).strip()
        if not is_reference(image) and not is_id(image):
            hint = f" Try {image.lower()}." if is_reference(image.lower()) else ""
            raise forms.ValidationError(f"“{image}” is not the name of an image, such as nginx:1.27.{hint}")
        if not is_id(image) and not self.facts.has_image(image):
            raise forms.ValidationError(f"This host has no image {listed_name(image)}.", code="missing")
        return image

    def clean_name(self) -> str:
        name = str(self.cleaned_data["name"]).strip()
        if not name:
            return ""
        if not NAME.fullmatch(name):
            raise forms.ValidationError(name_error(name))
        if holder := self.facts.container_named(name):
            raise forms.ValidationError(taken_words(holder, self.facts))
        return name

    def clean_exposed(self) -> list[str]:
        try:
            return self._places.read_exposed(str(self.cleaned_data["exposed"]))
        except DialectError as error:
            raise forms.ValidationError(str(error)) from error

    def clean(self) -> dict[str, Any]:
        self.ports = run_lines.checked_ports(self.ports, run_lines.ports_in_use(self.facts.containers))
        self.variables = run_lines.checked_variables(self.variables)
        self.mounts = run_lines.checked_mounts(self.mounts)
        known = {*self.facts.networks, *(line.name for line in self._places.networks)}
        self.networks = run_lines.checked_networks(self.networks, known)
        mode = self.networks[0].name if self.networks else ""
        if mode in {"host", "none"} and any(line.outside for line in self.ports):
            self.ports = [replace(line, error=_no_ports_words(mode)) for line in self.ports]
        self._check_together()
        if any(self.line_errors()):
            words = "Nothing was created: the marked lines need a look."
            self.add_error(None, forms.ValidationError(words, code="lines"))
        return self.cleaned_data

    def _check_together(self) -> None:
        values = self.cleaned_data
        memory, swap = values.get("memory") or 0, values.get("swap") or 0
        restart = values.get("restart") or "no"
        wrong = {
            "tries": values.get("tries") and restart != "on-failure"
            and "Tries are counted only where it restarts when it fails.",
            "auto_remove": values.get("auto_remove") and restart != "no"
            and "What is removed when it ends cannot restart: choose one of the two.",
            "swap": swap > 0 and (not memory or swap < memory)
            and ("It counts the memory too, so it is not less." if memory else "Swap is limited only with memory."),
            "reservation": memory and (values.get("reservation") or 0) > memory
            and "More is reserved than it may use.",
            "cpu_quota": values.get("cpus") and (values.get("cpu_quota") or values.get("cpu_period"))
            and "CPUs says the same in other words: leave one of the two empty.",
            "uts": values.get("uts") == "host" and values.get("hostname")
            and "With the host's own name it cannot have one of its own.",
        }  # fmt: skip
        for name, words in wrong.items():
            if words and name not in self.errors:
                self.add_error(name, str(words))

    def line_errors(self) -> list[str]:
        lines: list[PortLine | VariableLine | MountLine | NetworkLine]
        lines = [*self.ports, *self.variables, *self.mounts, *self.networks]
        return [line.error for line in lines if line.error]

    def request(self) -> Recipe:
        """All that is needed to create what the form means. Of a form with errors: what is right in it."""
        if not self.is_bound:
            return self.base
        self.is_valid()
        values, body = self.cleaned_data, copy.deepcopy(self.base.body)
        body["Image"] = values.get("image") or str(self.data.get("image") or "").strip()
        for name, one in BY_NAME.items():
            if name in self.changed_data and name in values and not self._is_left_out(one):
                self._put(body, one, values[name])
        self._put_restart(body)
        places = self._places
        places.put_ports(body, self.ports, self._sent("exposed"))
        places.put_variables(body, self.variables)
        places.put_binds(body, self.mounts, self._sent("binds_more"))
        networks = places.put_networks(body, copy.deepcopy(dict(self.base.networks)), self.networks)
        return Recipe(body, networks, str(values.get("platform") or ""))

    def _sent(self, name: str) -> Any:
        """The value of a field, None where it was not sent or is wrong."""
        return self.cleaned_data.get(name) if name in self.data else None

    def _is_left_out(self, one: RunField) -> bool:
        # A field that was not sent at all is not one that was emptied; a switch that is off is never sent.
        return one.name not in self.data and (one.kind != "switch" or "switches" not in self.data)

    def _put(self, body: Raw, one: RunField, value: Any) -> None:
        if one.name == "open_paths":
            for path in PATHS:
                put_at(body, ("HostConfig", path), [] if value else None)
        elif one.kind == "switch":
            put_at(body, one.path, value or None)
        elif one.name != "binds_more":
            one.put(body, value)
        if one.name == "cpus" and value:
            put_at(body, ("HostConfig", "CpuPeriod"), None)

    def _put_restart(self, body: Raw) -> None:
        values, held = self.cleaned_data, found_at(self.base.body, ("HostConfig", "RestartPolicy")) or {}
        policy = {"Name": values.get("restart") or "no", "MaximumRetryCount": int(values.get("tries") or 0)}
        before = {"Name": held.get("Name") or "no", "MaximumRetryCount": int(held.get("MaximumRetryCount") or 0)}
        if "restart" in self.data and policy != before:
            put_at(body, ("HostConfig", "RestartPolicy"), {key: value for key, value in policy.items() if value})

    def kept(self) -> str:
        """What this form has no field for, as JSON: it is kept as it is."""
        body = self.base.body
        shown = {one.path[1] for one in FIELDS if one.path[0] == "HostConfig"} | {*PATHS, *_HOST_ROWS}
        host = {key: value for key, value in lean(body.get("HostConfig") or {}).items() if key not in shown}
        top = {one.path[0] for one in FIELDS} | _TOP_ROWS
        kept = {key: value for key, value in lean(body).items() if key not in top}
        if self._places.odd_variables:
            kept["Env"] = self._places.odd_variables
        if host:
            kept["HostConfig"] = host
        return json.dumps(kept, indent=2, ensure_ascii=False) if kept else ""

    def blame(self, message: str) -> None:
        """Put an engine's refusal beside the field that caused it."""
        program = next(iter(self.cleaned_data.get("command") or []), "the image's command")
        image = listed_name(self.cleaned_data.get("image") or "")
        field_name, words = blamed_field(message, image=image, program=program, typed=self._typed())
        if field_name in _ROWS:
            setattr(self, field_name, _marked(getattr(self, field_name), message, words))
        known = field_name if field_name in self.fields else None
        if known is None and any(self.line_errors()):
            words = "Nothing was created: the marked lines need a look."
        self.add_error(known, forms.ValidationError(words, code="engine"))

    def _typed(self) -> dict[str, str]:
        """What stands in each field, and in the rows together."""
        rows = {name: "\n".join(" ".join(_texts(line)) for line in getattr(self, name)) for name in _ROWS}
        return {**{name: str(self.data.get(name) or "") for name in self.fields}, **rows}


_ROWS: Final = ("ports", "mounts", "networks")
_HOST_ROWS: Final = frozenset({"PortBindings", "RestartPolicy", "NetworkMode"})
_TOP_ROWS: Final = frozenset({"Image", "Env", "ExposedPorts", "HostConfig", "NetworkingConfig"})


def _no_ports_words(network: str) -> str:
    if network == "host":
        return "On the host's own network nothing is published: the container listens on the host itself."
    return "Without a network there is nothing to publish a port on."


def _texts(line: PortLine | MountLine | NetworkLine) -> list[str]:
    """What can be told of a line by what was typed in it."""
    if isinstance(line, PortLine):
        return [port] if (port := run_lines.split_address(line.outside)[1]) else []
    if isinstance(line, MountLine):
        return [line.target, line.source]
    return [line.name, *line.aliases.replace(",", " ").split(), *line.addresses.replace(",", " ").split(), line.mac]


def _marked(lines: Sequence[Any], message: str, words: str) -> list[Any]:
    """The lines, with words at the one that a message repeats something of; at the only one in any case."""
    meant = [len(lines) == 1 or stands_in(message, _texts(line), shortest=1) for line in lines]
    return [replace(line, error=words) if is_meant else line for line, is_meant in zip(lines, meant, strict=True)]
