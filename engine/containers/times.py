"""Times as the API writes them: RFC 3339 with nanoseconds, and how long ago in words."""

from datetime import UTC, datetime

NEVER = "0001-01-01T00:00:00Z"


def rfc3339(moment_ns: int) -> str:
    """Unix nanoseconds as Go's time.RFC3339Nano writes them; 0 is the year 1, which stands for never."""
    if moment_ns == 0:
        return NEVER
    seconds, fraction = divmod(moment_ns, 1_000_000_000)
    whole = datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    digits = f"{fraction:09d}".rstrip("0")
    return f"{whole}.{digits}Z" if digits else f"{whole}Z"


def in_words(duration_s: float) -> str:
    """A length of time as `docker ps` says it: "Less than a second", "2 minutes", "About an hour"."""
    seconds = int(duration_s)
    hours = round(duration_s / 3600)
    if seconds < 120:
        return _up_to_two_minutes(seconds)
    if seconds < 3600:
        return f"{seconds // 60} minutes"
    if hours < 2:
        return "About an hour"
    if hours < 48:
        return f"{hours} hours"
    return _days_and_longer(hours)


def _up_to_two_minutes(seconds: int) -> str:
    if seconds < 1:
        return "Less than a second"
    if seconds == 1:
        return "1 second"
    return f"{seconds} seconds" if seconds < 60 else "About a minute"


def _days_and_longer(hours: int) -> str:
    if hours < 24 * 7 * 2:
        return f"{hours // 24} days"
    if hours < 24 * 30 * 2:
        return f"{hours // 24 // 7} weeks"
    if hours < 24 * 365 * 2:
        return f"{hours // 24 // 30} months"
    return f"{hours // 24 // 365} years"


def go_duration(seconds: float) -> str:
    """A length of time as Go's time.Duration writes it: 500ms, 1.5s, 1m30s, 1h0m0s."""
    if seconds < 1:
        return f"{seconds * 1000:g}ms"
    minutes, rest = divmod(seconds, 60)
    if not minutes:
        return f"{rest:g}s"
    hours, minutes = divmod(int(minutes), 60)
    return f"{hours}h{minutes}m{rest:g}s" if hours else f"{minutes}m{rest:g}s"
