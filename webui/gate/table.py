"""The table: every path of the Docker API 1.51, what it means, what it is done to, how it is audited. Default: no.

What is not here is refused by name; what stands in NEVER is known and refused for everybody, with the reason.
"""

from collections.abc import Mapping
from typing import Any, Final

from webui.access import Operation
from webui.gate.rules import Audit, Never, Query, Rule, Table


def _pull_or_import(query: Query) -> Operation:
    """`/images/create` pulls where `fromImage` is given, else imports a tar; both at once is an import, to be safe."""
    return Operation.IMAGE_PULL if query.get("fromImage") and not query.get("fromSrc") else Operation.IMAGE_IMPORT


def _not_privileged(fields: Mapping[str, Any]) -> str | None:
    """A privileged exec is out of its container (Docker API 1.51, ContainerExec: all capabilities, all devices)."""
    if any(name.casefold() == "privileged" and value for name, value in fields.items()):
        return "Privileged: only who may create containers may run a privileged command in one."
    return None


TABLE: Final = (
    Rule("GET", "/_ping", Operation.SYSTEM_PING, "system"),
    Rule("HEAD", "/_ping", Operation.SYSTEM_PING, "system"),
    Rule("GET", "/info", Operation.SYSTEM_INFO, "system"),
    Rule("GET", "/version", Operation.SYSTEM_VERSION, "system"),
    Rule("GET", "/events", Operation.SYSTEM_EVENTS, "system"),
    Rule("GET", "/system/df", Operation.SYSTEM_DISK_USAGE, "system"),
    Rule("POST", "/auth", Operation.REGISTRY_SIGN_IN, "registry", audit=Audit.SENSITIVE),
    Rule("GET", "/distribution/{name:.*}/json", Operation.REGISTRY_INSPECT, "registry", "name"),
    Rule("POST", "/build", Operation.BUILD_RUN, "build", "?t", Audit.CHANGE, is_json=False),
    Rule("POST", "/build/prune", Operation.BUILD_PRUNE, "build", audit=Audit.CHANGE),
    Rule("POST", "/session", Operation.BUILD_SESSION, "build", audit=Audit.SENSITIVE, is_json=False),
    Rule("POST", "/commit", Operation.CONTAINER_COMMIT, "container", "?container", Audit.CHANGE),
    Rule("GET", "/containers/json", Operation.CONTAINER_LIST, "container"),
    Rule("POST", "/containers/create", Operation.CONTAINER_CREATE, "container", "?name", Audit.CHANGE),
    Rule("POST", "/containers/prune", Operation.CONTAINER_PRUNE, "container", audit=Audit.CHANGE),
    Rule("DELETE", "/containers/{id}", Operation.CONTAINER_REMOVE, "container", "id", Audit.CHANGE),
    Rule("GET", "/containers/{id}/archive", Operation.CONTAINER_FILES_READ, "container", "id", Audit.SENSITIVE),
    Rule("HEAD", "/containers/{id}/archive", Operation.CONTAINER_FILES_READ, "container", "id"),
    Rule(
        "PUT",
        "/containers/{id}/archive",
        Operation.CONTAINER_FILES_WRITE,
        "container",
        "id",
        Audit.CHANGE,
        is_json=False,
    ),
    Rule(
        "POST", "/containers/{id}/attach", Operation.CONTAINER_ATTACH, "container", "id", Audit.SENSITIVE, is_json=False
    ),
    Rule("GET", "/containers/{id}/attach/ws", Operation.CONTAINER_ATTACH, "container", "id", Audit.SENSITIVE),
    Rule("GET", "/containers/{id}/changes", Operation.CONTAINER_CHANGES, "container", "id"),
    Rule(
        "POST",
        "/containers/{id}/exec",
        Operation.CONTAINER_EXEC,
        "container",
        "id",
        Audit.SENSITIVE,
        restricted_rules=(_not_privileged,),
    ),
    Rule("GET", "/containers/{id}/export", Operation.CONTAINER_EXPORT, "container", "id", Audit.SENSITIVE),
    Rule("GET", "/containers/{id}/json", Operation.CONTAINER_INSPECT, "container", "id"),
    Rule("GET", "/containers/{id}/logs", Operation.CONTAINER_LOGS, "container", "id"),
    Rule("POST", "/containers/{id}/kill", Operation.CONTAINER_KILL, "container", "id", Audit.CHANGE),
    Rule("POST", "/containers/{id}/pause", Operation.CONTAINER_PAUSE, "container", "id", Audit.CHANGE),
    Rule("POST", "/containers/{id}/rename", Operation.CONTAINER_RENAME, "container", "id", Audit.CHANGE),
    Rule("POST", "/containers/{id}/restart", Operation.CONTAINER_RESTART, "container", "id", Audit.CHANGE),
    Rule("POST", "/containers/{id}/start", Operation.CONTAINER_START, "container", "id", Audit.CHANGE),
    Rule("POST", "/containers/{id}/stop", Operation.CONTAINER_STOP, "container", "id", Audit.CHANGE),
    Rule("POST", "/containers/{id}/unpause", Operation.CONTAINER_UNPAUSE, "container", "id", Audit.CHANGE),
    Rule("POST", "/containers/{id}/update", Operation.CONTAINER_UPDATE, "container", "id", Audit.CHANGE),
    Rule("POST", "/containers/{id}/resize", Operation.CONTAINER_RESIZE, "container", "id"),
    Rule("GET", "/containers/{id}/stats", Operation.CONTAINER_STATS, "container", "id"),
    Rule("GET", "/containers/{id}/top", Operation.CONTAINER_TOP, "container", "id"),
    Rule("POST", "/containers/{id}/wait", Operation.CONTAINER_WAIT, "container", "id"),
    Rule("GET", "/exec/{id}/json", Operation.CONTAINER_EXEC, "exec", "id"),
    Rule("POST", "/exec/{id}/resize", Operation.CONTAINER_EXEC, "exec", "id"),
    Rule("POST", "/exec/{id}/start", Operation.CONTAINER_EXEC, "exec", "id", Audit.SENSITIVE),
    Rule("POST", "/images/create", _pull_or_import, "image", "?fromImage", Audit.CHANGE, is_json=False),
    Rule("GET", "/images/get", Operation.IMAGE_EXPORT, "image", "?names", Audit.SENSITIVE),
    Rule("GET", "/images/json", Operation.IMAGE_LIST, "image"),
    Rule("POST", "/images/load", Operation.IMAGE_LOAD, "image", audit=Audit.CHANGE, is_json=False),
    Rule("POST", "/images/prune", Operation.IMAGE_PRUNE, "image", audit=Audit.CHANGE),
    Rule("GET", "/images/search", Operation.IMAGE_SEARCH, "image", "?term"),
    Rule("DELETE", "/images/{name:.*}", Operation.IMAGE_REMOVE, "image", "name", Audit.CHANGE),
    Rule("GET", "/images/{name:.*}/get", Operation.IMAGE_EXPORT, "image", "name", Audit.SENSITIVE),
    Rule("GET", "/images/{name:.*}/history", Operation.IMAGE_HISTORY, "image", "name"),
    Rule("GET", "/images/{name:.*}/json", Operation.IMAGE_INSPECT, "image", "name"),
    Rule("POST", "/images/{name:.*}/push", Operation.IMAGE_PUSH, "image", "name", Audit.CHANGE),
    Rule("POST", "/images/{name:.*}/tag", Operation.IMAGE_TAG, "image", "name", Audit.CHANGE),
    Rule("GET", "/networks", Operation.NETWORK_LIST, "network"),
    Rule("POST", "/networks/create", Operation.NETWORK_CREATE, "network", audit=Audit.CHANGE),
    Rule("POST", "/networks/prune", Operation.NETWORK_PRUNE, "network", audit=Audit.CHANGE),
    Rule("DELETE", "/networks/{id}", Operation.NETWORK_REMOVE, "network", "id", Audit.CHANGE),
    Rule("GET", "/networks/{id}", Operation.NETWORK_INSPECT, "network", "id"),
    Rule("POST", "/networks/{id}/connect", Operation.NETWORK_CONNECT, "network", "id", Audit.CHANGE),
    Rule("POST", "/networks/{id}/disconnect", Operation.NETWORK_DISCONNECT, "network", "id", Audit.CHANGE),
    Rule("GET", "/volumes", Operation.VOLUME_LIST, "volume"),
    Rule("POST", "/volumes/create", Operation.VOLUME_CREATE, "volume", audit=Audit.CHANGE),
    Rule("POST", "/volumes/prune", Operation.VOLUME_PRUNE, "volume", audit=Audit.CHANGE),
    Rule("DELETE", "/volumes/{name}", Operation.VOLUME_REMOVE, "volume", "name", Audit.CHANGE),
    Rule("GET", "/volumes/{name}", Operation.VOLUME_INSPECT, "volume", "name"),
    Rule("PUT", "/volumes/{name}", Operation.VOLUME_UPDATE, "volume", "name", Audit.CHANGE),
    Rule("GET", "/configs", Operation.CONFIG_LIST, "config"),
    Rule("POST", "/configs/create", Operation.CONFIG_CREATE, "config", audit=Audit.SENSITIVE),
    Rule("DELETE", "/configs/{id}", Operation.CONFIG_REMOVE, "config", "id", Audit.CHANGE),
    Rule("GET", "/configs/{id}", Operation.CONFIG_INSPECT, "config", "id", Audit.SENSITIVE),
    Rule("POST", "/configs/{id}/update", Operation.CONFIG_UPDATE, "config", "id", Audit.SENSITIVE),
    Rule("GET", "/secrets", Operation.SECRET_LIST, "secret"),
    Rule("POST", "/secrets/create", Operation.SECRET_CREATE, "secret", audit=Audit.SENSITIVE),
    Rule("DELETE", "/secrets/{id}", Operation.SECRET_REMOVE, "secret", "id", Audit.CHANGE),
    Rule("GET", "/secrets/{id}", Operation.SECRET_INSPECT, "secret", "id", Audit.SENSITIVE),
    Rule("POST", "/secrets/{id}/update", Operation.SECRET_UPDATE, "secret", "id", Audit.SENSITIVE),
    Rule("GET", "/nodes", Operation.NODE_LIST, "node"),
    Rule("DELETE", "/nodes/{id}", Operation.NODE_REMOVE, "node", "id", Audit.CHANGE),
    Rule("GET", "/nodes/{id}", Operation.NODE_INSPECT, "node", "id"),
    Rule("POST", "/nodes/{id}/update", Operation.NODE_UPDATE, "node", "id", Audit.CHANGE),
    Rule("GET", "/plugins", Operation.PLUGIN_LIST, "plugin"),
    Rule("POST", "/plugins/create", Operation.PLUGIN_CREATE, "plugin", "?name", Audit.CHANGE, is_json=False),
    Rule("GET", "/plugins/privileges", Operation.PLUGIN_PRIVILEGES, "plugin", "?remote"),
    Rule("POST", "/plugins/pull", Operation.PLUGIN_INSTALL, "plugin", "?remote", Audit.CHANGE, is_json=False),
    Rule("DELETE", "/plugins/{name:.*}", Operation.PLUGIN_REMOVE, "plugin", "name", Audit.CHANGE),
    Rule("GET", "/plugins/{name:.*}/json", Operation.PLUGIN_INSPECT, "plugin", "name"),
    Rule("POST", "/plugins/{name:.*}/disable", Operation.PLUGIN_DISABLE, "plugin", "name", Audit.CHANGE),
    Rule("POST", "/plugins/{name:.*}/enable", Operation.PLUGIN_ENABLE, "plugin", "name", Audit.CHANGE),
    Rule("POST", "/plugins/{name:.*}/push", Operation.PLUGIN_PUSH, "plugin", "name", Audit.CHANGE),
    Rule("POST", "/plugins/{name:.*}/set", Operation.PLUGIN_SET, "plugin", "name", Audit.CHANGE, is_json=False),
    Rule("POST", "/plugins/{name:.*}/upgrade", Operation.PLUGIN_UPGRADE, "plugin", "name", Audit.CHANGE, is_json=False),
    Rule("GET", "/services", Operation.SERVICE_LIST, "service"),
    Rule("POST", "/services/create", Operation.SERVICE_CREATE, "service", audit=Audit.CHANGE),
    Rule("DELETE", "/services/{id}", Operation.SERVICE_REMOVE, "service", "id", Audit.CHANGE),
    Rule("GET", "/services/{id}", Operation.SERVICE_INSPECT, "service", "id"),
    Rule("GET", "/services/{id}/logs", Operation.SERVICE_LOGS, "service", "id"),
    Rule("POST", "/services/{id}/update", Operation.SERVICE_UPDATE, "service", "id", Audit.CHANGE),
    Rule("GET", "/swarm", Operation.SWARM_INSPECT, "swarm", audit=Audit.SENSITIVE),
    Rule("POST", "/swarm/init", Operation.SWARM_INIT, "swarm", audit=Audit.SENSITIVE),
    Rule("POST", "/swarm/join", Operation.SWARM_JOIN, "swarm", audit=Audit.SENSITIVE),
    Rule("POST", "/swarm/leave", Operation.SWARM_LEAVE, "swarm", audit=Audit.SENSITIVE),
    Rule("POST", "/swarm/unlock", Operation.SWARM_UNLOCK, "swarm", audit=Audit.SENSITIVE),
    Rule("POST", "/swarm/update", Operation.SWARM_UPDATE, "swarm", audit=Audit.SENSITIVE),
    Rule("GET", "/swarm/unlockkey", Operation.SWARM_UNLOCK_KEY, "swarm", audit=Audit.SENSITIVE),
    Rule("GET", "/tasks", Operation.TASK_LIST, "task"),
    Rule("GET", "/tasks/{id}", Operation.TASK_INSPECT, "task", "id"),
    Rule("GET", "/tasks/{id}/logs", Operation.TASK_LOGS, "task", "id"),
)

NEVER: Final = (
    Never("POST", "/grpc", "it carries BuildKit's own protocol, which cannot be looked into"),
    Never(
        "POST", "/containers/{id}/copy", "it left the API with version 1.24; files are read at /containers/ID/archive"
    ),
    Never("GET", "/debug/{rest:.*}", "it is the daemon's own debugging interface"),
    Never("POST", "/containers/{id}/checkpoints", "it is experimental, and reads a container's memory"),
    Never("GET", "/containers/{id}/checkpoints", "it is experimental"),
)

ROWS: Final = Table(TABLE, NEVER)
