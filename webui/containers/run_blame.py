"""What an engine's refusal is about: the field that caused it, and what to say there.

dockerd, Podman and our engine say the same things in nearly the same words; what is not known here stays as it is.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class _Known:
    """What engines say, and which fields can be to blame, the likeliest first. The group `it` of the pattern is what
    was typed there. With `words` of ours the first field is blamed even where nothing was typed."""

    pattern: re.Pattern[str]
    fields: tuple[str, ...]
    words: str = ""


def _known(pattern: str, fields: str, words: str = "") -> _Known:
    return _Known(re.compile(pattern, re.IGNORECASE), tuple(fields.split()), words)


_KNOWN: Final = (
    _known("port is already allocated|bind: address already in use|listen .*address already in use", "ports",
           "This port is taken by another program on the host. Choose another one, or leave it empty."),
    _known("name .*is already in use", "name", "Taken a moment ago by another container. Choose another name."),
    _known("no such image|image not known", "image", "This host has no image {image}."),
    _known("does not match the specified platform|platform", "platform"),
    _known("rlimit.*operation not permitted", "ulimits",
           "The host may not give these limits: one of them, or one that it adds itself, is above its own."),
    _known(r"unable to find user (?P<it>[^:]+)|unknown user|matching entries in passwd", "user"),
    _known(r"unable to find group (?P<it>[^:]+)|matching entries in group", "user groups"),
    _known("chdir to cwd|working directory|is not a directory.*cwd", "workdir"),
    _known("network .*not found", "networks", "This network is gone. Choose another one."),
    _known(r"address already in use|user specified IP|no configured subnet|invalid IP address: (?P<it>\S+)"
           r"|invalid IPv[46] address|unable to parse ip (?P<that>\S+)", "networks dns extra_hosts"),
    _known("mac.?address", "networks"),
    _known(r"no such container: (?P<it>\S+)|no container with name or ID \"?(?P<that>[^\s\"]+)",
           "links volumes_from pid ipc networks"),
    _known("links? .*only supported|conflicting options.*link", "links"),
    _known(r"invalid volume specification: '?(?P<it>[^']+)|duplicate mount point: (?P<that>\S+)",
           "mounts binds_more mounts_long tmpfs nameless"),
    _known(r"invalid mode: (?P<it>\S+)", "binds_more volumes_from"),
    _known("tmpfs", "tmpfs"),
    _known(r"invalid mount config.*(?P<it>/\S*)|mount config|bind source path|mounting .*(?P<that>/\S+) to rootfs",
           "mounts_long mounts binds_more"),
    _known("volume driver|error looking up volume plugin|no volume plugin", "volume_driver mounts_long"),
    _known("storage.opt|quota", "storage_opt"),
    _known("shm.?size", "shm_size"),
    _known("timeout in healthcheck", "health_timeout"), _known("startinterval in healthcheck", "health_start_interval"),
    _known("startperiod in healthcheck", "health_start"), _known("interval in healthcheck", "health_interval"),
    _known("retries in healthcheck", "health_retries"), _known("healthcheck", "health_test"),
    _known("restart.?policy|maximum retry count", "restart"),
    _known("signal", "stop_signal"),
    _known("swappiness", "swappiness"),
    _known("memory nodes|cpuset.mems|mems", "cpuset_mems"), _known("cpuset|requested cpus", "cpuset"),
    _known("cfs period|cpu.period", "cpu_period"), _known("cfs quota|cpu.quota", "cpu_quota"),
    _known("rt_period|real.?time.?period", "cpu_rt_period"), _known("rt_runtime|real.?time", "cpu_rt_runtime"),
    _known("range of cpus|nano.?cpus", "cpus"), _known("cpu.?shares", "cpu_shares"),
    _known("memory.?swap", "swap"), _known("memory.?reservation|memory soft limit", "reservation"),
    _known("memory limit", "memory"), _known("pids.?limit", "pids"),
    _known("blkio.weight.?device", "blkio_weights"), _known("blkio.*weight", "blkio_weight"),
    _known(r"blkio|throttl", "read_bps write_bps read_iops write_iops"),
    _known("oom.?score", "oom_score"), _known("oom.?kill", "oom_kill_disable"),
    _known("capadd", "cap_add"), _known("capdrop", "cap_drop"),
    _known(r"device cgroup rule", "device_rules"),
    _known(r"device driver|nvidia|gpu|\bcdi\b", "gpus devices"),
    _known(r"custom device \"(?P<it>[^\"]+)|device", "devices blkio_weights read_bps write_bps read_iops write_iops"),
    _known("seccomp|apparmor|selinux|security.?opt", "security_opt"),
    _known("log opt|log.?option", "log_options"), _known("logging|log.?driver|logger", "log_driver"),
    _known("(invalid|unknown).*runtime|runtime .*not (found|installed)", "runtime"),
    _known("isolation", "isolation"), _known("sysctl|sys/net|/proc/sys", "sysctls"),
    _known("ulimit", "ulimits"), _known("host.?name", "hostname"),
    _known("cgroup.?parent|parent cgroup", "cgroup_parent"),
    _known("executable file not found|exec.*no such file or directory", "command",
           "The image has no program “{program}”."),
    _known("(exec|oci).*permission denied", "command", "The host cannot execute “{program}”: permission denied."),
    _known("no command specified", "command",
           "The image names no command of its own: say what to run, such as sleep 60."),
)  # fmt: skip
# Texts so short stand in a message by chance, and these fields hold words that many messages repeat.
_SHORTEST: Final = 4
_NOT_BY_TEXT: Final = frozenset({"image", "name", "command", "entrypoint"})


def blamed_field(message: str, *, image: str, program: str, typed: Mapping[str, str]) -> tuple[str | None, str]:
    """(field, words) for an engine's error message; no field where none of ours is to blame.

    `typed` is what stands in each field, with `ports`, `mounts` and `networks` for the rows of those.
    """
    words = f"The host refused: {message.strip().rstrip('.')}."
    for known in _KNOWN:
        if (found := known.pattern.search(message)) and (field_name := _culprit(known, found, typed)):
            return field_name, known.words.format(image=image, program=program) or words
    return _named_in(message, typed), words


def _culprit(known: _Known, found: re.Match[str], typed: Mapping[str, str]) -> str | None:
    if known.words:
        return known.fields[0]
    filled = [name for name in known.fields if typed.get(name, "").strip()]
    said = next((text.strip() for text in found.groupdict().values() if text), "")
    return next(iter([name for name in filled if said and said in typed[name]] or filled), None)


def _named_in(message: str, typed: Mapping[str, str]) -> str | None:
    """The one field a line of which the message repeats."""
    named = [name for name, text in typed.items() if name not in _NOT_BY_TEXT and stands_in(message, text.splitlines())]
    return named[0] if len(named) == 1 else None


def stands_in(message: str, texts: Sequence[str], *, shortest: int = _SHORTEST) -> bool:
    """Whether a message repeats one of these as a whole word."""
    long = [text.strip() for text in texts if len(text.strip()) >= shortest]
    return any(re.search(rf"(?<!\w){re.escape(text)}(?!\w)", message) for text in long)
