"""Small questions about one value of a body, from which webui.gate.restrictions puts its allow-lists together.

Each says what is wrong with a value, or returns None.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

# Says what is wrong with a value, or None.
Check = Callable[[Any], str | None]


def anything(_value: Any) -> str | None:
    return None


def only(*allowed: Any) -> Check:
    """Nothing, or one of these. 1 is not True here, nor 0 False: compared with their kinds."""
    words = ", ".join(repr(value) for value in allowed if value)

    def check(value: Any) -> str | None:
        if not value or any(value == one and type(value) is type(one) for one in allowed):
            return None
        return f"only {words} may stand there" if words else "it may not be set"

    return check


nothing: Final = only()


def absent(value: Any) -> str | None:
    """Not even an empty list, which means more than none at all."""
    return None if value is None else "it may not be set, nor be empty"


def each(check: Check) -> Check:
    def check_all(value: Any) -> str | None:
        if not value:
            return None
        if not isinstance(value, list):
            return "it must be a list"
        return next((complaint for complaint in map(check, value) if complaint), None)

    return check_all


def fields(allowed: Mapping[str, Check]) -> Check:
    """An object of these fields. What is wrong inside is told with the field's name in front."""
    checks = {name.casefold(): (name, check) for name, check in allowed.items()}

    def check(value: Any) -> str | None:
        if value is None:
            return None
        if not isinstance(value, Mapping):
            return "it must be an object"
        seen = set()
        for given, inner in value.items():
            folded = given.casefold()
            if folded in seen:
                return f"{given} stands there twice"
            seen.add(folded)
            name, inner_check = checks.get(folded, (given, nothing))
            complaint = inner_check(inner)
            if complaint:
                return f"{name}: {complaint}"
        return None

    return check


def one_of(allowed: tuple[str, ...], rule: str) -> Check:
    """Nothing, or one of the values that the host's rule of this name lists."""

    def check(value: Any) -> str | None:
        if not value or (isinstance(value, str) and value in allowed):
            return None
        return (
            f"rule {rule}: {value!r} is not among {', '.join(allowed)}" if allowed else f"rule {rule}: none is allowed"
        )

    return check
