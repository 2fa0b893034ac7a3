"""Several who are attached to one main process at once, on our engine and on a real dockerd."""

import asyncio
from collections.abc import Iterator

import pytest

from tests.daemons import Daemon
from tests.webui.live.conftest import WAIT_S, Opens, run_container
from tests.webui.live.test_console import Screen, _until_silent, path_of
from webui.access import Role
from webui.accounts.models import User
from webui.hosts.models import Host
from webui.live import console, terminals
from webui.live.pictures import forget
from webui.live.shared_size import Shared, SharedSize, shared_size

pytestmark = [pytest.mark.real, pytest.mark.django_db(transaction=True)]
# Says each line that it reads, and how large its terminal is then.
ECHO = 'while read -r line; do echo "got $line $(stty size)"; [ "$line" = end ] && exit 7; done'
FLOOD = "head -c 3000000 /dev/zero | tr '\\0' x; echo; echo all"


@pytest.fixture(params=["engine", "dockerd"])
def quay(request: pytest.FixtureRequest, transactional_db: None) -> Iterator[Daemon]:
    daemon: Daemon = request.getfixturevalue(request.param)
    Host.objects.create(slug="quay", name="Quay", url=daemon.url)
    yield daemon
    forget("quay")
    daemon.remove_all_containers()


def _attached(container_id: str, rows: int, columns: int) -> str:
    return path_of(container_id, kind="attach", rows=rows, columns=columns)


async def _sized(screen: Screen, rows: int, columns: int, windows: int) -> None:
    async with asyncio.timeout(WAIT_S):
        wanted = {"rows": rows, "columns": columns, "windows": windows}
        while not wanted.items() <= (await screen._message("size")).items():
            pass


async def _says(asker: Screen, words: bytes, *, size: str) -> None:
    """Ask until the program knows its size: it is told by a call of its own."""
    async with asyncio.timeout(WAIT_S):
        wanted = b"got %s %s\r\n" % (words, size.encode())
        while wanted not in asker.text:
            await asker.socket.send(words + b"\n")
            await asker.until(b"got " + words)
            await asker.until(b"\r\n")
            await asyncio.sleep(0.05)
            await asker.socket.send({"ping": 1})
            await asker._message("pong")


async def test_two_share_the_output_the_smaller_size_and_the_end(quay: Daemon, olga: User, opened: Opens) -> None:
    container_id = await asyncio.to_thread(run_container, quay, ECHO, OpenStdin=True, Tty=True)
    marek = await User.objects.acreate(username="marek", role=Role.ADMINISTRATOR)
    async with opened(_attached(container_id, 40, 150), olga) as first:
        wide = Screen(first)
        await wide.opened()
        await _sized(wide, 40, 150, 1)
        async with opened(_attached(container_id, 24, 160), marek) as second:
            small = Screen(second)
            await small.opened()
            await _sized(small, 24, 150, 2)
            await _sized(wide, 24, 150, 2)
            await _says(wide, b"two", size="24 150")
            await small.until(b"got two 24 150")
            # The keys of one leave the other where he is.
            await second.send(b"\x10\x11")
            assert "goes on without you" in (await small.ended())["words"]
        await _sized(wide, 40, 150, 1)
        await _says(wide, b"one", size="40 150")
        async with opened(_attached(container_id, 40, 150), marek) as third:
            other = Screen(third)
            await other.opened()
            await third.send(b"end\n")
            assert [(await screen.ended())["code"] for screen in (other, wide)] == [7, 7]


async def test_a_window_that_draws_nothing_keeps_neither_the_process_nor_another_window(
    quay: Daemon, olga: User, opened: Opens
) -> None:
    container_id = await asyncio.to_thread(
        run_container, quay, f"read x; {FLOOD}; read x; exit 3", OpenStdin=True, Tty=True
    )
    async with (
        opened(_attached(container_id, 24, 80), olga) as stalled,
        opened(_attached(container_id, 24, 80), olga) as drawing,
    ):
        await Screen(stalled).opened()
        screen = Screen(drawing)
        await screen.opened()
        await drawing.send(b"go\n")
        await screen.until(b"all\r\n")
        # What it is sent before it says what it has drawn is bounded; the rest is counted, not kept.
        came = await _until_silent(stalled)
        assert came <= console.MOST_UNDRAWN + 512 * 1024
        await stalled.send({"drawn": came})
        lost = (await stalled.json_until(lambda message: message.get("t") == "lost"))["count"]
        assert came + lost > 2_000_000
        await drawing.send(b"go\n")
        assert (await screen.ended())["code"] == 3


def test_a_terminal_is_as_large_as_fits_into_all_windows() -> None:
    told: list[Shared] = []
    shared = SharedSize()
    assert shared.size is None
    shared.show("a", (40, 80), told.append)
    others: list[Shared] = []
    shared.show("b", (24, 200), others.append)
    assert shared.size == (24, 80)
    shared.leave("b")
    shared.leave("b")
    assert told == [Shared(40, 80, 1, answers=True), Shared(24, 80, 2, answers=True), Shared(40, 80, 1, answers=True)]
    assert others == [Shared(24, 80, 2, answers=False)]


class Slow:
    """A host that takes of the sizes that wait the newest first, when it is told to."""

    def __init__(self) -> None:
        self.waiting: list[asyncio.Event] = []
        self.taken: list[tuple[str, str]] = []

    async def call(self, _method: str, _path: str, *, query: dict[str, str]) -> None:
        turn = asyncio.Event()
        self.waiting.append(turn)
        await turn.wait()
        self.taken.append((query["h"], query["w"]))

    async def take_one(self) -> None:
        count = len(self.taken)
        self.waiting.pop().set()
        while len(self.taken) == count:
            await asyncio.sleep(0)


async def test_sizes_are_told_one_after_the_other_and_the_newest_last(monkeypatch: pytest.MonkeyPatch) -> None:
    slow = Slow()
    monkeypatch.setattr(terminals, "Upstream", lambda *_: slow)
    first, second = (
        terminals.AttachTerminal(None, Host(pk=1), "web", rows=rows, columns=80)  # type: ignore[arg-type]
        for rows in (40, 24)
    )
    for terminal in (first, second):
        terminal.is_tty = True
        terminal._duplex = object()  # type: ignore[assignment]
    async with asyncio.timeout(WAIT_S), asyncio.TaskGroup() as group:
        group.create_task(first.resize(40, 80))
        await asyncio.sleep(0)
        # While the host takes its time, a smaller window comes.
        group.create_task(second.resize(24, 80))
        await asyncio.sleep(0)
        await slow.take_one()
        await asyncio.sleep(0)
        await slow.take_one()
    assert slow.taken == [("40", "80"), ("24", "80")]


async def test_a_size_is_shared_by_those_who_have_the_same_terminal() -> None:
    one = shared_size(("host", "web"))
    assert shared_size(("host", "web")) is one
    assert shared_size(("host", "other")) is not one
