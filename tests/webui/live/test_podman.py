"""A real Podman as a host of the console: what its Docker API answers in its own way looks as on any other host."""

import asyncio
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from tests.daemons import Daemon
from tests.podman import running_podman
from tests.waiting import until
from tests.webui.live.conftest import Opens, run_container
from webui.accounts.models import User
from webui.containers import columns
from webui.hosts.models import Host
from webui.live import forget, picture, picture_after
from webui.live.lines import LONGEST_LINE
from webui.live.logs import RING_CHARACTERS

pytestmark = [pytest.mark.real, pytest.mark.peer, pytest.mark.django_db(transaction=True)]


@pytest.fixture(scope="module")
def podman(busybox_tar: Path) -> Iterator[Daemon]:
    with tempfile.TemporaryDirectory(prefix="podman-") as name, running_podman(Path(name)) as running:
        running.load(busybox_tar)
        yield running


@pytest.fixture
def host(podman: Daemon, transactional_db: None) -> Iterator[Host]:
    made = Host.objects.create(slug="local", name="Pods", url=podman.url)
    forget(made.slug)
    yield made
    forget(made.slug)
    podman.remove_all_containers()


def test_its_picture_follows_what_happens(podman: Daemon, host: Host) -> None:
    container_id = run_container(podman, "sleep 600")
    raw = picture(host).containers.get(container_id) or picture_after(
        host, "containers", container_id, before=None, timeout_s=60
    ).containers.get(container_id)
    assert raw is not None
    assert raw["State"] == "running"
    podman.api("DELETE", f"/containers/{container_id}?force=1")
    after = picture_after(host, "containers", container_id, before=raw, timeout_s=60)
    assert container_id not in after.containers or after.containers[container_id]["State"] != "running"


async def test_its_log_has_the_same_timestamps(podman: Daemon, host: Host, olga: User, opened: Opens) -> None:
    container_id = await asyncio.to_thread(run_container, podman, "echo hello; sleep 600")
    async with opened(f"/ws/h/local/containers/{container_id}/logs/", olga) as socket:
        message = await socket.json_until(lambda message: message.get("lines"))
    stamp, _, text = message["lines"][0][1:].partition(" ")
    assert text == "hello"
    assert len(stamp) == len("2026-01-01T00:00:00.000000000Z")


async def texts_until(opened: Opens, user: User, container_id: str, last: str, query: str = "") -> list[str]:
    """What a page that is opened now shows of a log, to this line."""
    lines: list[str] = []

    def is_last(message: Any) -> bool:
        lines.extend(message.get("lines", ()))
        return bool(lines) and lines[-1][32:] == last

    async with opened(f"/ws/h/local/containers/{container_id}/logs/{query}", user) as socket:
        await socket.json_until(is_last)
    return [line[32:] for line in lines]


def wait_for_log(podman: Daemon, container_id: str, words: bytes) -> None:
    until(lambda: words in podman.api("GET", f"/containers/{container_id}/logs?stdout=1")[1])


@pytest.mark.parametrize("is_terminal", [True, False])
async def test_a_line_that_was_written_in_pieces_is_one_line_for_who_comes_later(
    podman: Daemon, host: Host, olga: User, opened: Opens, *, is_terminal: bool
) -> None:
    # What has no end yet is a piece in the file; asked for the last lines, Podman 4.3 puts it into the wrong one.
    script = "echo one; printf tw; sleep 0.3; echo o; echo; echo three; sleep 600"
    container_id = await asyncio.to_thread(run_container, podman, script, Tty=is_terminal)
    await asyncio.to_thread(wait_for_log, podman, container_id, b"three")
    texts = await texts_until(opened, olga, container_id, "three\r" if is_terminal else "three")
    assert [text.rstrip("\r") for text in texts] == ["one", "two", "", "three"]


