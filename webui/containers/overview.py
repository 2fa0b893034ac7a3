"""What the first tab of a container says: facts from inspect, or from the live picture where the host is down."""

import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from webui.containers.dialects import values
from webui.containers.exits import ASKED_FOR, sentence
from webui.containers.ports import Place, place_of, ports_html
from webui.containers.rows import ContainerRow, Mount, Port
from webui.containers.secrets import is_secret, pairs_of
from webui.pages import State
from webui.pages.formats import as_moment, size
from webui.resources import refusal_words

_MOST_PORTS: Final = 12


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable or a label. The value of a secret one is not here: it is asked for."""

    name: str
    value: str
    is_secret: bool = False


def _variables(pairs: Iterable[tuple[str, str]]) -> list[Variable]:
    return [Variable(name, "", True) if is_secret(name, value) else Variable(name, value) for name, value in pairs]


@dataclass(frozen=True, slots=True)
class Address:
    network: str
    ip: str


@dataclass(frozen=True, slots=True)
class Probe:
    """One run of the health check. `took` is how long, in words."""

    when: str
    words: str
    is_good: bool
    took: str = ""


@dataclass(frozen=True, slots=True)
class Meter:
    """A limit that is set, beside which the page shows what is used of it: bytes, thousandths of a CPU, processes."""

    name: str
    label: Any
    most: int


@dataclass(frozen=True, slots=True)
class Overview:
    """The facts of a container; what the source does not say is empty. Times are as Docker writes them (RFC 3339)."""

    image: str
    image_id: str
    command: str
    ports: Sequence[Port]
    addresses: Sequence[Address]
    mounts: Sequence[Mount]
    restart: str = ""
    limits: str = ""
    variables: Sequence[Variable] = ()
    labels: Sequence[Variable] = ()
    created: str | float = ""
    started: str = ""
    finished: str = ""
    trouble: State | None = None
    health: "Health | None" = None
    meters: Sequence[Meter] = ()
    place: Place = Place()  # noqa: RUF009 - frozen

    @property
    def ports_html(self) -> SafeString:
        return ports_html(tuple(self.ports[:_MOST_PORTS]), self.place, most=_MOST_PORTS)

    @property
    def further_ports_html(self) -> SafeString:
        """Those that would push everything else out of sight, "" where there are few."""
        further = tuple(self.ports[_MOST_PORTS:])
        return ports_html(further, self.place, most=len(further)) if further else SafeString("")

    @property
    def further_ports(self) -> int:
        return max(0, len(self.ports) - _MOST_PORTS)

    @property
    def secret_count(self) -> int:
        return sum(variable.is_secret for variable in self.variables)


def overview_of(row: ContainerRow, found: Mapping[str, Any] | None, *, host_url: str = "") -> Overview:
    """`found` is the answer of `GET /containers/{id}/json`, None where the host did not give one."""
    place = place_of(host_url)
    if found is None:
        return Overview(
            image=row.image, image_id=row.image_id, command=row.command, ports=row.ports,
            addresses=[Address(name, "") for name in row.networks], mounts=row.mounts, created=row.created, place=place,
        )  # fmt: skip
    config, host_config, state = found.get("Config") or {}, found.get("HostConfig") or {}, found.get("State") or {}
    health = health_of(found)
    return Overview(
        image=str(config.get("Image") or row.image),
        image_id=str(found.get("Image") or row.image_id),
        command=shlex.join([str(found.get("Path") or ""), *(found.get("Args") or [])]).strip(),
        ports=row.ports,
        addresses=_addresses(found),
        mounts=row.mounts,
        restart=_restart_words(host_config.get("RestartPolicy") or {}, int(found.get("RestartCount") or 0)),
        limits=_limit_words(host_config),
        variables=_variables(pairs_of(config.get("Env"))),
        labels=_variables(sorted((config.get("Labels") or {}).items())),
        created=str(found.get("Created") or ""),
        started=_moment_text(state.get("StartedAt")),
        finished="" if state.get("Running") else _moment_text(state.get("FinishedAt")),
        trouble=_end_of(state, _limit_words(host_config)) or _unhealthy(health),
        health=health,
        meters=_meters(host_config) if state.get("Running") else (),
        place=place,
    )


def _meters(host_config: Mapping[str, Any]) -> list[Meter]:
    meters = [
        Meter("memory", _("Memory"), int(host_config.get("Memory") or 0)),
        Meter("cpu", _("CPU"), int(host_config.get("NanoCpus") or 0) // 1_000_000),
        Meter("pids", _("Processes"), int(host_config.get("PidsLimit") or 0)),
    ]
    return [meter for meter in meters if meter.most > 0]


def _addresses(found: Mapping[str, Any]) -> list[Address]:
    networks = (found.get("NetworkSettings") or {}).get("Networks") or {}
    return [Address(name, str((held or {}).get("IPAddress") or "")) for name, held in sorted(networks.items())]


def _moment_text(text: Any) -> str:
    return str(text) if as_moment(text) is not None else ""


def _restart_words(policy: Mapping[str, Any], count: int) -> str:
    name = str(policy.get("Name") or "no")
    most = int(policy.get("MaximumRetryCount") or 0)
    words = f"{name} ({ngettext('%d try', '%d tries', most) % most})" if most else name
    return f"{words} · {ngettext('%d restart', '%d restarts', count) % count}"


def _limit_words(host_config: Mapping[str, Any]) -> str:
    parts = []
    if memory := int(host_config.get("Memory") or 0):
        typed = values.write_bytes(memory)
        # As somebody typed it, in powers of two, beside what it is in the units of the charts.
        parts.append(size(memory) if typed.isdecimal() else f"{typed} = {size(memory)}")
    if cpus := int(host_config.get("NanoCpus") or 0):
        parts.append(_("%s CPUs") % f"{cpus / 1e9:g}")
    if (pids := int(host_config.get("PidsLimit") or 0)) > 0:
        parts.append(_("%d pids") % pids)
    return " · ".join(parts) or _("none")


# Characters of what a health check says that stand at the head of a page; the rest stands with its runs.
_MOST_SAID: Final = 160
# It was asked for, or it was not: nobody can tell.
_KILLED: Final = 137


def _end_of(state: Mapping[str, Any], limits: str) -> State | None:
    """Why it is not running, in words: the engine's own first, then what the exit code means."""
    if state.get("Running") and not state.get("Restarting"):
        return None
    if state.get("OOMKilled"):
        words = _("It was killed because it used all the memory that it may have (%s). Give it more, or find out why.")
        return State(words % limits, "bad")
    if state.get("Error"):
        return State(refusal_words(str(state["Error"]), {}), "bad")
    code = int(state.get("ExitCode") or 0)
    if code == 0 or state.get("Status") == "created":
        return None
    return State(sentence(code), "warning" if code in ASKED_FOR - {_KILLED} else "bad")


