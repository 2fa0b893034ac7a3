"""Names of devices, `vendor.com/class=name`, and which of them a create request asks for. Pure."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from engine.errors import InvalidArgument

_NAME = re.compile(r"[a-zA-Z][\w.-]*[a-zA-Z0-9]/[a-zA-Z][\w-]*=[a-zA-Z0-9](?:[\w.:-]*[a-zA-Z0-9])?")
# Whose devices `--gpus` may mean, in this order.
_GPU_KINDS = ("nvidia.com/gpu", "amd.com/gpu", "intel.com/gpu")
_ALL = -1


def is_cdi_name(text: str) -> bool:
    return _NAME.fullmatch(text) is not None


def cdi_names(host_config: Mapping[str, Any], kinds: Iterable[str]) -> list[str]:
    """The devices of DeviceRequests and Devices; `kinds` are those that this host has.

    Raises InvalidArgument for what is no name and, in dockerd's words, for what nothing here can answer.
    """
    names = [
        device["PathOnHost"] for device in host_config.get("Devices") or () if is_cdi_name(device.get("PathOnHost", ""))
    ]
    for request in host_config.get("DeviceRequests") or ():
        names += _of_request(request, frozenset(kinds))
    return list(dict.fromkeys(names))


def _of_request(request: Mapping[str, Any], kinds: frozenset[str]) -> Iterator[str]:
    ids, count = [str(name) for name in request.get("DeviceIDs") or ()], int(request.get("Count") or 0)
    if ids and count:
        raise InvalidArgument("cannot set both Count and DeviceIDs on device request")
    if request.get("Driver") == "cdi":
        if count or request.get("Options"):
            raise InvalidArgument("a device request of driver cdi has DeviceIDs, and no Count and no Options")
        for name in ids:
            if not is_cdi_name(name):
                raise InvalidArgument(f"invalid CDI device name {name}: it is written vendor.com/class=name")
        yield from ids
        return
    kind = next((kind for kind in _GPU_KINDS if kind in kinds), None)
    if kind is None or not _wants_gpu(request) or not _is_of_vendor(str(request.get("Driver") or ""), kind):
        raise InvalidArgument(
            f'could not select device driver "{request.get("Driver") or ""}" with capabilities: '
            f"{_in_go(request.get('Capabilities') or [])}: no CDI specification on this host describes such devices"
        )
    if not ids:
        ids = ["all"] if count == _ALL else [str(number) for number in range(count)]
    yield from (f"{kind}={name}" for name in ids)


def _wants_gpu(request: Mapping[str, Any]) -> bool:
    """Capabilities is a list of alternatives; what a CDI device can do is for its vendor to say."""
    return any("gpu" in alternative or "nvidia" in alternative for alternative in request.get("Capabilities") or ())


def _is_of_vendor(driver: str, kind: str) -> bool:
    return not driver or kind.startswith(f"{driver}.com/")


def _in_go(alternatives: Iterable[Iterable[str]]) -> str:
    """As Go prints a slice of slices: [[gpu compute]]."""
    return "[" + " ".join(f"[{' '.join(alternative)}]" for alternative in alternatives) + "]"
