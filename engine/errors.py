"""What can go wrong in the engine, by kind.

Rooms raise these; `engine.api.status` is the only place that knows their HTTP numbers.
A message says what was wanted, what was found, which object, and what to do.
"""


class EngineError(Exception):
    """Something failed that the caller could not have avoided."""

    @property
    def message(self) -> str:
        return str(self)


class InvalidArgument(EngineError):
    """The request itself is wrong; sending it again unchanged fails again."""


class NotFound(EngineError):
    """The named object does not exist."""


class Conflict(EngineError):
    """The object exists but its state, or another object, stands in the way."""


class NotModified(EngineError):
    """What was asked for is already so (starting what runs, stopping what is stopped)."""


class Forbidden(EngineError):
    """The request is understood and will not be carried out."""


class Unauthorized(EngineError):
    """Credentials are missing or wrong."""


class Unavailable(EngineError):
    """Something that the request needs is not there now; a later try may work, after `retry_after_s` if known."""

    def __init__(self, message: str = "", *, retry_after_s: int = 0) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class Unsupported(EngineError):
    """The Docker API has it; this engine, on this host, does not."""
