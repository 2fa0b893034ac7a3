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


class NotVisible(Refused):
    """What was asked about is somebody else's, or is not there: whoever asks cannot tell. Nothing was sent.

    `status` and the text are what a host answers for something that is not there (moby's own words, API 1.51).
    """

    status = 404

    def __init__(self, words: str) -> None:
        super().__init__(words, rule="ownership")
