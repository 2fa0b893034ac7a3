"""The configuration tab and the parts that are fetched by themselves, on a real dockerd."""

from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.test import Client
from pytest_django.asserts import assertContains, assertNotContains

from tests.daemons import Daemon
from tests.waiting import until
from tests.webui.containers.conftest import Make
from webui.accounts.models import User
from webui.containers.limits import LimitsForm
from webui.containers.overview import health_of, overview_of
from webui.containers.processes import processes_of
from webui.containers.rows import row_of
from webui.hosts.models import Host

SignIn = Callable[[User], Client]
real = pytest.mark.real


@pytest.fixture
def as_olga(olga: User, signed_in: SignIn, dockerd_host: Host) -> Client:
    return signed_in(olga)


@pytest.fixture
def as_rita(rita: User, signed_in: SignIn, dockerd_host: Host) -> Client:
    return signed_in(rita)


@pytest.fixture
def edge(dockerd: Daemon, as_olga: Client) -> Iterator[str]:
    dockerd.json("POST", "/networks/create", {"Name": "edge"})
    yield "edge"
    dockerd.api("DELETE", "/networks/edge")


def _url(container_id: str, part: str = "") -> str:
    return f"/h/docks/containers/{container_id[:12]}/configuration/{part}"


def _held(dockerd: Daemon, container_id: str) -> dict[str, Any]:
    return dict(dockerd.json("GET", f"/containers/{container_id}/json"))


@real
def test_a_stranger_is_sent_to_sign_in(client: Client, make_container: Make) -> None:
    assert client.get(_url(make_container(start=False))).url.startswith("/sign-in/")


@real
def test_a_reader_sees_networks_and_no_form(as_rita: Client, make_container: Make) -> None:
    container_id = make_container("look-only")
    response = as_rita.get(_url(container_id))
    assertContains(response, "bridge")
    assertNotContains(response, "btn-primary")
    for part in ("limits/", "name/", "join/", "leave/"):
        assert as_rita.post(_url(container_id, part), {}).status_code == 403, part


@real
def test_limits_and_restart_policy_change_while_it_runs(as_olga: Client, make_container: Make, dockerd: Daemon) -> None:
    container_id = make_container(HostConfig={"Memory": 64 << 20})
    sent = {"memory": "96m", "cpus": "0.5", "pids": "40", "restart": "on-failure", "tries": "3"}
    response = as_olga.post(_url(container_id, "limits/"), sent, follow=True)
    assertContains(response, "holds from now on")
    found = _held(dockerd, container_id)
    host = found["HostConfig"]
    assert (host["Memory"], host["NanoCpus"], host["PidsLimit"]) == (96 << 20, 500_000_000, 40)
    assert host["RestartPolicy"] == {"Name": "on-failure", "MaximumRetryCount": 3}
    assert found["State"]["Running"]


@real
def test_a_wrong_limit_is_told_beside_its_field_and_nothing_changes(
    as_olga: Client, make_container: Make, dockerd: Daemon
) -> None:
    container_id = make_container()
    response = as_olga.post(_url(container_id, "limits/"), {"memory": "3", "restart": "no"})
    assert response.status_code == 422
    assertContains(response, "At least 6m", status_code=422)
    assert _held(dockerd, container_id)["HostConfig"]["Memory"] == 0


def test_a_limit_cannot_be_taken_away_while_it_runs() -> None:
    form = LimitsForm({"memory": "", "restart": "no"}, host_config={"Memory": 64 << 20})
    assert not form.is_valid()
    assert "Edit" in form.errors["memory"][0]


def test_what_is_as_it_was_is_not_sent() -> None:
    host = {"Memory": 64 << 20, "NanoCpus": 1_500_000_000, "PidsLimit": 7, "RestartPolicy": {"Name": "always"}}
    form = LimitsForm({"memory": "64m", "cpus": "1.5", "pids": "7", "restart": "always"}, host_config=host)
    assert form.is_valid()
    assert form.body() == {}


@real
def test_renaming_keeps_its_page(as_olga: Client, make_container: Make) -> None:
    container_id = make_container("old-name")
    response = as_olga.post(_url(container_id, "name/"), {"name": "new-name"}, follow=True)
    assertContains(response, "<h1>new-name</h1>", html=True)


@real
def test_a_name_that_is_taken_is_told_beside_the_field(as_olga: Client, make_container: Make) -> None:
    make_container("gull", start=False)
    response = as_olga.post(_url(make_container("heron", start=False), "name/"), {"name": "gull"})
    assertContains(response, "Taken by a stopped container. Try gull-2.", status_code=422)


@real
def test_a_network_is_joined_by_another_name_and_left_again(
    as_olga: Client, make_container: Make, dockerd: Daemon, edge: str
) -> None:
    container_id = make_container()
    sent = {"network": edge, "aliases": "db, store"}
    assertContains(as_olga.post(_url(container_id, "join/"), sent, follow=True), "db, store")
    assert "edge" in _held(dockerd, container_id)["NetworkSettings"]["Networks"]
    as_olga.post(_url(container_id, "leave/"), {"network": edge}, follow=True)
    assert "edge" not in _held(dockerd, container_id)["NetworkSettings"]["Networks"]


@real
def test_the_processes_are_a_table(as_rita: Client, make_container: Make) -> None:
    container_id = make_container()
    assertContains(as_rita.get(f"/h/docks/containers/{container_id[:12]}/processes/"), "sleep 600")


@real
def test_the_processes_of_what_is_stopped_are_words(as_rita: Client, make_container: Make) -> None:
    container_id = make_container(start=False)
    assertContains(as_rita.get(f"/h/docks/containers/{container_id[:12]}/processes/"), "It does not run")


