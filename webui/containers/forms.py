"""The form that runs a container: what was typed, what is wrong with it, and the create body that it means.

It is checked against the host's live picture first, so that most mistakes cost no round trip; what only the engine
can know comes back through `blame`.
"""

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, Final

from django import forms
from django.http import QueryDict

from webui.containers import run_lines
from webui.containers.recreation import Recipe, Shown, overlaid, shown_of
from webui.containers.rows import ContainerRow
from webui.containers.run_lines import MountLine, PortLine, VariableLine
from webui.images.reference import is_id, is_reference, listed_name

NAME: Final = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]+")
SIZE: Final = re.compile(r"(\d+(?:\.\d+)?)\s*([kmgt]?)i?b?", re.IGNORECASE)
SIZE_UNITS: Final = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}
SMALLEST_MEMORY: Final = 6 << 20  # what Docker refuses to go below
RESTARTS: Final = (
    ("no", "Never: it stays ended"),
    ("on-failure", "When it fails"),
    ("unless-stopped", "Always, unless somebody stopped it"),
    ("always", "Always"),
)


@dataclass(frozen=True, slots=True)
class HostFacts:
    """What the live picture of a host says that a new container could collide with."""

    containers: tuple[ContainerRow, ...] = ()
    image_sizes: Mapping[str, int] = field(default_factory=dict)
    networks: tuple[str, ...] = ("bridge", "host", "none")
    volumes: tuple[str, ...] = ()

    def has_image(self, reference: str) -> bool:
        return listed_name(reference) in self.image_sizes

    def container_named(self, name: str) -> ContainerRow | None:
        return next((row for row in self.containers if row.name == name), None)


class RunForm(forms.Form):
    """Everything needed for `docker run -d`; lines that repeat are in `ports`, `variables` and `mounts`."""

    image = forms.CharField(max_length=512, error_messages={"required": "Which image should it run?"})
    name = forms.CharField(max_length=255, required=False)
    command = forms.CharField(max_length=8192, required=False)
    network = forms.ChoiceField(required=False)
    restart = forms.ChoiceField(choices=RESTARTS, required=False, initial="no")
    memory = forms.CharField(max_length=32, required=False)
    cpus = forms.DecimalField(
        required=False,
        min_value=Decimal("0.01"),
        max_digits=8,
        decimal_places=3,
        error_messages={"invalid": "A number of CPUs, such as 0.5 or 2."},
    )

    def __init__(
        self,
        data: QueryDict | None = None,
        *,
        facts: HostFacts,
        initial: dict[str, Any] | None = None,
        recipe: Recipe | None = None,
    ):
        """`recipe` is the container that is edited or duplicated: what the form does not show of it is kept."""
        self.recipe, shown = recipe, shown_of(recipe) if recipe else None
        super().__init__(data, initial={**(_initial_of(recipe, shown) if recipe and shown else {}), **(initial or {})})
        self.facts = facts
        networks = dict.fromkeys([*facts.networks, *([shown.network] if shown else [])])
        self.fields["network"].choices = [(name, name) for name in networks]  # type: ignore[attr-defined]
        self.ports: list[PortLine] = []
        self.variables: list[VariableLine] = []
        self.mounts: list[MountLine] = []
        if data is not None:
            self.ports, self.variables = run_lines.port_lines(data), run_lines.variable_lines(data)
            self.mounts = run_lines.mount_lines(data)
        elif shown:
            self.ports = [PortLine(*port) for port in shown.ports]
            self.variables = [VariableLine(*variable) for variable in shown.variables]
            self.mounts = [MountLine(*mount) for mount in shown.mounts]

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

    def clean_command(self) -> list[str]:
        try:
            return shlex.split(str(self.cleaned_data["command"]))
        except ValueError as error:
            raise forms.ValidationError(f"A quotation mark is not closed ({error}).") from error

    def clean_memory(self) -> int:
        return read_size(str(self.cleaned_data["memory"]))

    def clean(self) -> dict[str, Any]:
        self.ports = run_lines.checked_ports(self.ports, run_lines.ports_in_use(self.facts.containers))
        self.variables = run_lines.checked_variables(self.variables)
        self.mounts = run_lines.checked_mounts(self.mounts)
        if self.cleaned_data.get("network") in {"host", "none"} and any(line.outside for line in self.ports):
            self.ports = [replace(line, error=_no_ports_words(self.cleaned_data["network"])) for line in self.ports]
        if any(self.line_errors()):
            self.add_error(
                None, forms.ValidationError("Nothing was created: the marked lines need a look.", code="lines")
            )
        return self.cleaned_data

    def line_errors(self) -> list[str]:
        lines: list[PortLine | VariableLine | MountLine] = [*self.ports, *self.variables, *self.mounts]
        return [line.error for line in lines if line.error]

    def request(self) -> Recipe:
        """All that is needed to create what a valid form means."""
        return overlaid(self.recipe, self.body()) if self.recipe else Recipe(self.body())

    def body(self) -> dict[str, Any]:
        """The body of `POST /containers/create` (API 1.24 and up) that a valid form means."""
        values = self.cleaned_data
        body: dict[str, Any] = {
            "Image": values["image"],
            "Env": [f"{line.name}={line.value}" for line in self.variables],
            "ExposedPorts": {line.key: {} for line in self.ports},
            "HostConfig": self._host_config(),
        }
        if values["command"]:
            body["Cmd"] = values["command"]
        return body

    def _host_config(self) -> dict[str, Any]:
        values = self.cleaned_data
        bindings: dict[str, list[dict[str, str]]] = {}
        for line in self.ports:
            bindings.setdefault(line.key, []).append(line.binding)
        config: dict[str, Any] = {
            "PortBindings": bindings,
            "Binds": [line.bind for line in self.mounts],
            "RestartPolicy": {"Name": values["restart"] or "no"},
        }
        if values["network"]:
            config["NetworkMode"] = values["network"]
        if values["memory"]:
            config["Memory"] = values["memory"]
        if values["cpus"]:
            config["NanoCpus"] = int(values["cpus"] * 1_000_000_000)
        return config

    def blame(self, message: str) -> None:
        """Put an engine's refusal beside the field that caused it."""
        field_name, words = blamed_field(message, self)
        if field_name == "ports":
            self.ports = [replace(line, error=words if _is_meant(line, message) else line.error) for line in self.ports]
            field_name = None if any(line.error for line in self.ports) else field_name
        known = field_name if field_name in self.fields else None
        self.add_error(known, forms.ValidationError(words, code="engine"))


