"""The three ways in which asking a host ends badly: we refuse, it cannot be reached, it says no."""

from django.core.exceptions import PermissionDenied


class Refused(PermissionDenied):
    """The gate did not let it through, and nothing was sent. `rule` names what refused; the text is for a person.

    A PermissionDenied, so that a page that lets it pass answers 403.
    """

    def __init__(self, words: str, *, rule: str) -> None:
        super().__init__(words)
        self.rule = rule


class HostUnreachable(Exception):
    """Nobody answers at the host's address. The text says which, why, and what to do."""


class HostRefused(OSError):
    """The host answered a stream or an upgrade with an error. `status` is its HTTP status, the text its own message."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
