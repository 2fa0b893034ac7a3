"""The OCI config.json of a container (OCI runtime specification 1.0.2), after the example of what dockerd writes."""

from collections.abc import Sequence
from typing import Any

from engine.errors import InvalidArgument
from engine.spec.capabilities import effective_capabilities, in_kernel_order
from engine.spec.devices import device_binds, device_rules, devices
from engine.spec.facts import HostFacts
from engine.spec.mounts import container_mounts, rootfs_propagation
from engine.spec.paths import MASKED_PATHS, READ_ONLY_PATHS
from engine.spec.request import SpecRequest
from engine.spec.resources import linux_resources
from engine.spec.users import ProcessUser

_DEFAULT_PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_INIT_IN_CONTAINER = "/sbin/docker-init"
_NAMESPACE_TYPES = {"ipc": "ipc", "pid": "pid", "uts": "uts"}


def build_spec(request: SpecRequest) -> dict[str, Any]:
    """The document that the runtime is given. Raises InvalidArgument for what the host cannot give the container.

    Pure but for HostConfig.Devices, whose numbers are read from the host's device files.
    """
    spec: dict[str, Any] = {
        "ociVersion": "1.0.2",
        "process": _process(request),
        "root": {"path": str(request.rootfs), "readonly": bool(request.host_config.get("ReadonlyRootfs"))},
        "mounts": [*container_mounts(request), *(device_binds(request.host_config) if request.userns else ())],
        "linux": _linux(request),
    }
    if _has_own_uts(request) and request.hostname:
        spec["hostname"] = request.hostname
    if request.annotations:
        spec["annotations"] = dict(request.annotations)
    return spec


def exec_process(
    spec: dict[str, Any],
    args: Sequence[str],
    *,
    facts: HostFacts,
    env: Sequence[str] = (),
    cwd: str = "",
    user: ProcessUser | None = None,
    tty: bool = False,
    privileged: bool = False,
) -> dict[str, Any]:
    """The OCI process of `docker exec` in the container of `spec`: its environment, capabilities and limits, then ours.

    `user` None keeps the container's.
    """
    of_container = spec["process"]
    process: dict[str, Any] = {
        **of_container,
        "terminal": tty,
        "args": list(args),
        "cwd": cwd or of_container["cwd"],
        "env": _merged([*of_container["env"], *(["TERM=xterm"] if tty else [])], env),
    }
    process.pop("consoleSize", None)
    if user is not None:
        process["user"] = _user(user)
        process["env"] = _merged([f"HOME={user.home}"], [e for e in process["env"] if not e.startswith("HOME=")])
    if privileged:
        process["capabilities"] = _capability_sets(in_kernel_order(facts.capabilities), is_root=True)
        process.pop("apparmorProfile", None)
    elif user is not None:
        process["capabilities"] = _capability_sets(of_container["capabilities"]["bounding"], is_root=user.uid == 0)
    return process


def _process(request: SpecRequest) -> dict[str, Any]:
    host = request.host_config
    if not request.args:
        raise InvalidArgument("No command specified")
    names = in_kernel_order(effective_capabilities(host, request.facts.capabilities))
    process: dict[str, Any] = {
        "terminal": request.tty,
        "user": _user(request.user),
        "args": _with_init(request),
        "env": _environment(request),
        "cwd": request.cwd or "/",
        "capabilities": _capability_sets(names, is_root=request.user.uid == 0),
        "noNewPrivileges": _no_new_privileges(host.get("SecurityOpt") or ()),
        "oomScoreAdj": host.get("OomScoreAdj") or 0,
    }
    if limits := [_rlimit(limit, request.facts) for limit in host.get("Ulimits") or ()]:
        process["rlimits"] = limits
    if profile := _apparmor_profile(request):
        process["apparmorProfile"] = profile
    if request.labels is not None:
        process["selinuxLabel"] = request.labels.process
    height, width = host.get("ConsoleSize") or (0, 0)
    if request.tty and height and width:
        process["consoleSize"] = {"height": height, "width": width}
    return process


def _linux(request: SpecRequest) -> dict[str, Any]:
    host, is_privileged = request.host_config, bool(request.host_config.get("Privileged"))
    linux: dict[str, Any] = {
        "cgroupsPath": request.cgroup_path,
        "namespaces": _namespaces(request),
        "resources": linux_resources(host, has_swap_limit=request.facts.has_swap_limit)
        | {"devices": device_rules(host)},
        "devices": [] if request.userns else devices(host),
        "maskedPaths": _paths(host.get("MaskedPaths"), MASKED_PATHS, is_privileged=is_privileged),
        "readonlyPaths": _paths(host.get("ReadonlyPaths"), READ_ONLY_PATHS, is_privileged=is_privileged),
        "rootfsPropagation": rootfs_propagation(request.mounts),
    }
    if request.labels is not None:
        linux["mountLabel"] = request.labels.mount
    sysctl = dict(host.get("Sysctls") or {})
    if request.domainname and _has_own_uts(request):
        sysctl.setdefault("kernel.domainname", request.domainname)
    if sysctl:
        linux["sysctl"] = sysctl
    if request.seccomp is not None:
        linux["seccomp"] = dict(request.seccomp)
    return linux


