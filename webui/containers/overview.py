"""What the first tab of a container says: facts from inspect, or from the live picture where the host is down."""

import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from webui.containers.rows import ContainerRow, Mount, Port
from webui.pages import State
from webui.pages.formats import as_moment, size

# Names whose values people do not want over their shoulder.
SECRET: Final = re.compile(r"PASS|SECRET|TOKEN|KEY|CREDENTIAL|AUTH", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Variable:
    name: str
    value: str

    @property
    def is_secret(self) -> bool:
        return SECRET.search(self.name) is not None


@dataclass(frozen=True, slots=True)
class Address:
    network: str
    ip: str


@dataclass(frozen=True, slots=True)
class Probe:
    """One run of the health check."""

    when: str
    words: str
    is_good: bool


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
    labels: Sequence[tuple[str, str]] = ()
    created: str | float = ""
    started: str = ""
    finished: str = ""
    ended: State | None = None
    probes: Sequence[Probe] = ()
    probe_words: str = ""

    @property
    def secret_count(self) -> int:
        return sum(variable.is_secret for variable in self.variables)


def overview_of(row: ContainerRow, found: Mapping[str, Any] | None) -> Overview:
    """`found` is the answer of `GET /containers/{id}/json`, None where the host did not give one."""
    if found is None:
        return Overview(
            image=row.image, image_id=row.image_id, command=row.command, ports=row.ports,
            addresses=[Address(name, "") for name in row.networks], mounts=row.mounts, created=row.created,
        )  # fmt: skip
    config, host_config, state = found.get("Config") or {}, found.get("HostConfig") or {}, found.get("State") or {}
    return Overview(
        image=str(config.get("Image") or row.image),
        image_id=str(found.get("Image") or row.image_id),
        command=shlex.join([str(found.get("Path") or ""), *(found.get("Args") or [])]).strip(),
        ports=row.ports,
        addresses=_addresses(found),
        mounts=row.mounts,
        restart=_restart_words(host_config.get("RestartPolicy") or {}, int(found.get("RestartCount") or 0)),
        limits=_limit_words(host_config),
        variables=[Variable(*pair.split("=", 1)) for pair in config.get("Env") or [] if "=" in pair],
        labels=sorted((config.get("Labels") or {}).items()),
        created=str(found.get("Created") or ""),
        started=_moment_text(state.get("StartedAt")),
        finished="" if state.get("Running") else _moment_text(state.get("FinishedAt")),
        ended=_end_of(state),
        probes=_probes(state),
        probe_words=_probe_words(config.get("Healthcheck") or {}),
    )


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
        parts.append(size(memory))
    if cpus := int(host_config.get("NanoCpus") or 0):
        parts.append(_("%s CPUs") % f"{cpus / 1e9:g}")
    if (pids := int(host_config.get("PidsLimit") or 0)) > 0:
        parts.append(_("%d pids") % pids)
    return " · ".join(parts) or _("none")


def _end_of(state: Mapping[str, Any]) -> State | None:
    """Why it is not running, where something went wrong: the engine's own words first."""
    if state.get("Running"):
        return None
    if state.get("OOMKilled"):
        return State(_("It was killed because it used all the memory that it may have."), "bad")
    if state.get("Error"):
        return State(str(state["Error"]), "bad")
    return None


def _probes(state: Mapping[str, Any]) -> list[Probe]:
    log = (state.get("Health") or {}).get("Log") or []
    return [
        Probe(str(one.get("Start") or ""), str(one.get("Output") or "").strip()[:400], one.get("ExitCode") == 0)
        for one in reversed(log[-5:])
    ]


def _probe_words(check: Mapping[str, Any]) -> str:
    if not check.get("Test") or check["Test"][0] == "NONE":
        return ""
    # Docker keeps durations in nanoseconds; zero stands for the default of 30 s.
    interval, timeout = (int(check.get(name) or 30_000_000_000) // 1_000_000_000 for name in ("Interval", "Timeout"))
    return _("every %(interval)d s · timeout %(timeout)d s") % {"interval": interval, "timeout": timeout}
