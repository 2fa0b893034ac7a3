"""What somebody who does not rule a host may write into a service, a secret or a config: allow-lists as for containers.

A service is a container on any node of the swarm, so the rules of the host hold for it too (Docker API 1.51).
"""

import functools
from typing import Any, Final

from webui.gate import mounting
from webui.gate.checks import Check, anything, each, fields, nothing, only
from webui.gate.restrictions import ULIMITS, capability, image, sysctls
from webui.ownership.rules import Rules

_NAMES: Final = ("Name", "Labels")
# A secret's or config's file in the container; which one it is, and whose, is looked at in webui.gate.naming.
_FILE: Final = {"File": anything, "Runtime": nothing}


def _network(value: Any) -> str | None:
    """By its name: an id could be that of the host's own network."""
    if isinstance(value, str) and mounting.VOLUME.fullmatch(value) and value not in {"host", "ingress"}:
        is_id = len(value) >= 12 and all(digit in "0123456789abcdefghijklmnopqrstuvwxyz" for digit in value)
        return f"{value!r} looks like an id; give the network by its name" if is_id else None
    return f"{value!r} is not for you: a network of its own, by name, is"


_NETWORKS: Final = each(fields({"Target": _network, "Aliases": anything, "DriverOpts": nothing}))


def _container_spec(rules: Rules) -> Check:
    return fields(
        {
            **dict.fromkeys(
                ("Labels", "Command", "Args", "Hostname", "Env", "Dir", "User", "Groups", "StopSignal", "TTY",
                 "OpenStdin", "ReadOnly", "StopGracePeriod", "HealthCheck", "Hosts", "DNSConfig", "Init",
                 "CapabilityDrop"),
                anything,
            ),
            "CapabilityAdd": each(capability(rules)),
            "Configs": each(fields({**_FILE, "ConfigID": anything, "ConfigName": anything})),
            "Image": image(rules),
            "Isolation": only("default"),
            "Mounts": each(mounting.mount(rules)),
            "OomScoreAdj": only(0),
            "Privileges": fields({"NoNewPrivileges": anything}),
            "Secrets": each(fields({**_FILE, "SecretID": anything, "SecretName": anything})),
            "Sysctls": sysctls(rules),
            "Ulimits": ULIMITS,
        }
    )  # fmt: skip


@functools.lru_cache(maxsize=64)
def service(rules: Rules) -> Check:
    """The body of a create and of an update."""
    task = fields(
        {
            **dict.fromkeys(("ForceUpdate", "Placement", "Resources", "RestartPolicy"), anything),
            "ContainerSpec": _container_spec(rules),
            "LogDriver": fields({"Name": only("json-file", "local", "journald", "none"), "Options": anything}),
            "Networks": _NETWORKS,
            "Runtime": only("container"),
        }
    )
    return fields(
        {
            **dict.fromkeys((*_NAMES, "EndpointSpec", "Mode", "RollbackConfig", "UpdateConfig"), anything),
            "Networks": _NETWORKS,
            "TaskTemplate": task,
        }
    )


_DATA: Final = fields({**dict.fromkeys((*_NAMES, "Data"), anything), "Driver": nothing, "Templating": nothing})


def data(_rules: Rules) -> Check:
    """The body of a secret or a config. A driver would be a plugin of the host."""
    return _DATA
