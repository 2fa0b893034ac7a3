"""GET /containers/{id}/json (API 1.51). Pure."""

from collections.abc import Mapping
from typing import Any

from engine.containers.model import Container, State, Status
from engine.containers.network_settings import network_settings
from engine.containers.times import rfc3339


def inspect(container: Container, *, driver: str, graph_driver: Mapping[str, Any]) -> dict[str, Any]:
    """Everything that is known of a container, in the API's words."""
    record = container.record
    directory = container.directory
    was_started = record.state.started_ns > 0
    return {
        "Id": record.id,
        "Created": rfc3339(record.created_ns),
        "Path": record.path,
        "Args": record.args,
        "State": state_to_wire(record.state),
        "Image": record.image_id,
        "ResolvConfPath": str(directory / "resolv.conf") if was_started else "",
        "HostnamePath": str(directory / "hostname") if was_started else "",
        "HostsPath": str(directory / "hosts") if was_started else "",
        "LogPath": str(container.log_path or "") if was_started else "",
        "Name": f"/{record.name}",
        "RestartCount": record.restart_count,
        "Driver": driver,
        "Platform": record.platform,
        "MountLabel": (record.spec or {}).get("mountLabel", ""),
        "ProcessLabel": (record.spec or {}).get("process", {}).get("selinuxLabel", ""),
        "AppArmorProfile": (record.spec or {}).get("process", {}).get("apparmorProfile", ""),
        "ExecIDs": list(container.exec_ids) or None,
        "HostConfig": record.host_config,
        "GraphDriver": dict(graph_driver),
        "Mounts": [point.to_wire() for point in record.mounts],
        "Config": record.config,
        "NetworkSettings": network_settings(container),
    }


def state_to_wire(state: State) -> dict[str, Any]:
    health = {} if state.health is None else {"Health": state.health.to_wire()}
    return {
        "Status": str(state.status),
        "Running": state.is_running,
        "Paused": state.status is Status.PAUSED,
        "Restarting": state.status is Status.RESTARTING,
        "OOMKilled": state.oom_killed,
        "Dead": state.status is Status.DEAD,
        "Pid": state.pid,
        "ExitCode": state.exit_code,
        "Error": state.error,
        "StartedAt": rfc3339(state.started_ns),
        "FinishedAt": rfc3339(state.finished_ns),
        **health,
    }
