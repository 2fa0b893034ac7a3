from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from webui.pages import formats


@pytest.mark.parametrize(
    ("size_bytes", "words"),
    [
        (0, "0 B"), (999, "999 B"), (1000, "1 kB"), (1570, "1.57 kB"), (99_949, "99.9 kB"), (212_000_000, "212 MB"),
        (999_600, "1 MB"), (1_570_000_000, "1.57 GB"), (None, "–"),  # noqa: RUF001
    ],
)  # fmt: skip
def test_a_size_has_at_most_three_digits_and_a_unit(size_bytes: int | None, words: str) -> None:
    assert formats.size(size_bytes) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(-3, "0 s"), (59, "59 s"), (60, "1 min"), (3 * 3600, "3 h"), (6 * 86_400, "6 d"), (800 * 86_400, "2 y")],
)
def test_a_span_is_one_unit_rounded_down(seconds: float, words: str) -> None:
    assert formats.span(seconds) == words


def test_a_time_tells_the_exact_moment_to_whoever_hovers() -> None:
    when = timezone.now() - timedelta(hours=3, minutes=2)
    shown = formats.ago(when)
    assert ">3 h</time>" in shown
    assert f'datetime="{when.isoformat(timespec="seconds")}"' in shown


def test_times_come_as_dockers_text_as_seconds_or_as_a_datetime() -> None:
    moment = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
    assert formats.as_moment("2026-11-20T12:00:00Z") == moment
    assert formats.as_moment(moment.timestamp()) == moment
    assert formats.as_moment(moment.replace(tzinfo=None)) == moment


def test_dockers_year_one_and_zero_are_no_time() -> None:
    assert formats.ago("0001-01-01T00:00:00Z") == formats.NOTHING
    assert formats.ago(0) == formats.NOTHING
    assert formats.ago(None) == formats.NOTHING


@pytest.mark.parametrize(
    ("reference", "short"),
    [
        ("registry.acme.dev/shop/web:4.12.0", "shop/web:4.12.0"),
        ("docker.io/library/postgres:17.2", "postgres:17.2"),
        ("localhost:5000/busybox", "busybox"),
        ("library/busybox", "library/busybox"),
        ("postgres:17.2", "postgres:17.2"),
        ("billing/api@sha256:9c1f2a77aabbccdd", "billing/api@sha256:9c1f2a77…"),
        ("shop/web:1@sha256:9c1f2a77aabbccdd", "shop/web:1"),
        ("sha256:4be2c0ffee1200112233445566778899", "sha256:4be2c0ffee12"),
    ],
)
def test_an_image_reference_is_short_without_its_registry(reference: str, short: str) -> None:
    assert formats.short_image(reference) == short


@pytest.mark.parametrize(("name", "letters"), [("olga", "OL"), ("olga.lind", "OL"), ("ci-deploy", "CD"), ("x", "X")])
def test_a_badge_has_two_letters(name: str, letters: str) -> None:
    assert formats.initials(name) == letters
