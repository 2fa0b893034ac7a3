"""Config of the API: the request and the image made into one, and looked at, in dockerd's words. Pure."""

from collections.abc import Mapping
from typing import Any

from engine.containers.ports import parse_port
from engine.containers.signals import signal_number
from engine.errors import InvalidArgument

_MILLISECOND_NS = 1_000_000
_DEFAULTS: Mapping[str, Any] = {
    "Hostname": "",
    "Domainname": "",
    "User": "",
    "AttachStdin": False,
    "AttachStdout": False,
    "AttachStderr": False,
    "Tty": False,
    "OpenStdin": False,
    "StdinOnce": False,
    "Env": None,
    "Cmd": None,
    "Image": "",
    "Volumes": None,
    "WorkingDir": "",
    "Entrypoint": None,
    "OnBuild": None,
    "Labels": {},
}
# What inspect leaves out when nobody asked for it.
_OPTIONAL = (
    "ExposedPorts",
    "Healthcheck",
    "ArgsEscaped",
    "NetworkDisabled",
    "MacAddress",
    "StopSignal",
    "StopTimeout",
    "Shell",
)
_DURATIONS = ("Interval", "Timeout", "StartPeriod", "StartInterval")


def complete_config(given: Mapping[str, Any], image: Mapping[str, Any]) -> dict[str, Any]:
    """The Config that is kept: what was asked for, completed by the image's. Raises InvalidArgument."""
    config = {key: default if given.get(key) is None else given[key] for key, default in _DEFAULTS.items()}
    config |= {key: given[key] for key in _OPTIONAL if given.get(key) not in (None, "", {})}
    config["Volumes"] = config["Volumes"] or None
    config["Entrypoint"], config["Cmd"] = _words(config["Entrypoint"]), _words(config["Cmd"])
    _check(config)
    _take_command(config, image)
    for key in ("User", "WorkingDir", "StopSignal", "Shell"):
        if not config.get(key) and image.get(key):
            config[key] = image[key]
    for key in ("ExposedPorts", "Volumes", "Labels"):
        merged = {**(image.get(key) or {}), **(config.get(key) or {})}
        if merged:
            config[key] = merged
    config["Env"] = _environment(config["Env"] or [], image.get("Env") or [])
    _take_health_check(config, image.get("Healthcheck"))
    return config


def command_of(config: Mapping[str, Any]) -> tuple[str, list[str]]:
    """The program and its arguments. Raises InvalidArgument when there is neither entrypoint nor command."""
    words = [*(config["Entrypoint"] or ()), *(config["Cmd"] or ())]
    if not words:
        raise InvalidArgument("No command specified")
    return words[0], words[1:]


def _words(value: Any) -> list[str] | None:
    """Both forms of the API: a list, or one string."""
    if value is None:
        return None
    return [value] if isinstance(value, str) else [str(word) for word in value]


def _take_command(config: dict[str, Any], image: Mapping[str, Any]) -> None:
    if not config["Entrypoint"]:
        # With an entrypoint of one's own the image's command would be the arguments of another program.
        config["Cmd"] = config["Cmd"] or _words(image.get("Cmd"))
        if config["Entrypoint"] is None:
            config["Entrypoint"] = _words(image.get("Entrypoint"))
    if config["Entrypoint"] in ([], [""]):
        config["Entrypoint"] = None


def _environment(own: list[str], of_image: list[str]) -> list[str]:
    names = {entry.partition("=")[0] for entry in own}
    return [*own, *(entry for entry in of_image if entry.partition("=")[0] not in names)]


def _take_health_check(config: dict[str, Any], of_image: Mapping[str, Any] | None) -> None:
    own = config.get("Healthcheck")
    if of_image is None:
        return
    if own is None:
        config["Healthcheck"] = dict(of_image)
        return
    merged = {key: own.get(key) or of_image.get(key) for key in ("Test", *_DURATIONS, "Retries")}
    config["Healthcheck"] = {key: value for key, value in merged.items() if value}


def _check(config: Mapping[str, Any]) -> None:
    if config["WorkingDir"] and not config["WorkingDir"].startswith("/"):
        raise InvalidArgument(
            f"the working directory '{config['WorkingDir']}' is invalid, it needs to be an absolute path"
        )
    for entry in config["Env"] or ():
        if not entry or entry.startswith("="):
            raise InvalidArgument(f"invalid environment variable: {entry}")
    if config.get("StopSignal"):
        signal_number(config["StopSignal"])
    for port in config.get("ExposedPorts") or ():
        parse_port(port)
    _check_health(config.get("Healthcheck") or {})


def _check_health(check: Mapping[str, Any]) -> None:
    for key in _DURATIONS:
        value = check.get(key) or 0
        if value and value < _MILLISECOND_NS:
            raise InvalidArgument(f"{key} in Healthcheck cannot be less than 1ms")
    if (check.get("Retries") or 0) < 0:
        raise InvalidArgument("Retries in Healthcheck cannot be negative")
    test = check.get("Test") or []
    if test and test[0] not in ("NONE", "CMD", "CMD-SHELL"):
        raise InvalidArgument(f"Unknown healthcheck type '{test[0]}' (expected 'CMD') in container")