def _initial_of(recipe: Recipe, shown: Shown) -> dict[str, Any]:
    return {
        "image": str(recipe.body.get("Image") or ""),
        "command": shlex.join(shown.command),
        "network": shown.network,
        "restart": shown.restart,
        "memory": size_text(shown.memory),
        "cpus": f"{Decimal(shown.nano_cpus) / 1_000_000_000:f}".rstrip("0").rstrip(".") if shown.nano_cpus else "",
    }


def read_size(text: str) -> int:
    """Bytes of "512m" or "2g"; 0 for nothing. Raises ValidationError, also for less than any container can run in."""
    text = text.strip()
    if not text:
        return 0
    match = SIZE.fullmatch(text)
    if match is None:
        raise forms.ValidationError("A size with its unit, such as 512m or 2g.")
    size_bytes = int(Decimal(match[1]) * SIZE_UNITS[match[2].lower()])
    if size_bytes < SMALLEST_MEMORY:
        raise forms.ValidationError("At least 6m: with less no container starts. Did you leave out the unit?")
    return size_bytes


def size_text(size_bytes: int) -> str:
    """The shortest way to write a size so that `read_size` gives it back; "" for none."""
    for unit in ("t", "g", "m", "k"):
        if size_bytes and size_bytes % SIZE_UNITS[unit] == 0:
            return f"{size_bytes // SIZE_UNITS[unit]}{unit}"
    return f"{size_bytes}b" if size_bytes else ""


def name_error(name: str) -> str:
    suggestion = re.sub(r"[^a-zA-Z0-9_.-]+", "-", name).strip("-._")
    hint = f" Try {suggestion}." if NAME.fullmatch(suggestion) else ""
    if "/" in name:
        return f"A name cannot hold a slash.{hint}"
    if len(name) < 2:
        return "A name has at least two characters."
    return f"A name is made of letters, digits, “_”, “.” and “-”, and begins with a letter or digit.{hint}"


def taken_words(holder: ContainerRow, facts: HostFacts) -> str:
    state = "running" if holder.is_running else "stopped"
    stack = f" of the stack {holder.stack}" if holder.stack else ""
    return f"Taken by a {state} container{stack}. Try {free_name(holder.name, facts)}."


def free_name(name: str, facts: HostFacts) -> str:
    """The next name in line: shop-db-1 is followed by shop-db-2, web by web-2."""
    match = re.fullmatch(r"(.*?-)(\d+)", name)
    stem, number = (match[1], int(match[2])) if match else (f"{name}-", 1)
    taken = {row.name for row in facts.containers}
    return next(f"{stem}{n}" for n in range(number + 1, number + len(taken) + 2) if f"{stem}{n}" not in taken)


def _no_ports_words(network: str) -> str:
    if network == "host":
        return "On the host's own network nothing is published: the container listens on the host itself."
    return "Without a network there is nothing to publish a port on."


def _is_meant(line: PortLine, message: str) -> bool:
    _, port = run_lines.split_address(line.outside)
    return bool(port) and re.search(rf"\b{port}\b", message) is not None


# What engines say (dockerd, Podman and ours say the same things), the field that caused it, and what we say.
_BLAMES: Final[tuple[tuple[re.Pattern[str], str, str], ...]] = tuple(
    (re.compile(pattern, re.IGNORECASE), field_name, words)
    for pattern, field_name, words in (
        ("port is already allocated|address already in use", "ports",
         "This port is taken by another program on the host. Choose another one, or leave it empty."),
        ("name .*is already in use", "name", "Taken a moment ago by another container. Choose another name."),
        ("no such image|image not known", "image", "This host has no image {image}."),
        ("executable file not found|exec.*no such file or directory", "command",
         "The image has no program “{program}”."),
        ("(exec|oci).*permission denied", "command", "The host cannot execute “{program}”: permission denied."),
        ("no command specified", "command",
         "The image names no command of its own: say what to run, such as sleep 60."),
        ("network .*not found", "network", "This network is gone. Choose another one."),
    )
)  # fmt: skip


def blamed_field(message: str, form: RunForm) -> tuple[str | None, str]:
    """(field, words) for an engine's error message; no field where none of ours is to blame."""
    program = next(iter(form.cleaned_data.get("command") or []), "the image's command")
    image = listed_name(form.cleaned_data.get("image") or "")
    for pattern, field_name, words in _BLAMES:
        if pattern.search(message):
            return field_name, words.format(image=image, program=program)
    return None, _tidied(message)


def _tidied(message: str) -> str:
    words = message.strip().rstrip(".")
    return f"The host refused: {words}."
