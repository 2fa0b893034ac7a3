"""Signals by the names that Docker takes."""

import signal

from engine.errors import InvalidArgument


def signal_number(text: str) -> int:
    """`KILL`, `SIGKILL`, `9`, `SIGRTMIN+3`. Raises InvalidArgument for what Linux does not have."""
    if text.isdigit():
        number = int(text)
        if 1 <= number <= signal.SIGRTMAX:
            return number
        raise InvalidArgument(f"Invalid signal: {text}")
    name = text.upper().removeprefix("SIG")
    base, sign, offset = name.partition("+") if "+" in name else name.partition("-")
    if base in ("RTMIN", "RTMAX") and offset.isdigit():
        return int(signal.Signals[f"SIG{base}"]) + (int(offset) if sign == "+" else -int(offset))
    found = signal.Signals.__members__.get(f"SIG{name}")
    if found is None:
        raise InvalidArgument(f"Invalid signal: {text}")
    return int(found)
