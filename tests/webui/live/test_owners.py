"""Websockets show each person what they may see, and what is shared or taken back while they look follows at once."""

import asyncio
from typing import Any

import pytest

from tests.daemons import Daemon
from tests.webui.live.conftest import Opens, run_container
from webui.accounts.models import User
from webui.gate import actor_of
from webui.hosts.models import Host
from webui.live import Picture, picture
from webui.ownership import Kind
from webui.ownership.changes import claim, give_access
from webui.resources import stamp_of

pytestmark = [pytest.mark.real, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def tess(transactional_db: None) -> User:
    return User.objects.create_user("tess", role="standard")


async def _mine(engine: Daemon, host: Host, tess: User) -> tuple[str, str]:
    """A container of hers, and one of nobody."""
    mine, other = [await asyncio.to_thread(run_container, engine, "sleep 600") for _ in range(2)]
    await asyncio.to_thread(claim, host.pk, Kind.CONTAINER, [mine], tess.pk)
    return mine, other


async def _give(host: Host, key: str, visibility: str) -> None:
    def give() -> None:
        give_access(host.pk, Kind.CONTAINER, key, owner_id=None, visibility=visibility, shares=[])

    await asyncio.to_thread(give)


async def test_figures_hold_only_what_is_seen(engine: Daemon, host: Host, tess: User, opened: Opens) -> None:
    mine, other = await _mine(engine, host, tess)
    async with opened("/ws/h/local/figures/", tess) as socket:
        message = await socket.json_until(lambda message: bool(message["figures"]))
    assert mine[:12] in message["figures"]
    assert other[:12] not in message["figures"]


async def test_the_list_gains_what_is_shared_and_loses_what_is_taken_back(
    engine: Daemon, host: Host, tess: User, opened: Opens
) -> None:
    _own, other = await _mine(engine, host, tess)

    def row(message: dict[str, Any]) -> bool:
        return f"c-{other[:12]}" in message["content"] and message["swap"] in {"afterend", "afterbegin"}

    async with opened("/ws/h/local/lists/containers/", tess) as socket:
        whole = await socket.json_until(lambda message: message["target"] == "#rows")
        assert other[:12] not in whole["content"]
        await _give(host, other, "public")
        await socket.json_until(row)
        await _give(host, other, "administrators")
        await socket.json_until(lambda message: message["target"] == f"#c-{other[:12]}" and message["swap"] == "delete")


async def test_what_was_taken_back_while_nobody_listened_goes_when_the_page_is_back(
    engine: Daemon, host: Host, tess: User, opened: Opens
) -> None:
    """The host's own lists are the same as when the page was made."""
    mine, other = await _mine(engine, host, tess)
    await _give(host, other, "public")

    def seen() -> Picture:
        return picture(host, actor_of(tess))

    page = await asyncio.to_thread(seen)
    assert {mine, other} <= page.containers.keys()
    stamp = await asyncio.to_thread(stamp_of, page)
    await _give(host, other, "administrators")
    async with opened(f"/ws/h/local/lists/containers/?at={stamp}", tess) as socket:
        whole = await socket.json_until(lambda message: message["target"] == "#rows")
    assert mine[:12] in whole["content"]
    assert other[:12] not in whole["content"]


async def test_an_order_by_figures_names_only_what_is_seen(
    engine: Daemon, host: Host, tess: User, opened: Opens
) -> None:
    mine, _other = await _mine(engine, host, tess)
    async with (
        opened("/ws/h/local/figures/", tess) as figures,
        opened("/ws/h/local/lists/containers/?sort=cpu&group=none", tess) as socket,
    ):
        await figures.json_until(lambda message: mine[:12] in message["figures"])
        await socket.json_until(lambda message: message["target"] == "#list-count")
        await socket.send({"order": "all"})
        order = await socket.json_until(lambda message: message["swap"] == "order")
    assert order["content"] == f"0:c-{mine[:12]}"


@pytest.mark.parametrize("what", ["logs", "stats", "console"])
async def test_streams_of_others_are_not_there_and_end_when_they_are_taken_back(
    what: str, engine: Daemon, host: Host, tess: User, opened: Opens
) -> None:
    mine, other = await _mine(engine, host, tess)
    async with opened(f"/ws/h/local/containers/{other[:12]}/{what}/", tess) as socket:
        assert await socket.close_code() == 4404
    async with opened(f"/ws/h/local/containers/{mine[:12]}/{what}/", tess) as socket:
        # A terminal shows its prompt in bytes.
        while not (frame := await socket.frame()).get("bytes") and what == "console":
            assert frame["type"] == "websocket.send"
        await _give(host, mine, "administrators")
        assert await socket.close_code() == 4404