@pytest.mark.parametrize("is_terminal", [True, False])
async def test_a_prompt_goes_on_where_it_was_left_and_nothing_comes_twice(
    podman: Daemon, host: Host, olga: User, opened: Opens, *, is_terminal: bool
) -> None:
    script = "trap 'echo ls' USR1; printf tw; sleep 1; echo o; echo three; printf '/ # '; while :; do sleep 0.1; done"
    container_id = await asyncio.to_thread(run_container, podman, script, Tty=is_terminal)
    await asyncio.to_thread(wait_for_log, podman, container_id, b"/ # ")
    lines: list[str] = []

    def ends_with(text: str) -> Any:
        def check(message: Any) -> bool:
            lines.extend(message.get("lines", ()))
            return bool(lines) and lines[-1][32:].rstrip("\r") == text

        return check

    async with opened(f"/ws/h/local/containers/{container_id}/logs/", olga) as socket:
        await socket.json_until(ends_with("/ # "))
        await asyncio.to_thread(podman.api, "POST", f"/containers/{container_id}/kill?signal=USR1")
        await socket.json_until(ends_with("ls"))
    texts = [line[0] + line[32:].rstrip("\r") for line in lines]
    assert texts == ["otwo", "othree", "o/ # ", "Ols"]


async def test_the_last_lines_of_many_are_those_and_whole(
    podman: Daemon, host: Host, olga: User, opened: Opens
) -> None:
    # It writes blocks of a size of their own, each of which ends within a line.
    container_id = await asyncio.to_thread(run_container, podman, "seq 5000 9999; sleep 2; seq 10000 12999; sleep 600")
    await asyncio.to_thread(wait_for_log, podman, container_id, b"12999")
    texts = await texts_until(opened, olga, container_id, "12999", "?tail=200")
    assert texts == [str(number) for number in range(12800, 13000)]


async def test_a_line_of_many_megabytes_is_told_in_pieces_to_who_comes_later(
    podman: Daemon, host: Host, olga: User, opened: Opens
) -> None:
    script = "echo before; dd if=/dev/zero bs=1000000 count=20 2>/dev/null | tr '\\0' x; echo; echo after; sleep 600"
    container_id = await asyncio.to_thread(run_container, podman, script)
    await asyncio.to_thread(wait_for_log, podman, container_id, b"after")
    texts = await texts_until(opened, olga, container_id, "after")
    assert {*"".join(texts[:-1])} == {"x"}
    assert max(map(len, texts)) <= LONGEST_LINE
    assert sum(map(len, texts)) > RING_CHARACTERS // 2


async def test_its_figures_come(podman: Daemon, host: Host, olga: User, opened: Opens) -> None:
    container_id = await asyncio.to_thread(run_container, podman, "while :; do :; done")
    async with opened(f"/ws/h/local/containers/{container_id}/stats/", olga) as socket:
        await socket.json_until(lambda message: any(row[1] > 1 for row in message.get("samples", ())))


def test_its_processes_are_a_table(podman: Daemon, host: Host, olga: User) -> None:
    container_id = run_container(podman, "sleep 600")
    picture(host)
    browser = Client()
    browser.force_login(olga)
    page: Any = browser.get(f"/h/local/containers/{container_id[:12]}/processes/")
    assert page.status_code == 200
    assert "sleep 600" in page.content.decode()
    assert "broke off" not in page.content.decode()


def test_the_health_of_each_is_known_though_its_list_says_none(podman: Daemon, host: Host) -> None:
    check = {"Test": ["CMD-SHELL", "exit 1"], "Interval": 3_600_000_000_000, "Retries": 1}
    checked, plain = run_container(podman, "sleep 600", Healthcheck=check), run_container(podman, "sleep 600")
    # The picture may have been there before they were, and hears of them in its own time.
    until(lambda: {checked, plain} <= picture(host).containers.keys())
    healths = {row.id: row.health for row in columns.rows_of(host.slug, picture(host))}
    assert (healths[checked], healths[plain]) == ("starting", "")


def test_a_network_is_known_though_no_event_tells_of_it(podman: Daemon, host: Host) -> None:
    picture(host)
    network_id = podman.json("POST", "/networks/create", {"Name": "canal"})["Id"]
    made = picture_after(host, "networks", network_id, timeout_s=60).networks[network_id]
    assert made["Name"] == "canal"
    podman.api("DELETE", "/networks/canal")
    assert network_id not in picture_after(host, "networks", network_id, before=made, timeout_s=60).networks
