"""What somebody who does not rule a host may write into a service, a secret or a config: allow-lists as for containers.

A service is a container on any node of the swarm, so the rules of the host hold for it too (Docker API 1.51).
"""

import functools
from typing import Any, Final

from webui.gate import mounting
from webui.gate.checks import Check, anything, each, fields, nothing, only
from webui.gate.restrictions import ULIMITS, capability, image, namespace, sysctls
from webui.ownership.rules import Rules

_NAMES: Final = ("Name", "Labels")
# A secret's or config's file in the container; which one it is, and whose, is looked at in webui.gate.naming.
_FILE: Final = {"File": anything, "Runtime": nothing}


def _networks(rules: Rules) -> Check:
    """As for containers; also by their ids, as the docker CLI gives them. That such an id is not one of the host's own
    networks, is looked at elsewhere (webui.gate.belongings).
    """
    of_the_host = namespace(rules, "network")

    def network(value: Any) -> str | None:
        if value == "host":
            return of_the_host(value)
        if isinstance(value, str) and mounting.VOLUME.fullmatch(value) and value.casefold() not in {"host", "ingress"}:
            return None
        return f"{value!r} is not for you: a network of its own, by name, is"

    return each(fields({"Target": network, "Aliases": anything, "DriverOpts": nothing}))


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
            "Networks": _networks(rules),
            "Runtime": only("container"),
        }
    )
    return fields(
        {
            **dict.fromkeys((*_NAMES, "EndpointSpec", "Mode", "RollbackConfig", "UpdateConfig"), anything),
            "Networks": _networks(rules),
            "TaskTemplate": task,
        }
    )


def service_update(_rules: Rules) -> Check:
    """The parameters of an update."""

    def check(query: Any) -> str | None:
        if query.get("rollback"):
            return "rollback: what it was before is not in the request; write what it shall be"
        return None

    return check


_DATA: Final = fields({**dict.fromkeys((*_NAMES, "Data"), anything), "Driver": nothing, "Templating": nothing})


def data(_rules: Rules) -> Check:
    """The body of a secret or a config. A driver would be a plugin of the host."""
    return _DATA
