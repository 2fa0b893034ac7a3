"""The sections of the run form: what is in each, whether it is open, and what is set in it, in words."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.forms import BoundField
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from webui.containers.forms import RunForm
from webui.containers.run_fields import RunField
from webui.containers.run_table import FIELDS

_SECTIONS: Final[tuple[tuple[str, Promise | str, str], ...]] = (
    ("basics", _("Basics"), "box"),
    ("ports", _("Ports"), "plug-connected"),
    ("environment", _("Environment"), "variable"),
    ("storage", _("Storage"), "database"),
    ("networks", _("Networks"), "network"),
    ("health", _("Health and restart"), "heartbeat"),
    ("process", _("How it runs"), "terminal-2"),
    ("resources", _("Resources"), "gauge"),
    ("security", _("Security"), "shield-check"),
    ("more", _("Everything else"), "adjustments"),
)
# Fields that engines fill in by themselves: with these values nobody has set anything.
_FILLED_IN: Final = {
    "runtime": None, "cgroupns": {"host", "private"}, "ipc": {"private", "shareable"}, "log_driver": {"json-file"},
    "shm_size": {"64m"}, "isolation": {"default"}, "swappiness": {"-1"}, "pids": {"-1", "0"},
}  # fmt: skip
# Fields that stand in their section at once; the others wait behind one more step until they are set.
_NEAR: Final = frozenset({
    "command", "publish_all", "tmpfs", "read_only", "hostname", "health_test", "health_interval", "auto_remove",
    "entrypoint", "user", "workdir", "tty", "stdin", "memory", "cpus", "pids", "privileged", "cap_add", "cap_drop",
    "devices", "labels", "log_driver",
})  # fmt: skip
_ALWAYS_OPEN: Final = frozenset({"basics", "ports"})
_MOST_WORDS: Final = 4


@dataclass(frozen=True, slots=True)
class Section:
    """`words` say what is set, `count` how many things are; `further` are fields that few need and nobody has set."""

    name: str
    title: str
    icon: str
    fields: Sequence[BoundField]
    further: Sequence[BoundField]
    words: str
    count: int
    has_errors: bool

    @property
    def is_open(self) -> bool:
        return self.has_errors or self.count > 0

    @property
    def folds(self) -> bool:
        return self.name not in _ALWAYS_OPEN


def sections_of(form: RunForm) -> list[Section]:
    return [_section(form, name, str(title), icon) for name, title, icon in _SECTIONS]


def _section(form: RunForm, name: str, title: str, icon: str) -> Section:
    own = [one for one in FIELDS if one.section == name]
    said = [*_row_words(form, name), *(words for one in own if (words := _words(form, one)))]
    shown = said[:_MOST_WORDS] + ([f"+{len(said) - _MOST_WORDS}"] if len(said) > _MOST_WORDS else [])
    bound = [form[one.name] for one in own]
    near = {one.name for one in own if one.name in _NEAR or _words(form, one) or form[one.name].errors}
    has_errors = any(one.errors for one in bound) or any(line.error for line in _rows(form, name))
    has_errors = has_errors or any(form.has_error(extra) for extra in _EXTRA.get(name, ()))
    fields, further = (
        [one for one in bound if one.name in near],
        [one for one in bound if one.name not in near],
    )
    return Section(name, title, icon, fields, further, " · ".join(shown), len(said), has_errors)


_EXTRA: Final = {"ports": ("exposed",), "health": ("restart", "tries"), "more": ("platform",)}


def _rows(form: RunForm, section: str) -> Sequence[Any]:
    rows: dict[str, Sequence[Any]] = {
        "ports": form.ports, "environment": form.variables, "storage": form.mounts, "networks": form.networks,
    }  # fmt: skip
    return rows.get(section, ())


def _row_words(form: RunForm, section: str) -> list[str]:
    networks = [line for line in form.networks if line.name != "bridge" or line.aliases or line.addresses]
    restart = str(form["restart"].value() or "no")
    words = {
        "ports": [line.inside for line in form.ports],
        "environment": [line.name for line in form.variables],
        "storage": [line.target for line in form.mounts],
        "networks": [line.name for line in networks],
        "health": [str(_("restarts: %s") % restart)] if restart != "no" else [],
        "more": [str(form["platform"].value())] if form["platform"].value() else [],
    }
    return words.get(section, [])


def _words(form: RunForm, one: RunField) -> str:
    value = form[one.name].value()
    if one.kind == "switch":
        return one.label if value else ""
    text = str(value or "").strip()
    if not text or (one.name in _FILLED_IN and text in (_FILLED_IN[one.name] or {text})):
        return ""
    if one.kind in {"lines", "map"}:
        count = len([line for line in text.splitlines() if line.strip()])
        return f"{one.label}: {ngettext('%d line', '%d lines', count) % count if count > 1 else text[:40]}"
    return f"{one.label}: {text[:40]}"
