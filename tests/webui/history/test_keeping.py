"""Keeping on a real engine: what containers wrote is there after they are gone, once, whatever befalls the keeper."""

import asyncio
import errno
import json
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from tests.daemons import Daemon
from tests.webui.conftest import PASSWORD
from tests.webui.history.conftest import lines_in
from webui.access import Role
from webui.accounts.models import User
from webui.gate import actor_of
from webui.history.bounds import Bound
from webui.history.following import Follower
from webui.history.places import logs_folder, stats_folder
from webui.history.rights import readable
from webui.history.rings import RingFile, ring_path
from webui.history.sampling import Sampler
from webui.history.unkept import driver_in_the_way
from webui.hosts.models import Host
from webui.live.pictures import forget, host_feed

pytestmark = [pytest.mark.real, pytest.mark.django_db(transaction=True)]

WAIT_S = 90


@pytest.fixture
def host(engine: Daemon, transactional_db: None, settings: Any, tmp_path: Path) -> Iterator[Host]:
    settings.QUAYSIDE_DATA = tmp_path
    made = Host.objects.create(slug="local", name="Local", url=engine.url, is_bundled=True)
    forget(made.slug)
    yield made
    forget(made.slug)
    engine.remove_all_containers()


@asynccontextmanager
async def kept(host: Host) -> AsyncIterator[None]:
    feed = await asyncio.to_thread(host_feed, host)
    task = asyncio.create_task(Follower(host, feed, Bound(10**9, 7)).run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def until(is_so: Callable[[], bool]) -> None:
    """The keeper writes files and tells nobody: looking is the only sign."""
    deadline = time.monotonic() + WAIT_S
    while not is_so():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.02)


def run(engine: Daemon, name: str, script: str, **more: Any) -> str:
    body = {"Image": "busybox", "Cmd": ["sh", "-c", script], "StopTimeout": 0, **more}
    status, reply = engine.api("POST", f"/containers/create?name={name}", body)
    assert status == 201, reply
    container_id = str(json.loads(reply)["Id"])
    engine.api("POST", f"/containers/{container_id}/start")
    return container_id


def texts(container_id: str) -> list[bytes]:
    return [line[32:] for line in lines_in(logs_folder("local") / container_id)]


async def test_a_log_outlives_its_container_and_an_interrupted_keeper_leaves_neither_hole_nor_copy(
    engine: Daemon, host: Host
) -> None:
    script = (
        "i=0; while [ $i -lt 3000 ]; do echo line $i; i=$((i+1)); [ $((i % 50)) = 0 ] && usleep 20000; done; sleep 600"
    )
    first = await asyncio.to_thread(run, engine, "web", script)
    for wanted in (200, 1000):
        async with kept(host):
            await until(lambda wanted=wanted: len(texts(first)) > wanted)  # type: ignore[misc]
    async with kept(host):
        await until(lambda: len(texts(first)) >= 3000)
        await asyncio.to_thread(engine.api, "DELETE", f"/containers/{first}?force=1")
        second = await asyncio.to_thread(run, engine, "web", "echo again; sleep 600")
        await until(lambda: texts(second) == [b"again"])
    assert texts(first) == [f"line {number}".encode() for number in range(3000)]
    assert await asyncio.to_thread(_readable_ids, host) == {first, second}


@pytest.mark.parametrize("has_gone_on", [True, False])
async def test_a_clock_that_was_set_back_costs_no_line_when_the_keeper_starts_again(
    engine: Daemon, host: Host, *, has_gone_on: bool
) -> None:
    """As if the clock had been ahead until now: what is kept is moved into the future, and so is the engine's log."""
    container_id = await asyncio.to_thread(run, engine, "web", "sleep 600")
    await asyncio.to_thread(_typed, engine, container_id, r"one\ntwo\n")
    async with kept(host):
        await until(lambda: texts(container_id) == [b"one", b"two"])
    await asyncio.to_thread(_moved_into_the_future, engine, container_id)
    if has_gone_on:
        await asyncio.to_thread(_typed, engine, container_id, r"three\n")
        async with kept(host):
            await until(lambda: texts(container_id) == [b"one", b"two", b"three"])
    await asyncio.to_thread(_typed, engine, container_id, r"four\nfour\n")
    wanted = [b"one", b"two", *([b"three"] if has_gone_on else []), b"four", b"four"]
    async with kept(host):
        await until(lambda: len(texts(container_id)) >= len(wanted))
        await asyncio.to_thread(_typed, engine, container_id, r"five\n")
        await until(lambda: texts(container_id)[-1] == b"five")
    assert texts(container_id) == [*wanted, b"five"]


