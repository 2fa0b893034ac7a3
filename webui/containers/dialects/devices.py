"""Devices, GPUs and limits of devices as text, read into the API's objects and back."""

import re
from collections.abc import Mapping
from typing import Any, Final

from webui.containers.dialects import DialectError, Raw
from webui.containers.dialects.values import pair, read_bytes, read_csv, read_int, write_bytes, write_csv

# Container Device Interface: vendor.com/class=name.
_CDI: Final = re.compile(
    r"[A-Za-z][A-Za-z0-9_.-]*[A-Za-z0-9]/[A-Za-z][A-Za-z0-9_-]*[A-Za-z0-9]=[A-Za-z0-9][A-Za-z0-9_.:-]*"
)
# Flag and field of what is limited per device; rates of bytes are written as sizes.
RATES: Final = (
    ("device-read-bps", "BlkioDeviceReadBps"), ("device-write-bps", "BlkioDeviceWriteBps"),
    ("device-read-iops", "BlkioDeviceReadIOps"), ("device-write-iops", "BlkioDeviceWriteIOps"),
)  # fmt: skip


def is_cdi(text: str) -> bool:
    return _CDI.fullmatch(text) is not None


def read_device(text: str) -> Raw:
    """The API's DeviceMapping of `/dev/a`, `/dev/a:/dev/b`, `/dev/a:r` or `/dev/a:/dev/b:rwm`."""
    source, *more = text.split(":")
    target, access = source, "rwm"
    if more and _is_access(more[-1]):
        access = more.pop()
    if more:
        target = more.pop()
    if more or not source or not target.startswith("/"):
        raise DialectError(f"“{text}” is not a device: /dev/one, /dev/one:/dev/other or with :rwm after it.")
    return {"PathOnHost": source, "PathInContainer": target, "CgroupPermissions": access}


def _is_access(text: str) -> bool:
    return bool(text) and set(text) <= set("rwm") and len(set(text)) == len(text)


def write_device(device: Mapping[str, Any]) -> str:
    source, target = str(device.get("PathOnHost", "")), str(device.get("PathInContainer", ""))
    access = str(device.get("CgroupPermissions") or "rwm")
    moved = f":{target}" if target and target != source else ""
    return f"{source}{moved}{'' if access == 'rwm' else f':{access}'}"


def read_gpus(text: str) -> Raw:
    """The API's DeviceRequest of `all`, `2` or `"device=0,1",capabilities=utility`."""
    request: Raw = {}
    for part in read_csv(text):
        key, sign, value = part.partition("=")
        key, value = (key, value) if sign else ("count", key)
        if key in request:
            raise DialectError(f"“{text}” says {key} twice.")
        request[key] = value
    if unknown := set(request) - {"driver", "count", "device", "capabilities", "options"}:
        raise DialectError(f"“{text}”: GPUs have no {min(unknown)}.")
    read: Raw = {"Capabilities": [[*_commas(request.get("capabilities")), "gpu"]], "Options": {}}
    if "driver" in request:
        read["Driver"] = request["driver"]
    if "device" in request:
        read["DeviceIDs"] = _commas(request["device"])
    if "options" in request:
        read["Options"] = dict(pair(option, what="an option") for option in read_csv(request["options"]))
    if "count" in request:
        read["Count"] = _count(request["count"])
    elif "device" not in request:
        read["Count"] = 1
    return read


def _commas(text: str | None) -> list[str]:
    return text.split(",") if text else []


def _count(text: str) -> int:
    if text == "all":
        return -1
    if not text.isdecimal():
        raise DialectError(f"“{text}” is not a number of GPUs, nor all of them.")
    return int(text)


def write_gpus(request: Mapping[str, Any]) -> tuple[str, list[str]]:
    """What `--gpus` must be given, and what of the request it has no words for."""
    capabilities = [list(one) for one in request.get("Capabilities") or []]
    if len(capabilities) > 1 or (capabilities and "gpu" not in capabilities[0]):
        return "", [f"DeviceRequests ({request.get('Driver') or 'any driver'})"]
    parts = [f"driver={request['Driver']}"] if request.get("Driver") else []
    count = int(request.get("Count") or 0)
    if count:
        parts.append("all" if count == -1 else f"count={count}")
    if ids := request.get("DeviceIDs"):
        parts.append(f"device={','.join(ids)}")
    if further := [name for name in (capabilities[0] if capabilities else []) if name != "gpu"]:
        parts.append(f"capabilities={','.join(further)}")
    if options := request.get("Options"):
        parts.append(f"options={write_csv(f'{name}={value}' for name, value in options.items())}")
    return write_csv(parts) or "count=0", []


def read_weight(text: str) -> Raw:
    path, weight = _device_and(text)
    number = read_int(weight)
    if number and not 10 <= number <= 1000:
        raise DialectError(f"“{text}”: a weight is from 10 to 1000.")
    return {"Path": path, "Weight": number}


def read_rate(text: str, *, in_bytes: bool) -> Raw:
    path, rate = _device_and(text)
    return {"Path": path, "Rate": read_bytes(rate) if in_bytes else read_int(rate)}


def write_rate(limit: Mapping[str, Any], *, in_bytes: bool) -> str:
    rate = int(limit.get("Rate") or 0)
    return f"{limit.get('Path')}:{write_bytes(rate) if in_bytes else rate}"


def _device_and(text: str) -> tuple[str, str]:
    path, sign, value = text.rpartition(":")
    if not sign or not path.startswith("/dev/"):
        raise DialectError(f"“{text}” is not a device and its limit, such as /dev/sda:10mb.")
    return path, value
