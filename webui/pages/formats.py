"""How numbers, sizes and times are written: short, with their unit, and the same everywhere."""

from datetime import UTC, datetime
from typing import Final

from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

NOTHING: Final = "–"  # noqa: RUF001 - the dash that stands for "nothing here"
_SIZES: Final = ("B", "kB", "MB", "GB", "TB", "PB")
_SPANS: Final = ((60, 1, "s"), (3600, 60, "min"), (48 * 3600, 3600, "h"), (730 * 86_400, 86_400, "d"))


def size(size_bytes: float | None) -> str:
    """`212 MB`, `1.57 GB`: decimal units as Docker uses them, at most three digits."""
    if size_bytes is None:
        return NOTHING
    value, unit = float(size_bytes), 0
    while abs(value) >= 999.5 and unit < len(_SIZES) - 1:
        value, unit = value / 1000, unit + 1
    if unit == 0 or abs(value) >= 99.95:
        return f"{value:.0f} {_SIZES[unit]}"
    digits = 1 if abs(value) >= 9.995 else 2
    text = f"{value:.{digits}f}".rstrip("0").rstrip(".")
    return f"{text} {_SIZES[unit]}"


def as_moment(when: datetime | float | str | None) -> datetime | None:
    """A time as anybody may hold it: a datetime, seconds since the epoch, Docker's RFC 3339 text; None for none."""
    if when is None or when == "":
        return None
    if isinstance(when, datetime):
        return when if timezone.is_aware(when) else when.replace(tzinfo=UTC)
    if isinstance(when, str):
        moment = datetime.fromisoformat(when)
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        # Docker says "never" as the year 1.
        return moment if moment.year > 1 else None
    return datetime.fromtimestamp(when, UTC) if when > 0 else None


def span(seconds: float) -> str:
    """`41 s`, `2 min`, `3 h`, `6 d`: one unit, rounded down."""
    seconds = max(0.0, seconds)
    for limit, length, unit in _SPANS:
        if seconds < limit:
            return f"{int(seconds // length)} {unit}"
    return f"{int(seconds // 31_536_000)} y"


def ago(when: datetime | float | str | None) -> SafeString | str:
    """How long ago, as a `<time>` that the page keeps right and that tells the exact moment on hover."""
    moment = as_moment(when)
    if moment is None:
        return NOTHING
    words = span((timezone.now() - moment).total_seconds())
    exact = timezone.localtime(moment).strftime("%Y-%m-%d %H:%M:%S")
    return format_html(
        '<time datetime="{}" title="{}" data-ago>{}</time>', moment.isoformat(timespec="seconds"), exact, words
    )


def clock(when: datetime | float | str | None) -> SafeString | str:
    """`14:07:02` in the server's zone, the day on hover."""
    moment = as_moment(when)
    if moment is None:
        return NOTHING
    local = timezone.localtime(moment)
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        moment.isoformat(timespec="seconds"),
        local.strftime("%Y-%m-%d %H:%M:%S"),
        local.strftime("%H:%M:%S"),
    )


def short_image(reference: str) -> str:
    """An image reference without its registry and with a short digest: `shop/web:4.12.0`, `billing@sha256:9c1f…`."""
    name, at, digest = reference.partition("@")
    first, slash, rest = name.partition("/")
    if slash and ("." in first or ":" in first or first == "localhost"):
        name = rest.removeprefix("library/") if first == "docker.io" else rest
    if name.startswith("sha256:"):
        return name[:19]
    if not at:
        return name
    algorithm, _, hexadecimal = digest.partition(":")
    return f"{name}@{algorithm}:{hexadecimal[:8]}…" if ":" not in name.rsplit("/", 1)[-1] else name


def initials(name: str) -> str:
    """Two letters for a person's round badge."""
    words = name.replace(".", " ").replace("-", " ").replace("_", " ").split()
    letters = words[0][0] + words[1][0] if len(words) > 1 else name[:2]
    return letters.upper()