async def _whole(chunks: AsyncIterator[bytes]) -> bytes:
    return b"".join([chunk async for chunk in chunks])


@real
def test_the_whole_log_is_a_file(as_rita: Client, make_container: Make) -> None:
    container_id = make_container("talker", Cmd=["sh", "-c", "echo one; echo two >&2; sleep 600"])
    url = f"/h/docks/containers/{container_id[:12]}/logs/download/"
    until(lambda: b"two" in async_to_sync(_whole)(as_rita.get(url).streaming_content))
    response = as_rita.get(url)
    text = async_to_sync(_whole)(response.streaming_content)
    assert 'filename="talker.log"' in response.headers["Content-Disposition"]
    assert sorted(line.split(b" ", 1)[1] for line in text.splitlines()) == [b"one", b"two"]


@real
def test_a_log_that_cannot_be_read_back_is_no_file_but_a_page_that_says_so(
    as_rita: Client, make_container: Make
) -> None:
    config = {"LogConfig": {"Type": "none"}}
    container_id = make_container("silent", Cmd=["sh", "-c", "echo one; sleep 600"], HostConfig=config)
    for asked in ("", "?as=json"):
        response = as_rita.get(f"/h/docks/containers/{container_id[:12]}/logs/download/{asked}")
        assert "Content-Disposition" not in response.headers
        assertContains(response, "its log driver is “none”", status_code=502)


@real
def test_what_recreating_does_is_shown_first(as_olga: Client, make_container: Make) -> None:
    container_id = make_container("shown")
    response = as_olga.post(
        "/h/docks/containers/act/", {"action": "recreate", "id": container_id[:12]}, headers={"HX-Request": "true"}
    )
    assertContains(response, "Recreate 1 container")
    assertContains(response, "Pull busybox:latest first")


def test_the_columns_of_ps_get_words_and_strange_ones_are_left_out() -> None:
    top = {"Titles": ["PID", "ODD", "CMD"], "Processes": [["7", "?", "sh -c true"]]}
    processes = processes_of(top)
    assert [str(label) for label, _ in processes.titles] == ["PID", "Command"]
    assert [cell.text for cell in processes.rows[0]] == ["7", "sh -c true"]


ROW = row_of({"Id": "a" * 64, "Names": ["/web"], "Status": "Exited (137) 1 minute ago"}, seen_at=0)


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ({"OOMKilled": True, "ExitCode": 137}, "used all the memory that it may have (64m = 67.1 MB)"),
        ({"ExitCode": 127}, "not found in the image"),
        ({"ExitCode": 139}, "segmentation fault"),
        ({"ExitCode": 3}, "its last lines may say which"),
    ],
)
def test_why_it_ended_is_said_in_words(state: dict[str, Any], words: str) -> None:
    overview = overview_of(ROW, {"State": state, "HostConfig": {"Memory": 64 << 20}})
    assert overview.trouble is not None
    assert words in str(overview.trouble.words)


def test_what_ended_well_or_never_began_needs_no_words() -> None:
    assert overview_of(ROW, {"State": {"ExitCode": 0}}).trouble is None
    assert overview_of(ROW, {"State": {"Status": "created", "ExitCode": 0}}).trouble is None


@pytest.mark.parametrize(
    ("status", "said", "words"),
    [
        ("unhealthy", [(1, "no route"), (0, "fine")], "It says: no route"),
        ("unhealthy", [(1, "")], "says nothing"),
        ("unhealthy", [(1, "x" * 500)], "x" * 160 + "…"),
        ("healthy", [(1, "no route"), (0, "fine")], None),
        ("starting", [], None),
    ],
)
def test_what_an_unhealthy_one_says_stands_at_the_head(
    status: str, said: list[tuple[int, str]], words: str | None
) -> None:
    log = [{"ExitCode": code, "Output": text} for code, text in said]
    found = {
        "Config": {"Healthcheck": {"Test": ["CMD", "x"]}},
        "State": {"Running": True, "Health": {"Status": status, "Log": log}},
    }
    trouble = overview_of(ROW, found).trouble
    assert (trouble is None) == (words is None)
    assert words is None or words in str(trouble.words if trouble else "")


def test_the_health_check_tells_how_long_each_run_took() -> None:
    log = [{"Start": "2026-01-01T00:00:00Z", "End": "2026-01-01T00:00:00.25Z", "ExitCode": 1, "Output": " ill\n"}]
    health = health_of({
        "Config": {"Healthcheck": {"Test": ["CMD", "x"]}},
        "State": {"Health": {"Status": "unhealthy", "FailingStreak": 4, "Log": log}},
    })  # fmt: skip
    assert health is not None
    assert (health.failing, health.probes[0].words, health.probes[0].took) == (4, "ill", "250 ms")
    assert health_of({"Config": {}, "State": {}}) is None


@pytest.mark.parametrize(
    ("nanoseconds", "words"),
    [(0, "every 30 s"), (300_000_000, "every 300 ms"), (5_000_000_000, "every 5 s"), (90_000_000_000, "every 1m30s")],
)
def test_how_often_it_is_checked_is_told_in_a_unit_that_fits(nanoseconds: int, words: str) -> None:
    health = health_of({"Config": {"Healthcheck": {"Test": ["CMD", "x"], "Interval": nanoseconds}}, "State": {}})
    assert health is not None
    assert health.words.startswith(f"{words} · ")


@real
@pytest.mark.parametrize("part", ["limits/", "name/", "join/"])
def test_the_address_of_a_form_that_came_back_opens_the_tab(as_olga: Client, make_container: Make, part: str) -> None:
    container_id = make_container(start=False)
    assert as_olga.get(_url(container_id, part)).url == _url(container_id)
