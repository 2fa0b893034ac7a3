"""Logs that break off or cannot be read: told in words, gone on with, and each line once."""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import orjson
import pytest

from tests.daemons import Daemon
from tests.relays import Relay, running_relay
from tests.webui.live.conftest import Opens, run_container
from webui import gate
from webui.accounts.models import User
from webui.hosts.models import Host
from webui.live import logs
from webui.live.pictures import forget
from webui.live.upstream import UpstreamError, words_of

pytestmark = [pytest.mark.real, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def relay(engine: Daemon) -> Iterator[Relay]:
    with tempfile.TemporaryDirectory(prefix="qs-") as folder:
        with running_relay(Path(folder) / "far.sock", engine.socket) as one:
            yield one
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
async def far(host: Host, relay: Relay) -> AsyncIterator[Host]:
    made = await Host.objects.acreate(slug="far", name="Far", url=relay.url)
    yield made
    await asyncio.to_thread(forget, "far")


async def test_whoever_comes_back_to_a_reader_that_is_over_has_what_was_written_since(
    engine: Daemon, host: Host, olga: User, opened: Opens
) -> None:
    """Else it would be the last lines again, and those between would be missing without a word."""
    script = "i=0; while [ $i -lt 3000 ]; do i=$((i+1)); echo line $i; done; sleep 600"
    container_id = await asyncio.to_thread(run_container, engine, script)
    path = f"/ws/h/local/containers/{container_id}/logs/?tail=200"

    def has_last(message: Any) -> bool:
        return bool(message["t"] == "lines" and message["lines"][-1].endswith(" line 3000"))

    async with opened(path, olga) as socket:
        newest = await socket.json_until(has_last)
    async with opened(f"{path}&run={newest['run']}&after={newest['lines'][0][1:31]}", olga) as socket:
        assert (await socket.json_until(has_last))["run"] == newest["run"]
    everything = await asyncio.to_thread(engine.api, "GET", f"/containers/{container_id}/logs?stdout=1&timestamps=1")
    early = next(line for line in everything[1].decode(errors="replace").splitlines() if line.endswith(" line 1000"))
    stamp = early[early.index("20") :].split(" ")[0]
    async with opened(f"{path}&run=ended&after={stamp}", olga) as socket:
        found: list[str] = []
        await socket.json_until(lambda message: found.extend(message.get("lines", ())) or has_last(message))
        texts = [line[32:] for line in found]
        assert "line 1000" in texts
        assert texts[texts.index("line 1000") :] == [f"line {number}" for number in range(1000, 3001)]
        await socket.send({"ping": 1})
        await socket.json_until(lambda message: message["t"] == "pong")


async def test_a_log_that_breaks_off_says_so_in_words_and_goes_on_with_each_line_once(
    engine: Daemon, far: Host, relay: Relay, olga: User, opened: Opens
) -> None:
    script = "echo first; i=0; while :; do echo tick $i; i=$((i+1)); sleep 0.05; done"
    container_id = await asyncio.to_thread(run_container, engine, script)
    texts: list[str] = []

    def has(count: int) -> Any:
        def check(message: Any) -> bool:
            texts.extend(line[32:] for line in message.get("lines", ()))
            return len(texts) >= count

        return check

    async with opened(f"/ws/h/far/containers/{container_id}/logs/", olga) as socket:
        await socket.json_until(has(5))
        await asyncio.to_thread(relay.cut)
        cut = await socket.json_until(lambda message: has(0)(message) and message.get("state") == "cut")
        assert cut["error"] == "The connection to the host broke off in the middle of its answer."
        cut = await socket.json_until(lambda message: has(0)(message) and message.get("state") == "cut")
        assert "Far cannot be reached" in cut["error"]
        await asyncio.to_thread(relay.mend)
        await socket.json_until(lambda message: has(0)(message) and message.get("state") == "live")
        await socket.json_until(has(len(texts) + 5))
    assert texts == ["first", *(f"tick {number}" for number in range(len(texts) - 1))]


@pytest.mark.parametrize("query", ["", "?until=2100-01-01T00:00:00Z", "?before=2100-01-01T00:00:00Z"])
async def test_a_log_that_cannot_be_read_back_says_why_and_what_to_do(
    engine: Daemon, host: Host, olga: User, opened: Opens, query: str
) -> None:
    body = {"HostConfig": {"LogConfig": {"Type": "none"}}}
    container_id = await asyncio.to_thread(run_container, engine, "echo gone; sleep 600", **body)
    async with opened(f"/ws/h/local/containers/{container_id}/logs/{query}", olga) as socket:
        told = await socket.json_until(lambda message: message["t"] == "state" and message["state"] != "live")
    assert told["state"] == "unreadable"
    assert "its log driver is “none”" in told["error"]
    assert "json-file" in told["error"]


async def test_a_part_whose_host_is_away_is_told_and_asked_for_again(
    engine: Daemon, far: Host, relay: Relay, olga: User, opened: Opens
) -> None:
    container_id = await asyncio.to_thread(run_container, engine, "echo first; sleep 600")
    path = f"/ws/h/far/containers/{container_id}/logs/?until=2100-01-01T00:00:00Z"
    async with opened(path, olga) as socket:
        await socket.json_until(lambda message: message["t"] == "end")
    await asyncio.to_thread(relay.cut)
    async with opened(path, olga) as socket:
        assert "Far cannot be reached" in (await socket.json_until(lambda message: message["t"] == "state"))["error"]
        # A code after which the browser comes back by itself.
        assert await socket.close_code() == 4500


@pytest.mark.parametrize("words", ["configured logging driver does not support reading",
                                   "this container is using the 'none' log driver, cannot read logs"])  # fmt: skip
def test_what_engines_say_of_a_driver_is_known(words: str) -> None:
    refused = gate.HostRefused(500, words)
    assert logs.is_unreadable(refused)
    told = logs.unreadable({"HostConfig": {"LogConfig": {"Type": "syslog"}}}, refused)
    assert "“syslog”" in told["error"]
    assert not logs.is_unreadable(gate.HostRefused(500, "no space left on device"))


def broken_json() -> Exception:
    with pytest.raises(ValueError, match="unexpected") as caught:
        orjson.loads("<html>")
    return caught.value


def test_no_failure_is_told_as_a_library_writes_it() -> None:
    payload = aiohttp.ClientPayloadError("400, message='Not enough data to satisfy transfer length header.'")
    for error in (payload, ExceptionGroup("two", [payload]), ConnectionResetError(104, "x")):
        assert words_of(error) == "The connection to the host broke off in the middle of its answer."
    assert words_of(TimeoutError()) == "The host did not answer in time."
    for error in (KeyError("State"), broken_json()):
        assert words_of(error).startswith("What the host answered cannot be understood.")
    assert words_of(UpstreamError(500, "disk full")) == "disk full"
