"""From the kind of an error to its HTTP status: the only table of these numbers in the engine."""

from engine import errors

_STATUS: dict[type[errors.EngineError], int] = {
    errors.NotModified: 304,
    errors.InvalidArgument: 400,
    errors.Unauthorized: 401,
    errors.Forbidden: 403,
    errors.NotFound: 404,
    errors.Conflict: 409,
    errors.Unsupported: 501,
    errors.Unavailable: 503,
    errors.EngineError: 500,
}


def status_of(error: errors.EngineError) -> int:
    """The status for `error`: that of its nearest kind, so that a room may refine a kind."""
    return next(_STATUS[kind] for kind in type(error).__mro__ if kind in _STATUS)
