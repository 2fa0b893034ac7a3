from pathlib import Path

import pytest

from engine.containers.listing import list_elements, status_text
from engine.containers.model import TRANSITIONS, Container, Health, Record, State, Status
from engine.containers.restart_policy import next_delay_s, should_restart, should_start_with_daemon
from engine.containers.store import ContainerStore
from engine.containers.times import in_words, rfc3339
from engine.errors import Conflict, InvalidArgument, NotFound

SECOND = 1_000_000_000


def record(identity: str = "a" * 64, name: str = "web", policy: str = "no", count: int = 0) -> Record:
    host = {
        "LogConfig": {"Type": "json-file"},
        "NetworkMode": "bridge",
        "RestartPolicy": {"Name": policy, "MaximumRetryCount": count},
    }
    config = {"Image": "busybox", "Labels": {}, "Tty": False}
    return Record(identity, name, SECOND, "sha256:1", None, "sleep", ["1 2"], config, host, {"bridge": {}})


def test_a_removed_container_turns_into_nothing_that_runs() -> None:
    container = Container(record(), Path("/nowhere"))
    container.turn(Status.REMOVING)
    with pytest.raises(Conflict):
        container.turn(Status.RUNNING)
    assert set(TRANSITIONS) == set(Status)


async def test_everyone_who_waits_for_the_exit_hears_of_it() -> None:
    container = Container(record(), Path("/nowhere"))
    waiting = [container.next_exit(), container.removal()]
    container.tell_removed()
    assert [(await one).exit_code for one in waiting] == [0, 0]


async def test_a_record_comes_back_from_disk_as_it_was(tmp_path: Path) -> None:
    store = ContainerStore(tmp_path)
    kept = record()
    kept.state = State(Status.EXITED, exit_code=3, health=Health("healthy"))
    await store.add(Container(kept, store.directory_of(kept.id)))
    again = ContainerStore(tmp_path)
    again.load()
    assert again.get("web").record == kept


async def test_a_folder_without_a_record_is_what_a_crash_left_and_goes(tmp_path: Path) -> None:
    (tmp_path / "half").mkdir()
    ContainerStore(tmp_path).load()
    assert not (tmp_path / "half").exists()


async def test_a_container_is_found_by_id_prefix_and_name(tmp_path: Path) -> None:
    store = ContainerStore(tmp_path)
    for identity, name in (("ab" * 32, "one"), ("ac" * 32, "two")):
        await store.add(Container(record(identity, name), store.directory_of(identity)))
    assert store.get("abab").name == store.get("/one").name == "one"
    with pytest.raises(InvalidArgument, match="Multiple IDs found with provided prefix: a"):
        store.get("a")
    with pytest.raises(NotFound, match="No such container: zz"):
        store.get("zz")


async def test_a_name_is_taken_from_the_moment_it_is_reserved(tmp_path: Path) -> None:
    store = ContainerStore(tmp_path)
    store.reserve("web", "1" * 64)
    with pytest.raises(Conflict, match='The container name "/web" is already in use by container "1111'):
        store.reserve("web", "2" * 64)
    store.release("web")
    store.reserve("web", "2" * 64)


def test_the_list_element_is_kept_until_the_container_changes() -> None:
    container = Container(record(), Path("/nowhere"))
    assert b'"Status":"Created"' in list_elements([container])
    kept = container.list_element
    list_elements([container])
    assert container.list_element is kept
    container.turn(Status.RUNNING)
    assert container.list_element is None
    assert b'"Command":"sleep \'1 2\'"' in list_elements([container])


@pytest.mark.parametrize(
    ("state", "text"),
    [
        (State(Status.RUNNING, started_ns=SECOND), "Up 2 minutes"),
        (State(Status.PAUSED, started_ns=SECOND), "Up 2 minutes (Paused)"),
        (State(Status.RUNNING, started_ns=SECOND, health=Health("healthy")), "Up 2 minutes (healthy)"),
        (State(Status.RUNNING, started_ns=SECOND, health=Health()), "Up 2 minutes (health: starting)"),
        (State(Status.EXITED, exit_code=3, finished_ns=116 * SECOND), "Exited (3) 5 seconds ago"),
        (State(Status.RESTARTING, exit_code=1, finished_ns=120 * SECOND), "Restarting (1) 1 second ago"),
    ],
)
def test_the_status_reads_as_docker_ps_writes_it(state: State, text: str) -> None:
    assert status_text(state, 121 * SECOND) == text


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.5, "Less than a second"), (1, "1 second"), (59, "59 seconds"), (60, "About a minute"), (3600, "About an hour")],
)
def test_durations_are_told_as_docker_tells_them(seconds: float, words: str) -> None:
    assert in_words(seconds) == words


def test_a_time_has_nanoseconds_without_trailing_zeros() -> None:
    assert rfc3339(1795488911_123456000) == "2026-11-24T02:55:11.123456Z"
    assert rfc3339(0) == "0001-01-01T00:00:00Z"


def test_on_failure_restarts_only_failures_and_only_so_often() -> None:
    failing = record(policy="on-failure", count=2)
    assert should_restart(failing, 1)
    assert not should_restart(failing, 0)
    failing.restart_count = 2
    assert not should_restart(failing, 1)


def test_what_a_user_stopped_stays_stopped_but_for_always_after_a_new_start_of_the_daemon() -> None:
    for policy, starts_with_daemon in (("always", True), ("unless-stopped", False)):
        stopped = record(policy=policy)
        stopped.was_stopped_by_user = True
        assert not should_restart(stopped, 0)
        assert should_start_with_daemon(stopped) is starts_with_daemon


def test_the_delay_doubles_up_to_a_minute_and_begins_anew_after_a_long_run() -> None:
    assert next_delay_s(0, ran_for_s=0) == 0.1
    assert next_delay_s(0.1, ran_for_s=0) == 0.2
    assert next_delay_s(50, ran_for_s=0) == 60
    assert next_delay_s(50, ran_for_s=11) == 0.1