def _unhealthy(health: "Health | None") -> State | None:
    """What the check said when it last failed; the newest run may be a good one that does not count yet."""
    if health is None or health.status != "unhealthy":
        return None
    said = next((probe.words for probe in health.probes if not probe.is_good), "")
    if not said:
        return State(_("Unhealthy: its health check fails, and says nothing. Its last lines may say why."), "warning")
    words = said if len(said) <= _MOST_SAID else f"{said[:_MOST_SAID]}…"
    return State(_("Unhealthy: its health check fails. It says: %s") % words, "warning")


@dataclass(frozen=True, slots=True)
class Health:
    """The health check: how it runs, how it stands, and its last runs, newest first."""

    words: str
    status: str
    failing: int
    probes: Sequence[Probe]


def health_of(found: Mapping[str, Any]) -> Health | None:
    """None for a container without a check."""
    words, state = _probe_words((found.get("Config") or {}).get("Healthcheck") or {}), found.get("State") or {}
    held = state.get("Health") or {}
    if not words:
        return None
    return Health(words, str(held.get("Status") or ""), int(held.get("FailingStreak") or 0), _probes(state))


def _probes(state: Mapping[str, Any]) -> list[Probe]:
    log = (state.get("Health") or {}).get("Log") or []
    return [
        Probe(
            str(one.get("Start") or ""),
            str(one.get("Output") or "").strip()[:400],
            one.get("ExitCode") == 0,
            _took(one),
        )
        for one in reversed(log[-5:])
    ]


def _took(probe: Mapping[str, Any]) -> str:
    began, ended = as_moment(probe.get("Start")), as_moment(probe.get("End"))
    if began is None or ended is None:
        return ""
    seconds = (ended - began).total_seconds()
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.1f} s"


def _probe_words(check: Mapping[str, Any]) -> str:
    if not check.get("Test") or check["Test"][0] == "NONE":
        return ""
    # Docker keeps durations in nanoseconds; zero stands for the default of 30 s.
    interval, timeout = (_duration(int(check.get(name) or 30_000_000_000)) for name in ("Interval", "Timeout"))
    return _("every %(interval)s · timeout %(timeout)s") % {"interval": interval, "timeout": timeout}


def _duration(nanoseconds: int) -> str:
    """`30 s`, `300 ms`, `1m30s`."""
    if nanoseconds % 1_000_000_000 == 0 and nanoseconds < 60_000_000_000:
        return f"{nanoseconds // 1_000_000_000} s"
    if nanoseconds < 1_000_000_000:
        return f"{nanoseconds / 1_000_000:g} ms"
    return values.write_duration(nanoseconds)
