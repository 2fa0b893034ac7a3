"""What a host answered with an error and did all the same, on a real dockerd: looked at, and said as it is."""

import time
from collections.abc import Callable
from typing import Any, cast

import pytest
import requests
from django.test import Client
from docker.errors import APIError

from tests.daemons import Daemon
from tests.webui.containers.conftest import Make, wait_for
from webui.accounts.models import User
from webui.containers import acts, afterwards
from webui.containers.aims import Aim
from webui.containers.rows import row_of
from webui.hosts.models import Host
from webui.resources import EngineRefusal, Opened

pytestmark = pytest.mark.real

ERROR = "given PID did not die within timeout"


@pytest.fixture
def as_olga(olga: User, signed_in: Callable[[User], Client], dockerd_host: Host) -> Client:
    return signed_in(olga)


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> Callable[[Exception, bool], None]:
    """Have the host do what it is asked for, or not, and the answer be this failure."""
    real = acts.carry_out

    def answer(failure: Exception, is_done: bool) -> None:
        def carry_out(api: Any, action: str, container_id: str, **more: Any) -> None:
            if is_done:
                real(api, action, container_id, **more)
            raise failure

        monkeypatch.setattr(acts, "carry_out", carry_out)

    return answer


def act(client: Client, action: str, *ids: str) -> str:
    asked = {"action": action, "id": [one[:12] for one in ids], "confirmed": "1"}
    return client.post("/h/docks/containers/act/", asked, headers={"HX-Request": "true"}).content.decode()


@pytest.mark.parametrize(
    ("action", "words"),
    [("stop", "has stopped"), ("kill", "has stopped"), ("pause", "is paused"), ("remove", "is gone")],
)
def test_what_is_as_it_was_wanted_is_done_whatever_the_host_said(
    as_olga: Client, make_container: Make, answers: Callable[[Exception, bool], None], action: str, words: str
) -> None:
    container_id = make_container("heard-wrong")
    answers(APIError("500", explanation=ERROR), True)
    said = act(as_olga, action, container_id)
    assert f"{words}, though its host said: {ERROR}" in said
    assert "could not be" not in said


def test_an_answer_that_did_not_come_is_said_to_be_one(
    as_olga: Client, make_container: Make, answers: Callable[[Exception, bool], None]
) -> None:
    container_id = make_container("slow", start=False)
    answers(requests.ReadTimeout(), True)
    assert "is running, though its host did not say so in time" in act(as_olga, "start", container_id)


def test_what_is_not_as_it_was_wanted_has_failed_with_the_words_of_the_host(
    as_olga: Client, make_container: Make, answers: Callable[[Exception, bool], None]
) -> None:
    container_id = make_container("unmoved")
    answers(APIError("500", explanation=ERROR), False)
    for action in ("stop", "kill", "pause", "remove", "restart"):
        said = act(as_olga, action, container_id)
        assert ERROR in said
        assert "though" not in said


@pytest.mark.parametrize(("status", "is_done"), [("Up 3 seconds", True), ("Up 4 minutes", False), ("", False)])
def test_a_restart_is_known_by_a_run_that_began_after_it_was_asked_for(
    monkeypatch: pytest.MonkeyPatch, status: str, is_done: bool
) -> None:
    found = {"Id": "a" * 64, "State": "running", "Status": status}
    monkeypatch.setattr(afterwards, "_listed", lambda _aim: found)
    aim = Aim("a", cast("Opened", None), row_of(found, seen_at=0))
    words = afterwards.words_all_the_same(aim, "restart", EngineRefusal(ERROR), asked_at=time.monotonic() - 70)
    assert words == (f"was started anew, though its host said: {ERROR}" if is_done else "")


def test_what_ended_before_anybody_asked_was_not_running(
    as_olga: Client, make_container: Make, answers: Callable[[Exception, bool], None], dockerd: Daemon,
    dockerd_host: Host,
) -> None:  # fmt: skip
    container_id = make_container("over")
    dockerd.api("POST", f"/containers/{container_id}/kill")
    wait_for(dockerd_host, container_id, "exited")
    answers(APIError("409", explanation="container is not running"), False)
    assert "was not running" in act(as_olga, "kill", container_id)


def test_what_is_on_its_way_is_waited_for(
    as_olga: Client, make_container: Make, answers: Callable[[Exception, bool], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    container_id = make_container("on-the-way")
    looks = [{"State": "stopping"}, {"State": "stopping"}, {"State": "exited"}]
    monkeypatch.setattr(afterwards, "_listed", lambda _aim: looks.pop(0))
    monkeypatch.setattr(afterwards, "_PAUSE_S", 0)
    answers(APIError("500", explanation=ERROR), False)
    assert "has stopped, though its host said" in act(as_olga, "stop", container_id)
    assert looks == []


def test_who_may_not_do_it_is_refused_whatever_the_state(
    rita: User, signed_in: Callable[[User], Client], make_container: Make
) -> None:
    container_id = make_container("asleep", start=False)
    said = act(signed_in(rita), "kill", container_id)
    assert "container.kill" in said
    assert "was not running" not in said
