"""Log options of a container (HostConfig.LogConfig) for the drivers that write files here. Pure."""

import re
from collections.abc import Mapping

from msgspec import Struct

from engine.errors import InvalidArgument

_ATTRIBUTES = frozenset({"labels", "labels-regex", "env", "env-regex", "tag"})
_FILES = frozenset({"max-size", "max-file", "compress"})
_DELIVERY = frozenset({"mode", "max-buffer-size"})
_KNOWN: Mapping[str, frozenset[str]] = {
    "json-file": _FILES | _ATTRIBUTES | _DELIVERY,
    "local": _FILES | _DELIVERY,
    # These keep a copy here, so that `docker logs` can be answered.
    "syslog": frozenset({"syslog-address", "syslog-facility", "syslog-format"}) | _ATTRIBUTES | _DELIVERY,
    "journald": _ATTRIBUTES | _DELIVERY,
}
DRIVERS = frozenset({*_KNOWN, "none"})
_UNITS = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}
_SIZE = re.compile(r"(\d+(?:\.\d+)?) ?([kmgt]?)(?:i?b)?", re.IGNORECASE)
_TRUE, _FALSE = ("1", "t", "T", "true", "TRUE", "True"), ("0", "f", "F", "false", "FALSE", "False")


class LogLimits(Struct, frozen=True):
    """How much of a log is kept: `max_files` files of about `max_size_bytes` each; 0 is one file without a bound."""

    max_size_bytes: int = 0
    max_files: int = 1
    compresses: bool = False


def check_log_options(driver: str, options: Mapping[str, str]) -> None:
    """Raise InvalidArgument, in dockerd's words, for a driver or an option that there is not."""
    if driver not in DRIVERS:
        raise InvalidArgument(f'error looking up logging plugin {driver}: plugin "{driver}" not found')
    if driver == "none":
        return
    for name in options:
        if name not in _KNOWN[driver]:
            raise InvalidArgument(f"unknown log opt '{name}' for {driver} log driver")
    mode = options.get("mode", "blocking")
    if mode not in ("", "blocking", "non-blocking"):
        raise InvalidArgument(f"logger: logging mode not supported: {mode}")
    if "max-buffer-size" in options:
        if mode != "non-blocking":
            raise InvalidArgument("logger: max-buffer-size option is only supported with 'mode=non-blocking'")
        _size("max-buffer-size", options["max-buffer-size"])
    for name in ("labels-regex", "env-regex"):
        _pattern(name, options.get(name, ""))
    log_limits(driver, options)


def log_limits(driver: str, options: Mapping[str, str]) -> LogLimits:
    """What the options say, with the driver's defaults. Raises InvalidArgument."""
    if driver == "none":
        return LogLimits()
    is_local = driver in ("local", "syslog", "journald")
    size = _size("max-size", options["max-size"]) if options.get("max-size") else (20 << 20 if is_local else 0)
    text = options.get("max-file") or ("5" if is_local else "1")
    if not re.fullmatch(r"-?\d+", text):
        raise InvalidArgument(f'invalid max-file "{text}": not a number')
    files = int(text)
    if files < 1:
        raise InvalidArgument("max-file cannot be less than 1")
    compresses = _boolean("compress", options.get("compress") or ("true" if is_local and files > 1 else "false"))
    if compresses and (files < 2 or not size):
        raise InvalidArgument("compress cannot be true when max-file is less than 2 or max-size is not set")
    return LogLimits(size, files, compresses)


def attributes(
    options: Mapping[str, str], *, labels: Mapping[str, str], environment: Mapping[str, str]
) -> dict[str, str]:
    """The labels and variables that the options name."""
    found: dict[str, str] = {}
    for key, values in (("labels", labels), ("env", environment)):
        names = [name for name in options.get(key, "").split(",") if name]
        pattern = _pattern(f"{key}-regex", options.get(f"{key}-regex", ""))
        found |= {name: values[name] for name in names if name in values}
        if pattern is not None:
            found |= {name: value for name, value in values.items() if pattern.search(name)}
    return found


def _size(name: str, text: str) -> int:
    match = _SIZE.fullmatch(text.strip())
    if match is None:
        raise InvalidArgument(f"invalid {name}: invalid size: '{text}'")
    size = int(float(match[1]) * _UNITS[match[2].lower()])
    if size <= 0:
        raise InvalidArgument(f"invalid {name}: {text} must be a positive size")
    return size


def _boolean(name: str, text: str) -> bool:
    if text not in (*_TRUE, *_FALSE):
        raise InvalidArgument(f'invalid {name} "{text}": give true or false')
    return text in _TRUE


def _pattern(name: str, text: str) -> re.Pattern[str] | None:
    try:
        return re.compile(text) if text else None
    except re.error as error:
        raise InvalidArgument(f'invalid {name} "{text}": {error}') from error
