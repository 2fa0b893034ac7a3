"""Sizes, times and other scalars as the docker CLI writes them, read and written.

The CLI's rules: sizes of go-units (binary, "512m"), durations of Go ("1m30s"), CPUs as decimals.
"""

import csv
import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Final

from webui.containers.dialects import DialectError

_SIZE: Final = re.compile(r"(\d+(?:\.\d+)?|\.\d+)\s*([kmgtp]?)(?:i?b)?", re.IGNORECASE)
_POWERS: Final = {"": 0, "k": 10, "m": 20, "g": 30, "t": 40, "p": 50}
# An exbibyte: engines count in 64 bits, and some add as much swap again.
_MOST_BYTES: Final = 1 << 60
# Go's durations are 64 bits of nanoseconds: 292 years.
_LONGEST_NS: Final = (1 << 63) - 1
_PART: Final = re.compile(r"(\d+(?:\.\d+)?|\.\d+)(ns|us|µs|ms|s|m|h)")
_UNITS: Final = (("h", 3_600_000_000_000), ("m", 60_000_000_000), ("s", 1_000_000_000), ("ms", 1_000_000),
                 ("us", 1_000), ("ns", 1))  # fmt: skip
_NS: Final = {**dict(_UNITS), "µs": 1_000}
_RECORD: Final = re.compile(r'(?:[^",]*|"(?:[^"]|"")*")(?:,(?:[^",]*|"(?:[^"]|"")*"))*')
_TRUE: Final = frozenset({"1", "t", "T", "true", "TRUE", "True"})
_FALSE: Final = frozenset({"0", "f", "F", "false", "FALSE", "False"})


def read_bytes(text: str) -> int:
    """Bytes of "512m", "1.5g" or "1048576"."""
    match = _SIZE.fullmatch(text.strip())
    if match is None:
        raise DialectError(f"“{text}” is not a size, such as 512m or 2g.")
    size_bytes = int(Decimal(match[1]) * (1 << _POWERS[match[2].lower()]))
    if size_bytes > _MOST_BYTES:
        raise DialectError(f"“{text}” is more than any machine has.")
    return size_bytes


def write_bytes(size_bytes: int) -> str:
    """The shortest text that `read_bytes` reads back; "-1" stays so."""
    for unit in ("t", "g", "m", "k"):
        if size_bytes > 0 and size_bytes % (1 << _POWERS[unit]) == 0:
            return f"{size_bytes >> _POWERS[unit]}{unit}"
    return str(size_bytes)


def read_duration(text: str) -> int:
    """Nanoseconds of Go's "1m30s"; "0" needs no unit."""
    text = text.strip()
    if text in {"", "0"}:
        return 0
    sign, digits = (-1, text[1:]) if text.startswith("-") else (1, text)
    parts = _PART.findall(digits)
    if not parts or "".join(number + unit for number, unit in parts) != digits:
        raise DialectError(f"“{text}” is not a time with its unit, such as 30s or 1m30s.")
    nanoseconds = int(sum(Decimal(number) * _NS[unit] for number, unit in parts))
    if nanoseconds > _LONGEST_NS:
        raise DialectError(f"“{text}” is longer than anybody waits.")
    return sign * nanoseconds


def write_duration(nanoseconds: int) -> str:
    """The text that `read_duration` reads back: 90 s is "1m30s"."""
    sign, rest, written = "-" if nanoseconds < 0 else "", abs(nanoseconds), ""
    for unit, size in _UNITS:
        count, rest = divmod(rest, size)
        written += f"{count}{unit}" if count else ""
    return sign + (written or "0s")


def read_cpus(text: str) -> int:
    """Billionths of a CPU of "1.5"."""
    match = re.fullmatch(r"\d+(\.\d+)?|\.\d+", text.strip())
    nano = Decimal(match[0]) * 1_000_000_000 if match else None
    if nano is None or nano != int(nano):
        raise DialectError(f"“{text}” is not a number of CPUs, such as 0.5 or 2.")
    return int(nano)


def write_cpus(nano_cpus: int) -> str:
    text = f"{Decimal(nano_cpus) / 1_000_000_000:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def read_int(text: str) -> int:
    try:
        return int(text, 0)
    except ValueError:
        raise DialectError(f"“{text}” is not a whole number.") from None


def read_bool(text: str) -> bool:
    if text in _TRUE or text in _FALSE:
        return text in _TRUE
    raise DialectError(f"“{text}” is neither true nor false.")


def pair(text: str, *, what: str = "") -> tuple[str, str]:
    """`key=value`; raises DialectError without the sign."""
    key, sign, value = text.partition("=")
    if not sign or not key:
        raise DialectError(f"“{text}” is not {what or 'a setting'} written as name=value.")
    return key, value


def read_csv(text: str) -> list[str]:
    """The fields of one CSV record, by which the CLI writes options that have parts."""
    if not _RECORD.fullmatch(text):
        raise DialectError(f"“{text}” has a quotation mark in the wrong place.")
    return next(csv.reader([text]), [])


def write_csv(fields: Iterable[str]) -> str:
    return ",".join(f'"{field.replace(chr(34), chr(34) * 2)}"' if set(field) & {",", '"', "\n"} else field
                    for field in fields)  # fmt: skip


ULIMITS: Final = ("core", "cpu", "data", "fsize", "locks", "memlock", "msgqueue", "nice", "nofile", "nproc", "rss",
                  "rtprio", "rttime", "sigpending", "stack")  # fmt: skip


def read_ulimit(text: str) -> dict[str, str | int]:
    """`nofile=1024:2048` as the API's {Name, Soft, Hard}; one number is both."""
    name, value = pair(text, what="a limit")
    soft, _, hard = value.partition(":")
    return checked_ulimit(name, read_int(soft), read_int(hard or soft))


def checked_ulimit(name: str, soft: int, hard: int) -> dict[str, str | int]:
    if name not in ULIMITS:
        raise DialectError(f"“{name}” is not a limit of processes: {', '.join(ULIMITS)}.")
    if hard != -1 and (soft == -1 or soft > hard):
        raise DialectError(f"The soft limit of {name} ({soft}) is above its hard one ({hard}).")
    return {"Name": name, "Soft": soft, "Hard": hard}


def read_restart(text: str) -> dict[str, str | int]:
    """`on-failure:3` as the API's RestartPolicy."""
    name, _, count = text.partition(":")
    if name not in {"no", "always", "on-failure", "unless-stopped"}:
        raise DialectError(f"“{name}” is no restart policy: no, on-failure, always or unless-stopped.")
    tries = read_int(count) if count else 0
    if tries and name != "on-failure":
        raise DialectError("Tries are counted only for on-failure.")
    return {"Name": name, **({"MaximumRetryCount": tries} if tries else {})}
