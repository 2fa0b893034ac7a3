"""The flags of `docker run` and `docker create` (CLI 28), and reading them as the CLI does: pflag's rules.

Flags end at the first word that is none: that is the image, and what follows it is the command.
"""

from collections.abc import Sequence
from typing import Final

from webui.containers.dialects import DialectError
from webui.containers.dialects.values import read_bool

Options = dict[str, list[str]]

SHORT: Final = {
    "a": "attach", "c": "cpu-shares", "d": "detach", "e": "env", "h": "hostname", "i": "interactive", "l": "label",
    "m": "memory", "p": "publish", "P": "publish-all", "q": "quiet", "t": "tty", "u": "user", "v": "volume",
    "w": "workdir",
}  # fmt: skip
# Names of before that the CLI still takes.
RENAMED: Final = {"net": "network", "net-alias": "network-alias", "dns-opt": "dns-option"}

SWITCHES: Final = frozenset({
    "detach", "disable-content-trust", "help", "init", "interactive", "no-healthcheck", "oom-kill-disable",
    "privileged", "publish-all", "quiet", "read-only", "rm", "sig-proxy", "tty", "use-api-socket",
})  # fmt: skip
LISTS: Final = frozenset({
    "add-host", "annotation", "attach", "blkio-weight-device", "cap-add", "cap-drop", "device", "device-cgroup-rule",
    "device-read-bps", "device-read-iops", "device-write-bps", "device-write-iops", "dns", "dns-option", "dns-search",
    "env", "env-file", "expose", "gpus", "group-add", "label", "label-file", "link", "link-local-ip", "log-opt",
    "mount", "network", "network-alias", "publish", "security-opt", "storage-opt", "sysctl", "tmpfs", "ulimit",
    "volume", "volumes-from",
})  # fmt: skip
SINGLE: Final = frozenset({
    "blkio-weight", "cgroup-parent", "cgroupns", "cidfile", "cpu-count", "cpu-percent", "cpu-period", "cpu-quota",
    "cpu-rt-period", "cpu-rt-runtime", "cpu-shares", "cpus", "cpuset-cpus", "cpuset-mems", "detach-keys",
    "domainname", "entrypoint", "health-cmd", "health-interval", "health-retries", "health-start-interval",
    "health-start-period", "health-timeout", "hostname", "io-maxbandwidth", "io-maxiops", "ip", "ip6", "ipc",
    "isolation", "kernel-memory", "log-driver", "mac-address", "memory", "memory-reservation", "memory-swap",
    "memory-swappiness", "name", "oom-score-adj", "pid", "pids-limit", "platform", "pull", "restart", "runtime",
    "shm-size", "stop-signal", "stop-timeout", "user", "userns", "uts", "volume-driver", "workdir",
})  # fmt: skip
FLAGS: Final = SWITCHES | LISTS | SINGLE


def read_flags(words: Sequence[str]) -> tuple[Options, list[str]]:
    """(values of each flag given, the words from the image on). Of a flag for one value the last one counts."""
    options: Options = {}
    rest = list(words)
    while rest:
        word = rest[0]
        if word == "--":
            return options, rest[1:]
        if not word.startswith("-") or word == "-":
            break
        rest = _read_long(rest, options) if word.startswith("--") else _read_short(rest, options)
    return options, rest


def _read_long(words: list[str], options: Options) -> list[str]:
    name, sign, value = words[0][2:].partition("=")
    name = _known(name, f"--{name}")
    if sign or name in SWITCHES:
        _put(options, name, value if sign else "true")
        return words[1:]
    return _with_next(words, options, name, f"--{name}")


def _read_short(words: list[str], options: Options) -> list[str]:
    letters = words[0][1:]
    for place, letter in enumerate(letters):
        if letter not in SHORT:
            shown = "" if len(letters) == 1 else f" (in {words[0]})"
            raise DialectError(f"docker run has no flag -{letter}{shown}.")
        name, after = SHORT[letter], letters[place + 1 :]
        if after.startswith("="):
            _put(options, name, after[1:])
            return words[1:]
        if name in SWITCHES:
            _put(options, name, "true")
        elif after:
            _put(options, name, after)
            return words[1:]
        else:
            return _with_next(words, options, name, f"-{letter}")
    return words[1:]


def _with_next(words: list[str], options: Options, name: str, shown: str) -> list[str]:
    if len(words) < 2:
        raise DialectError(f"{shown} needs a value after it.")
    _put(options, name, words[1])
    return words[2:]


def _known(name: str, shown: str) -> str:
    name = RENAMED.get(name, name)
    if name not in FLAGS:
        raise DialectError(f"docker run has no flag {shown}.")
    return name


def _put(options: Options, name: str, value: str) -> None:
    if name in SWITCHES:
        try:
            options[name] = ["true" if read_bool(value) else "false"]
        except DialectError as error:
            raise DialectError(f"--{name}: {error}") from None
    elif name in LISTS:
        options.setdefault(name, []).append(value)
    else:
        options[name] = [value]
