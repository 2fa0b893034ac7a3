"""Recordings of sessions: what is kept, how it is bounded, who may see it, and when it goes."""

import json
import stat
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from webui.accounts.models import User
from webui.audit import recordings
from webui.audit.models import Entry, Recording
from webui.audit.recordings import Recorder, path_of
from webui.audit.tasks import trim

SignedIn = Callable[[User], Client]


@pytest.fixture(autouse=True)
def _data(settings: Any, tmp_path: Path) -> None:
    settings.QUAYSIDE_DATA = tmp_path


@pytest.fixture
def entry(db: None) -> Entry:
    return Entry.objects.create(
        username="otto", operation="container.exec", resource="exec", target="abc", host="docks", method="POST",
        path="/exec/abc/start", is_allowed=True, status=101, duration_ms=2000,
    )  # fmt: skip


def _recorded(entry: Entry, *pieces: bytes) -> Recording:
    recorder = Recorder(entry.pk, columns=80, rows=24, title="docks: exec/abc")
    for piece in pieces:
        recorder.feed(piece)
    recorder.end()
    return Recording.objects.get(entry=entry)


def test_a_session_becomes_an_asciicast_that_only_we_can_read(entry: Entry) -> None:
    ship = "⛴".encode()
    recording = _recorded(entry, b"$ ls\r\n", ship[:1], ship[1:] + b"\xff")
    path = path_of(recording.name)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    head, *events = [json.loads(line) for line in path.read_text().splitlines()]
    assert (head["version"], head["width"], head["height"]) == (2, 80, 24)
    assert [event[1:] for event in events] == [["o", "$ ls\r\n"], ["o", "⛴\ufffd"]]
    assert recording.size_bytes == path.stat().st_size


def test_a_flood_is_cut_at_the_bound_and_the_page_says_so(
    entry: Entry, olga: User, signed_in: SignedIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recordings, "LARGEST_BYTES", 5000)
    recording = _recorded(entry, *[b"x" * 1000] * 20)
    assert recording.is_cut
    assert recording.size_bytes < 6000
    assert "grew too large" in signed_in(olga).get(f"/audit/{entry.pk}/").content.decode()


def test_only_administrators_see_a_recording_and_that_they_did_is_written_down(
    entry: Entry, olga: User, rita: User, signed_in: SignedIn
) -> None:
    _recorded(entry, b"secret weather\r\n")
    url = f"/audit/{entry.pk}/recording.cast"
    assert signed_in(rita).get(url).status_code == 403
    response = signed_in(olga).get(url)
    assert b"secret weather" in b"".join(response.streaming_content)  # type: ignore[attr-defined]
    assert response.headers["Cache-Control"] == "no-store"
    assert Entry.objects.get(operation="audit.recording").target == str(entry.pk)


def test_an_entry_whose_file_is_on_another_machine_says_so(entry: Entry, olga: User, signed_in: SignedIn) -> None:
    recording = _recorded(entry, b"x")
    path_of(recording.name).unlink()
    assert signed_in(olga).get(f"/audit/{entry.pk}/recording.cast").status_code == 404
    assert signed_in(olga).get(f"/audit/{entry.pk}/").status_code == 200


def test_recordings_go_with_their_entries(entry: Entry, settings: Any) -> None:
    path = path_of(_recorded(entry, b"x").name)
    Entry.objects.filter(pk=entry.pk).update(at=timezone.now() - timedelta(days=settings.QUAYSIDE_AUDIT_DAYS + 1))
    assert trim() == 1
    assert not path.exists()
    assert not Recording.objects.exists()
