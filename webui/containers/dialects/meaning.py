"""What a create body says beyond what every engine assumes: the fields worth writing down, and those left over."""

from collections.abc import Collection, Mapping
from typing import Any, Final

# As inspect shows them of a container of which nobody said anything.
_ASSUMED: Final[Mapping[str, tuple[Any, ...]]] = {
    "IpcMode": ("private",), "CgroupnsMode": ("private",), "Runtime": ("runc",),
    "ShmSize": (64 << 20,), "LogConfig": ({"Type": "json-file", "Config": {}},), "Isolation": ("default",),
    "MemorySwappiness": (-1,), "ConsoleSize": ([0, 0],), "PidsLimit": (-1,),
    "RestartPolicy": ({"Name": "no", "MaximumRetryCount": 0}, {"Name": "no"}, {"Name": ""},
                      {"Name": "", "MaximumRetryCount": 0}),
    "NetworkMode": ("default", "bridge"), "StopSignal": ("SIGTERM",),
}  # fmt: skip
# What the one who attaches decides, or what only the client's machine knows.
_OF_THE_CLIENT: Final = frozenset({
    "AttachStdin", "AttachStdout", "AttachStderr", "ConsoleSize", "ContainerIDFile", "ArgsEscaped",
})  # fmt: skip
# Engines fill these in by themselves; without an empty list they are what every container has.
PATHS: Final = ("MaskedPaths", "ReadonlyPaths")


def says_something(field: str, value: Any) -> bool:
    """Whether leaving the field out would make another container. An `Init` of false takes away the host's default."""
    if field in {"Init", "StopTimeout", "MemorySwappiness"} and value is not None:
        return value not in _ASSUMED.get(field, ())
    if value in (None, "", 0, [], {}) or field in _OF_THE_CLIENT or field in PATHS:
        return False
    return all(value != assumed for assumed in _ASSUMED.get(field, ()))


def lean(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {field: value for field, value in fields.items() if says_something(field, value)}


def has_open_paths(host: Mapping[str, Any]) -> bool:
    """Whether /proc and /sys are open to it, which the CLI calls systempaths=unconfined."""
    return all(host.get(field) == [] for field in PATHS)


def left_over(fields: Mapping[str, Any], written: Collection[str], *, prefix: str = "") -> list[str]:
    """Names of fields that say something and that nothing was written for."""
    return [f"{prefix}{field}" for field in lean(fields) if field not in written]
