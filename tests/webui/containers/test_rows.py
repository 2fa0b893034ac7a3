"""How Docker's list JSON reads as rows."""

import pytest

from webui.containers.rows import (
    Condition,
    ContainerRow,
    Tone,
    row_of,
    span_seconds,
    span_words,
    state_words,
    words_hold_until,
)

NOW = 1_800_000_000.0


def row(status: str = "Up 6 days", state: str = "running", **more: object) -> ContainerRow:
    raw = {"Id": "4be2" * 16, "Names": ["/shop-web-1"], "Image": "shop/web:4", "ImageID": "sha256:1", "Command": "run",
           "Created": int(NOW) - 7 * 86_400, "State": state, "Status": status, **more}  # fmt: skip
    return row_of(raw, seen_at=NOW)


@pytest.mark.parametrize(
    ("state", "status", "words", "tone"),
    [
        ("running", "Up 6 days", "up 6 days", Tone.GOOD),
        ("running", "Up 6 days (healthy)", "healthy · up 6 days", Tone.GOOD),
        ("running", "Up 3 hours (unhealthy)", "unhealthy · up 3 hours", Tone.WARNING),
        ("running", "Up 2 seconds (health: starting)", "health check starting · up 2 seconds", Tone.GOOD),
        ("running", "Up Less than a second", "up a moment", Tone.GOOD),
        ("running", "Up About an hour", "up 1 hour", Tone.GOOD),
        ("paused", "Up 2 hours (Paused)", "paused · up 2 hours", Tone.WARNING),
        ("exited", "Exited (0) 2 days ago", "exited 0 · 2 days ago", Tone.OFF),
        ("exited", "Exited (1) About a minute ago", "exit 1 · 1 minute ago", Tone.BAD),
        ("exited", "Exited (127) 5 weeks ago", "exit 127, not found · 5 weeks ago", Tone.BAD),
        ("exited", "Exited (137) 3 months ago", "exit 137, killed · 3 months ago", Tone.OFF),
        ("restarting", "Restarting (1) 5 seconds ago", "restarting · exit 1", Tone.BAD),
        ("created", "Created", "created · never started", Tone.OFF),
        ("dead", "Dead", "dead · could not be removed", Tone.BAD),
        ("removing", "Removal In Progress", "being removed", Tone.OFF),
    ],
)
def test_a_state_reads_as_a_person_would_say_it(state: str, status: str, words: str, tone: Tone) -> None:
    read = row(status, state)
    assert state_words(read, NOW) == words
    assert read.tone == tone


def test_an_end_for_lack_of_memory_is_named_and_counts_as_failing() -> None:
    read = row("Exited (137) 2 minutes ago", "exited", OOMKilled=True)
    assert state_words(read, NOW) == "exit 137, out of memory · 2 minutes ago"
    assert read.condition == Condition.FAILING


def test_health_given_as_a_field_is_read_too() -> None:
    assert row("Up 6 days", Health={"Status": "healthy"}).health == "healthy"
    assert row("Up 6 days", Health={"Status": "none"}).health == ""


def test_words_grow_older_with_the_clock_not_with_the_reply() -> None:
    read = row("Up 59 seconds")
    assert state_words(read, NOW + 61) == "up 2 minutes"
    assert state_words(read, NOW + 3 * 86_400) == "up 3 days"


def test_words_hold_until_the_next_unit_has_passed() -> None:
    assert words_hold_until(row("Up 3 seconds"), NOW + 0.5) == pytest.approx(NOW + 1)
    assert words_hold_until(row("Up 3 minutes"), NOW + 10) == pytest.approx(NOW + 60)


def test_names_come_without_slash_and_links_are_not_names() -> None:
    assert row(Names=["/web/db", "/shop-db-1"]).name == "shop-db-1"
    assert row(Names=[]).name == "4be24be24be2"


def test_ports_of_both_address_families_are_one_and_published_ones_come_first() -> None:
    read = row(
        Ports=[
            {"PrivatePort": 9000, "Type": "tcp"},
            {"IP": "0.0.0.0", "PrivatePort": 80, "PublicPort": 8080, "Type": "tcp"},
            {"IP": "::", "PrivatePort": 80, "PublicPort": 8080, "Type": "tcp"},
            {"IP": "127.0.0.1", "PrivatePort": 7000, "PublicPort": 7001, "Type": "tcp"},
            {"IP": "::1", "PrivatePort": 53, "PublicPort": 53, "Type": "udp"},
        ]
    )
    assert [port.words for port in read.ports] == ["[::1]:53 → 53/udp", "8080 → 80", "127.0.0.1:7001 → 7000", "9000"]


def test_a_port_that_is_the_same_on_both_sides_is_said_once() -> None:
    read = row(Ports=[{"IP": "0.0.0.0", "PrivatePort": 9090, "PublicPort": 9090, "Type": "tcp"}])
    assert [port.words for port in read.ports] == ["9090"]


def test_the_stack_comes_from_compose_or_swarm_labels() -> None:
    assert row(Labels={"com.docker.compose.project": "shop"}).stack == "shop"
    assert row(Labels={"com.docker.stack.namespace": "mon"}).stack == "mon"
    assert row(Labels=None).stack == ""


def test_mounts_name_the_volume_or_the_path() -> None:
    read = row(Mounts=[{"Type": "volume", "Name": "data", "Source": "/var/x", "Destination": "/d", "RW": True},
                       {"Type": "bind", "Source": "/etc/shop", "Destination": "/etc/shop", "RW": False}])  # fmt: skip
    assert [(mount.source, mount.writable) for mount in read.mounts] == [("data", True), ("/etc/shop", False)]


@pytest.mark.parametrize(
    ("words", "seconds"),
    [
        ("Up Less than a second", 0),
        ("Up 1 second", 1),
        ("Up About a minute", 60),
        ("Up 2 weeks", 1_209_600),
        ("Created", None),
    ],
)
def test_dockers_rounded_spans_become_seconds(words: str, seconds: int | None) -> None:
    assert span_seconds(words) == seconds


def test_spans_are_said_in_one_unit() -> None:
    assert [span_words(n) for n in (-3, 1, 59, 60, 7_200, 172_800, 14 * 86_400, 63_072_000)] == [
        "a moment", "1 second", "59 seconds", "1 minute", "2 hours", "2 days", "2 weeks", "2 years",
    ]  # fmt: skip
