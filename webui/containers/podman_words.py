"""What Podman's inspect (4.3 to 5.x) says in words that its create does not take, put as Docker's API has it.

Pure. What Podman adds by itself to every container is left out, as it adds it again; what its answer does not hold at
all is said to whoever makes a container anew.
"""

import copy
import shlex
from collections.abc import Mapping
from typing import Any, Final

from django.utils.translation import gettext_lazy

Raw = dict[str, Any]

# What a create body may hold and Podman's inspect never tells again: nothing of it can be kept.
UNTOLD: Final = gettext_lazy(
    "Podman's Docker API does not tell everything that a container was given, so the new one does not get it: "
    "fixed IP and MAC addresses, sysctls, options of the log driver, annotations, storage options, rights on devices, "
    "unmasked paths, --ipc private. Whatever of this it has is to be given again."
)

# Podman's default network, which Docker's API calls by the mode `bridge`.
_DEFAULT_NETWORK: Final = "podman"
_ROOT: Final = {"", "0", "root", "0:0", "root:root"}
_PERIOD_US: Final = 100_000


def is_podmans(found: Mapping[str, Any]) -> bool:
    """Whether an inspection was answered by Podman: it alone calls every runtime `oci`."""
    return (found.get("HostConfig") or {}).get("Runtime") == "oci"


def untold_words(found: Mapping[str, Any]) -> str:
    """What to say before a container is made anew from this inspection; "" where that tells everything."""
    return str(UNTOLD) if is_podmans(found) else ""


def in_dockers_words(found: Mapping[str, Any], image: Mapping[str, Any] | None) -> Mapping[str, Any]:
    """The inspection of a container as Docker would have answered it; one that Docker did answer as it is."""
    if not is_podmans(found):
        return found
    networks = {
        # Each has a MAC address that was made up, or was not: nothing tells.
        name: {key: value for key, value in (held or {}).items() if key != "MacAddress"}
        for name, held in ((found.get("NetworkSettings") or {}).get("Networks") or {}).items()
    }
    config, host = copy.deepcopy(dict(found["Config"])), copy.deepcopy(dict(found["HostConfig"]))
    _put_config(config, (image or {}).get("Config") or {})
    _put_host(host)
    if host.get("NetworkMode") == "bridge":
        # It says this with every network; in Docker the first one stands here.
        host["NetworkMode"] = "bridge" if _DEFAULT_NETWORK in networks else min(networks, default="bridge")
        networks.pop(_DEFAULT_NETWORK, None)
    settings = {**(found.get("NetworkSettings") or {}), "Networks": networks}
    return {**found, "Config": config, "HostConfig": host, "NetworkSettings": settings}


def _put_config(config: Raw, image: Mapping[str, Any]) -> None:
    added = {"container=podman", "TERM=xterm", f"HOSTNAME={config.get('Hostname')}"}
    if config.get("User", "") in _ROOT:
        added.add("HOME=/root")
    config["Env"] = [pair for pair in config.get("Env") or [] if pair not in added]
    # It says both of these of every container, also where nobody chose them.
    if config.get("WorkingDir") == "/" and not image.get("WorkingDir"):
        config.pop("WorkingDir")
    if config.get("StopSignal") == "15" and not image.get("StopSignal"):
        config.pop("StopSignal")
    test = (config.get("Healthcheck") or {}).get("Test") or []
    if test[:1] == ["CMD"]:
        # Its create cuts such a list at every blank; a shell puts it together again.
        config["Healthcheck"]["Test"] = ["CMD-SHELL", shlex.join(test[1:])] if _has_blanks(test) else test


def _has_blanks(words: list[str]) -> bool:
    return any(word.split() != [word] for word in words)


def _put_host(host: Raw) -> None:
    host.pop("Runtime")
    host["Ulimits"] = [
        {**one, "Name": str(one["Name"]).removeprefix("RLIMIT_").lower()} for one in host.get("Ulimits") or []
    ]
    for mode in ("PidMode", "UTSMode", "UsernsMode", "CgroupnsMode"):
        if host.get(mode) == "private":
            host[mode] = ""
    # -1 and, where nothing of the memory is limited, 0 are said of what nobody has chosen.
    if host.get("MemorySwappiness") == -1 or not (host.get("Memory") or host.get("MemoryReservation")):
        host.pop("MemorySwappiness", None)
    if host.get("NanoCpus") and host.get("CpuPeriod") == _PERIOD_US:
        # It tells the same limit in both ways, and takes only one.
        host["CpuPeriod"] = host["CpuQuota"] = 0
    for device in host.get("Devices") or []:
        device["CgroupPermissions"] = device.get("CgroupPermissions") or "rwm"