def _typed(engine: Daemon, container_id: str, words: str) -> None:
    """Have the container write these, in order."""
    body = {"Cmd": ["sh", "-c", f"printf '{words}' > /proc/1/fd/1"], "AttachStdout": True}
    made = engine.json("POST", f"/containers/{container_id}/exec", body)
    status, _ = engine.api("POST", f"/exec/{made['Id']}/start", {"Detach": False})
    assert status == 200


def _moved_into_the_future(engine: Daemon, container_id: str) -> None:
    this, next_year = (f"{datetime.now(UTC).year + years}-" for years in (0, 1))
    kept_folder = logs_folder("local") / container_id
    log = Path(engine.json("GET", f"/containers/{container_id}/json")["LogPath"])
    for path in (log, *kept_folder.glob("*.log"), kept_folder / "place.json"):
        path.write_text(path.read_text().replace(this, next_year))


def _readable_ids(host: Host) -> set[str]:
    olga = User.objects.create_user("olga", role=Role.ADMINISTRATOR)
    return {about.container_id for about in readable(actor_of(olga), host) if about.name == "web"}


async def test_what_had_ended_before_is_read_too_and_a_start_again_goes_on(engine: Daemon, host: Host) -> None:
    container_id = await asyncio.to_thread(run, engine, "job", "echo done; sleep 1.2")
    await asyncio.to_thread(engine.api, "POST", f"/containers/{container_id}/wait")
    async with kept(host):
        await until(lambda: texts(container_id) == [b"done"])
        await asyncio.to_thread(engine.api, "POST", f"/containers/{container_id}/start")
        await until(lambda: texts(container_id) == [b"done", b"done"])


async def test_of_a_log_that_cannot_be_read_it_is_noted_that_nothing_is_kept(engine: Daemon, host: Host) -> None:
    body = {"HostConfig": {"LogConfig": {"Type": "none"}}}
    silent = await asyncio.to_thread(run, engine, "silent", "echo gone; sleep 100", **body)
    heard = await asyncio.to_thread(run, engine, "heard", "echo here; sleep 100")
    async with kept(host):
        await until(lambda: bool(driver_in_the_way(logs_folder("local") / silent)) and bool(texts(heard)))
    assert driver_in_the_way(logs_folder("local") / silent) == "none"
    assert driver_in_the_way(logs_folder("local") / heard) == ""


async def test_samples_are_taken_without_anyone_watching(
    engine: Daemon, host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("webui.history.sampling._EVERY_S", 1)
    container_id = await asyncio.to_thread(run, engine, "busy", "while :; do :; done")
    feed = await asyncio.to_thread(host_feed, host)
    task = asyncio.create_task(Sampler(host, feed).run())
    try:
        await until(ring_path("local", container_id).exists)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert [one.stem for one in stats_folder("local").iterdir()] == [container_id]
    hal = await asyncio.to_thread(User.objects.create_user, "hal", PASSWORD, role=Role.HELPDESK)
    body = await asyncio.to_thread(_asked, hal, f"/h/local/logs/stats/{container_id}/?span=300")
    (sample, *_) = json.loads(body)["samples"]
    assert sample[1] > 0


async def test_a_disk_that_is_full_costs_samples_and_neither_the_sampler_nor_the_logs(
    engine: Daemon, host: Host, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("webui.history.sampling._EVERY_S", 0.2)
    write, refused = RingFile.write, 0

    def full(_ring: RingFile, _sample: object) -> None:
        nonlocal refused
        refused += 1
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(RingFile, "write", full)
    container_id = await asyncio.to_thread(run, engine, "busy", "while :; do usleep 1000; done")
    task = asyncio.create_task(Sampler(host, await asyncio.to_thread(host_feed, host)).run())
    try:
        await until(lambda: refused >= 3)
        assert sum("are not kept" in one.message for one in caplog.records) == 1
        monkeypatch.setattr(RingFile, "write", write)
        await until(ring_path("local", container_id).exists)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def _asked(user: User, path: str) -> bytes:
    client = Client()
    client.force_login(user)
    response = client.get(path)
    assert response.status_code == 200
    return bytes(response.content)
