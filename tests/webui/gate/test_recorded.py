"""Sessions on hosts that are recorded: what was shown reaches the recording, whatever its frames."""

import struct
from pathlib import Path
from typing import Any

import pytest

from webui.audit.models import Entry, Recording
from webui.audit.recordings import path_of
from webui.gate.passage import Passage
from webui.gate.recorded import MULTIPLEXED, resized, tap
from webui.hosts.models import Host

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _data(settings: Any, tmp_path: Path) -> None:
    settings.QUAYSIDE_DATA = tmp_path


def _host(*, records: bool) -> Host:
    return Host(pk=7, slug="docks", name="Docks", url="unix:///nowhere.sock", records_consoles=records)


async def _passage() -> Passage:
    entry = await Entry.objects.acreate(operation="container.exec", host="docks", is_allowed=True)
    return Passage("/v1.41/exec/abc/start", entry.pk, 0.0)


async def _shown() -> str:
    recording = await Recording.objects.aget()
    return path_of(recording.name).read_text()


async def test_a_terminal_is_recorded_with_its_size_and_each_change_of_it() -> None:
    host, body = _host(records=True), b'{"Tty": true, "ConsoleSize": [30, 100]}'
    async with tap(host, await _passage(), body=body, content_type="application/vnd.docker.raw-stream") as kept:
        await kept.keep(b"hello")
        resized(host, "/v1.44/exec/abc/resize", {"h": "40", "w": "120"})
        resized(host, "/exec/other/resize", {"h": "1", "w": "1"})
    shown = await _shown()
    assert '"width": 100, "height": 30' in shown
    assert '"hello"' in shown
    assert '"r", "120x40"' in shown
    assert "1x1" not in shown


async def test_frames_are_taken_apart_wherever_they_were_cut() -> None:
    framed = b"".join(
        struct.pack(">BxxxL", stream, len(text)) + text for stream, text in ((1, b"out\n"), (2, b"err\n"))
    )
    async with tap(_host(records=True), await _passage(), body=b"{}", content_type=MULTIPLEXED) as kept:
        for place in range(0, len(framed), 5):
            await kept.keep(framed[place : place + 5])
    shown = await _shown()
    assert "out\\r\\n" in shown
    assert "err\\r\\n" in shown
    assert "\\u0000" not in shown


async def test_nothing_is_kept_of_hosts_that_are_not_recorded() -> None:
    async with tap(_host(records=False), await _passage(), body=b"", content_type=MULTIPLEXED) as kept:
        await kept.keep(b"hello")
    assert not await Recording.objects.aexists()