def _namespaces(request: SpecRequest) -> list[dict[str, str]]:
    """Every kind that the container does not share with the host; those of other containers by their path."""
    host = request.host_config
    found: list[dict[str, str]] = [{"type": "mount"}]
    for key, kind in _NAMESPACE_TYPES.items():
        if key in request.joined:
            found.append({"type": kind, "path": str(request.joined[key])})
        elif host.get(f"{_config_key(key)}Mode") != "host":
            found.append({"type": kind})
    if request.userns is not None:
        found.append({"type": "user", "path": str(request.userns)})
    if request.netns is not None:
        found.append({"type": "network", "path": str(request.netns)})
    # Docker's defaults: a private cgroup namespace on the unified hierarchy, the host's on version 1.
    default = "private" if request.facts.cgroup_v2 else "host"
    if (host.get("CgroupnsMode") or default) == "private":
        found.append({"type": "cgroup"})
    return found


def _config_key(namespace: str) -> str:
    return {"ipc": "Ipc", "pid": "Pid", "uts": "UTS"}[namespace]


def _has_own_uts(request: SpecRequest) -> bool:
    return "uts" not in request.joined and request.host_config.get("UTSMode") != "host"


def _with_init(request: SpecRequest) -> list[str]:
    if request.init is None:
        return list(request.args)
    return [_INIT_IN_CONTAINER, "--", *request.args]


def _environment(request: SpecRequest) -> list[str]:
    base = [_DEFAULT_PATH]
    if request.hostname:
        base.append(f"HOSTNAME={request.hostname}")
    if request.tty:
        base.append("TERM=xterm")
    return _merged([*base, f"HOME={request.user.home}"], request.env)


def _merged(base: Sequence[str], given: Sequence[str]) -> list[str]:
    """Later entries win, the place of the first stays; an entry without `=` removes the name, as in the API."""
    merged: dict[str, str] = {}
    for entry in [*base, *given]:
        name, equals, _ = entry.partition("=")
        if equals:
            merged[name] = entry
        else:
            merged.pop(name, None)
    return list(merged.values())


def _user(user: ProcessUser) -> dict[str, Any]:
    document: dict[str, Any] = {"uid": user.uid, "gid": user.gid}
    if user.additional_gids:
        document["additionalGids"] = list(user.additional_gids)
    return document


def _capability_sets(names: Sequence[str], *, is_root: bool) -> dict[str, list[str]]:
    """Root holds all; another user may only gain them back by a file's capabilities, so only the bounding set has them.

    The inheritable set stays empty (CVE-2022-24769).
    """
    held = list(names) if is_root else []
    return {"bounding": list(names), "effective": held, "permitted": held, "inheritable": [], "ambient": []}


def _no_new_privileges(options: Sequence[str]) -> bool:
    for option in options:
        name, _, value = option.replace("=", ":", 1).partition(":")
        if name == "no-new-privileges":
            return value in ("", "true", "True", "1")
    return False


def _apparmor_profile(request: SpecRequest) -> str | None:
    for option in request.host_config.get("SecurityOpt") or ():
        name, _, value = option.replace("=", ":", 1).partition(":")
        if name == "apparmor":
            if value != "unconfined" and not request.facts.has_apparmor:
                raise InvalidArgument(f"AppArmor is not enabled on this machine: cannot apply profile {value}")
            return str(value)
    return None if request.host_config.get("Privileged") else request.facts.default_apparmor_profile


def _rlimit(limit: dict[str, Any], facts: HostFacts) -> dict[str, Any]:
    name, soft, hard = str(limit["Name"]).lower(), int(limit["Soft"]), int(limit["Hard"])
    if name == "nofile" and hard > facts.nofile_limit and "CAP_SYS_RESOURCE" not in facts.capabilities:
        raise InvalidArgument(
            f"invalid ulimit nofile={soft}:{hard}: this engine may give at most {facts.nofile_limit} on this machine "
            "(it lacks CAP_SYS_RESOURCE)"
        )
    return {"type": f"RLIMIT_{name.upper()}", "soft": _unsigned(soft), "hard": _unsigned(hard)}


def _unsigned(value: int) -> int:
    """-1 is how the API says unlimited; OCI has the kernel's RLIM_INFINITY."""
    return value if value >= 0 else 2**64 - 1


def _paths(given: Sequence[str] | None, default: Sequence[str], *, is_privileged: bool) -> list[str]:
    """None is the default, an empty list is none (`systempaths=unconfined` of the CLI); privileged has none."""
    if is_privileged:
        return []
    return list(default if given is None else given)
