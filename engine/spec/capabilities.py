"""Which capabilities a container gets (capabilities(7); Docker's defaults and its words for adding and dropping)."""

from collections.abc import Iterable, Mapping
from typing import Any

from engine.errors import InvalidArgument

# In the order of their numbers in linux/capability.h.
_ALL = (
    "CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE NET_BIND_SERVICE"
    " NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT"
    " SYS_ADMIN SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP"
    " MAC_OVERRIDE MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE"
)
ALL_CAPABILITIES: tuple[str, ...] = tuple(f"CAP_{name}" for name in _ALL.split())

_DEFAULT = (
    "CHOWN DAC_OVERRIDE FSETID FOWNER MKNOD NET_RAW SETGID SETUID SETFCAP SETPCAP NET_BIND_SERVICE SYS_CHROOT KILL"
    " AUDIT_WRITE"
)
DEFAULT_CAPABILITIES: frozenset[str] = frozenset(f"CAP_{name}" for name in _DEFAULT.split())


def names_of(mask: int) -> frozenset[str]:
    """The capabilities whose bits are set."""
    return frozenset(name for bit, name in enumerate(ALL_CAPABILITIES) if mask >> bit & 1)


def in_kernel_order(names: Iterable[str]) -> list[str]:
    """The same names, sorted by number, so that equal sets give equal documents."""
    wanted = frozenset(names)
    return [name for name in ALL_CAPABILITIES if name in wanted]


def effective_capabilities(host_config: Mapping[str, Any], available: frozenset[str]) -> frozenset[str]:
    """What Privileged, CapAdd and CapDrop come to, out of what is `available` on this machine.

    Raises InvalidArgument for a name that does not exist and for one added by name that this machine does not have;
    ALL and Privileged mean all that there are here.
    """
    if host_config.get("Privileged"):
        return available
    added = _parse(host_config.get("CapAdd") or (), "CapAdd")
    dropped = _parse(host_config.get("CapDrop") or (), "CapDrop")
    if missing := in_kernel_order(added - {"ALL"} - available):
        raise InvalidArgument(
            f"invalid CapAdd: {', '.join(missing)} is not in the bounding set of this engine on this machine: "
            "leave it out, or start the engine with that capability"
        )
    # As moby does: ALL on either side is the starting point, and the names on the other side are exceptions to it.
    if "ALL" in added:
        return available - dropped
    if "ALL" in dropped:
        return added
    return (DEFAULT_CAPABILITIES & available) - dropped | added


def _parse(names: Iterable[str], key: str) -> frozenset[str]:
    return frozenset(_normal(name, key) for name in names)


def _normal(name: str, key: str) -> str:
    upper = name.upper()
    if upper == "ALL":
        return upper
    full = upper if upper.startswith("CAP_") else f"CAP_{upper}"
    if full not in ALL_CAPABILITIES:
        raise InvalidArgument(f'invalid {key}: unknown capability: "{name}"')
    return full
