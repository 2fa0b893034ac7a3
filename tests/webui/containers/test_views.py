"""The containers pages on a real dockerd: who may see and do what, and what is answered."""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import orjson
import pytest
from django.test import Client
from pytest_django import Settings
from pytest_django.asserts import assertContains, assertNotContains, assertRedirects

from tests.daemons import Daemon
from tests.waiting import until
from tests.webui.containers.conftest import Make, wait_for
from webui.accounts.models import User
from webui.audit.models import Entry
from webui.hosts.models import Host
from webui.jobs.models import Job
from webui.live import Picture, picture
from webui.live.saved import save_picture

pytestmark = pytest.mark.real

LIST = "/h/docks/containers/"
ACT = f"{LIST}act/"
RUN = f"{LIST}run/"
SignIn = Callable[[User], Client]


@pytest.fixture
def as_olga(olga: User, signed_in: SignIn, dockerd_host: Host) -> Client:
    return signed_in(olga)


@pytest.fixture
def as_rita(rita: User, signed_in: SignIn, dockerd_host: Host) -> Client:
    return signed_in(rita)


def act(client: Client, action: str, *ids: str, **more: str) -> str:
    response = client.post(
        ACT, {"action": action, "id": [one[:12] for one in ids], **more}, headers={"HX-Request": "true"}
    )
    assert response.status_code == 200, response.content
    return response.content.decode()


def test_a_stranger_is_sent_to_sign_in(client: Client, dockerd_host: Host) -> None:
    response = client.get(LIST)
    assert response.status_code == 302
    assert response.url.startswith("/sign-in/")


def test_a_host_that_is_not_there_is_not_found(as_olga: Client) -> None:
    assert as_olga.get("/h/nowhere/containers/").status_code == 404


def test_the_rows_are_in_the_page_with_their_state_in_words(as_olga: Client, make_container: Make) -> None:
    make_container("on-the-list", Labels={"com.docker.compose.project": "harbour"})
    response = as_olga.get(LIST)
    assertContains(response, "on-the-list")
    assertContains(response, ">harbour</b>")
    assertContains(response, '"act":"stop"')
    assert re.search(r"up (a moment|\d+ seconds?)", response.content.decode())


def test_a_filter_narrows_the_list_and_the_url_holds_it(as_olga: Client, make_container: Make) -> None:
    make_container("heron")
    make_container("gull", start=False)
    response = as_olga.get(f"{LIST}?q=heron&show=running")
    assertContains(response, "heron")
    assertNotContains(response, ">gull<")


def test_the_next_window_is_only_rows(as_olga: Client, make_container: Make) -> None:
    container_id = make_container("lonely", start=False)
    response = as_olga.get(f"{LIST}?after=0:none", headers={"HX-Request": "true"})
    assert f'id="c-{container_id[:12]}"' in response.content.decode()
    assertNotContains(response, "<html")


def test_a_reader_sees_the_list_and_no_act(as_rita: Client, make_container: Make) -> None:
    make_container("look-only")
    response = as_rita.get(LIST)
    assertContains(response, "look-only")
    for action in ("stop", "remove", "kill"):
        assertNotContains(response, f'data-act="{action}"')
        assertNotContains(response, f'"act":"{action}"')
    assert as_rita.get(RUN).status_code == 403


def test_a_reader_who_posts_all_the_same_is_refused_by_name(
    as_rita: Client, make_container: Make, dockerd_host: Host
) -> None:
    container_id = make_container("untouched")
    assert "container.stop" in act(as_rita, "stop", container_id)
    assert picture(dockerd_host).containers[container_id]["State"] == "running"


def test_stopping_says_what_was_stopped(as_olga: Client, make_container: Make, dockerd_host: Host) -> None:
    container_id = make_container("to-stop")
    assert "Killed to-stop" in act(as_olga, "kill", container_id)
    wait_for(dockerd_host, container_id, "exited")
    assertContains(as_olga.get(f"{LIST}?q=to-stop"), "exit 137, killed")


def test_starting_a_running_container_changes_nothing(as_olga: Client, make_container: Make) -> None:
    container_id = make_container("busy")
    assert "was already running" in act(as_olga, "start", container_id)


def test_killing_what_is_not_running_is_no_failure(as_olga: Client, make_container: Make) -> None:
    assert "was not running" in act(as_olga, "kill", make_container("asleep", start=False))


@pytest.mark.django_db(transaction=True)
def test_each_of_many_has_its_own_outcome(as_olga: Client, make_container: Make, dockerd_host: Host) -> None:
    good = make_container("fine", start=False)
    bad = make_container("broken", start=False, Cmd=["/no-such-program"])
    said = act(as_olga, "start", good, bad, "0" * 12)
    assert "Started fine" in said
    assert "broken" in said
    assert "no-such-program" in said
    assert "is already gone" in said


def test_a_thousand_can_be_named_at_once(as_olga: Client) -> None:
    assert "already gone" in act(as_olga, "start", *(f"{number:012x}" for number in range(1500)))


def test_a_removal_says_how_many_run_and_they_lead(as_olga: Client, make_container: Make) -> None:
    ids = [make_container("asleep", start=False), make_container("at-work")]
    said = act(as_olga, "remove", *ids)
    assert "1 of them runs and is killed first." in said
    assert said.index("at-work") < said.index("asleep")


def test_a_removal_is_shown_before_it_is_done(as_olga: Client, make_container: Make, dockerd_host: Host) -> None:
    container_id = make_container("going", HostConfig={"Binds": ["kept-data:/data"]})
    shown = act(as_olga, "remove", container_id)
    assert "is killed first" in shown
    assert "Kept: volumes (kept-data)" in shown
    assert container_id in picture(dockerd_host).containers
    assert "Removed going" in act(as_olga, "remove", container_id, confirmed="1")
    wait_for(dockerd_host, container_id, "")


def test_an_act_that_does_not_exist_is_refused(as_olga: Client) -> None:
    assert as_olga.post(ACT, {"action": "explode", "id": "a"}).status_code == 400
    assert as_olga.post(ACT, {"action": "stop"}).status_code == 400


def test_a_container_is_created_and_started_from_the_form(
    as_olga: Client, dockerd: Daemon, make_container: Make, dockerd_host: Host
) -> None:
    sent = {"image": "busybox", "name": "from-form", "command": "sleep 600", "network": "bridge", "restart": "no",
            "variable_name": ["A"], "variable_value": [" b "]}  # fmt: skip
    picture(dockerd_host)
    response = as_olga.post(RUN, sent)
    assert response.status_code == 302, response.content
    page = as_olga.get(response.url)
    assertContains(page, "from-form")
    assertContains(page, "sleep 600")
    dockerd.api("DELETE", "/containers/from-form?force=1")


def test_a_program_that_is_not_in_the_image_leaves_nothing_half_made(
    as_olga: Client, dockerd: Daemon, dockerd_host: Host
) -> None:
    picture(dockerd_host)
    response = as_olga.post(RUN, {"image": "busybox", "name": "half-made", "command": "sleeep 5"})
    assertContains(response, "The image has no program “sleeep”.", status_code=422)
    assertContains(response, 'value="sleeep 5"', status_code=422)
    assert dockerd.api("GET", "/containers/half-made/json")[0] == 404


def test_a_taken_name_is_said_beside_the_name(as_olga: Client, make_container: Make) -> None:
    make_container("taken")
    response = as_olga.post(RUN, {"image": "busybox", "name": "taken"})
    assertContains(response, "Taken by a running container. Try taken-2.", status_code=422)


def test_a_missing_image_offers_to_be_pulled(as_olga: Client, dockerd_host: Host) -> None:
    picture(dockerd_host)
    response = as_olga.post(RUN, {"image": "nginx:1.27"})
    assertContains(response, "This host has no image nginx:1.27.", status_code=422)
    assertContains(response, 'name="pull"', status_code=422)


def test_pulling_from_the_form_starts_a_job_and_keeps_what_was_typed(as_olga: Client, dockerd_host: Host) -> None:
    picture(dockerd_host)
    response = as_olga.post(RUN, {"image": "nginx:1.27", "name": "kept-name", "pull": "1"})
    assertContains(response, "Pull nginx:1.27")
    assertContains(response, Job.objects.get().get_absolute_url())
    assertContains(response, 'value="kept-name"')


def test_a_name_that_cannot_be_pulled_starts_no_job(as_olga: Client, dockerd_host: Host) -> None:
    picture(dockerd_host)
    response = as_olga.post(RUN, {"image": "Not An Image", "pull": "1"})
    assertContains(response, "is not the name of an image", status_code=422)
    assert not Job.objects.exists()


def test_the_command_beside_the_form_follows_it(as_olga: Client, dockerd_host: Host) -> None:
    picture(dockerd_host)
    sent = {"image": "busybox", "show": "command", "port_outside": "8080", "port_inside": "80", "port_protocol": "udp"}
    assertContains(as_olga.post(RUN, sent), "-p 8080:80/udp")


@pytest.mark.parametrize("tab", ["", "logs/", "console/", "stats/", "inspect/", "inspect/?as=text"])
def test_every_tab_opens(as_olga: Client, make_container: Make, tab: str) -> None:
    container_id = make_container("opened")
    assertContains(as_olga.get(f"{LIST}{container_id[:12]}/{tab}"), "opened")


def test_secrets_are_in_no_page_until_asked_for_and_who_asked_is_written_down(
    as_olga: Client, make_container: Make
) -> None:
    container_id = make_container("vault", Env=["DB_PASSWORD=hunter2", "MODE=fast"])
    for tab in ("", "inspect/", "inspect/?as=text"):
        page = as_olga.get(f"{LIST}{container_id[:12]}/{tab}")
        assertContains(page, "DB_PASSWORD")
        assertNotContains(page, "hunter2")
    shown = as_olga.post(f"{LIST}{container_id[:12]}/environment/", {"name": "DB_PASSWORD"})
    assert shown.json() == {"values": {"DB_PASSWORD": "hunter2"}}
    entry = Entry.objects.get(operation="container.inspect", target=container_id)
    assert (entry.username, entry.message) == ("olga", "secrets shown: DB_PASSWORD")


@pytest.mark.django_db(transaction=True)
@pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume")
def test_each_of_many_is_told_as_it_happens_where_the_page_can_show_it(
    as_olga: Client, as_rita: Client, make_container: Make, dockerd_host: Host
) -> None:
    ids = [make_container(name, start=False, Labels={"com.docker.compose.project": "fleet"}) for name in ("a1", "a2")]
    heading = re.search(r'id="(g-[0-9a-f]+)"', as_olga.get(f"{LIST}?q=stack:fleet").content.decode())
    assert heading
    sent = {"action": "start", "heading": heading[1], "query": "?q=stack:fleet"}
    answer = as_olga.post(ACT, sent, headers={"HX-Request": "true", "Accept": "application/x-ndjson"})
    first, *outcomes, last = [json.loads(line) for line in b"".join(answer).splitlines()]
    assert (first["title"], first["total"]) == ("Starting 2 containers", 2)
    assert {(one["name"], one["ok"]) for one in outcomes} == {("a1", True), ("a2", True)}
    assert last == {"end": True}
    for container_id in ids:
        wait_for(dockerd_host, container_id, "running")
    told_again = as_olga.get(first["run"])
    assert b"".join(told_again).splitlines()[0] == orjson.dumps(first)
    assert as_rita.get(first["run"]).status_code == 404
    assert as_rita.post(f"{first['run']}stop/").status_code == 404


def test_the_list_over_all_hosts_acts_on_each_under_its_own_rules(
    as_rita: Client, as_olga: Client, make_container: Make, dockerd_host: Host
) -> None:
    container_id = make_container("somewhere")
    named = f"docks/{container_id[:12]}"
    assertContains(as_rita.get("/containers/"), f'data-id="{named}"')
    refused = as_rita.post("/containers/act/", {"action": "kill", "id": named}, headers={"HX-Request": "true"})
    assertContains(refused, "container.kill")
    done = as_olga.post("/containers/act/", {"action": "kill", "id": named}, headers={"HX-Request": "true"})
    assertContains(done, "Killed somewhere")


def test_the_list_is_a_file_too(as_olga: Client, make_container: Make) -> None:
    make_container("filed")
    answer = as_olga.get(f"{LIST}containers.csv?q=filed")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="containers-docks.csv"'
    assert answer.content.decode().splitlines()[1].startswith('"Docks","filed",')


def test_what_a_container_changed_is_a_tree(as_olga: Client, make_container: Make) -> None:
    container_id = make_container("busy", Cmd=["sh", "-c", "touch /etc/new; exec sleep 600"])
    page = f"{LIST}{container_id[:12]}/layers/"
    until(lambda: b">new<" in as_olga.get(page).content)
    assertContains(as_olga.get(page), '<span class="k">new</span>')


def test_a_reader_neither_commits_nor_exports(as_rita: Client, make_container: Make) -> None:
    container_id = make_container("guarded")
    for part in ("commit", "export"):
        assert as_rita.get(f"{LIST}{container_id[:12]}/{part}/").status_code == 403


def test_names_and_labels_from_outside_are_escaped(as_olga: Client, make_container: Make) -> None:
    evil = "<script>alert(1)</script>"
    container_id = make_container("evil", Labels={"com.docker.compose.project": evil}, Env=[f"X={evil}"])
    for tab in ("", f"{container_id[:12]}/", f"{container_id[:12]}/inspect/"):
        assertNotContains(as_olga.get(f"{LIST}{tab}"), evil)


def test_a_container_that_is_not_there_is_not_found(as_olga: Client, dockerd_host: Host) -> None:
    assert as_olga.get(f"{LIST}0123456789ab/").status_code == 404


@pytest.fixture
def sunk(db: None, settings: Settings, tmp_path: Path) -> Host:
    """A host that answered once, in another life of the console."""
    settings.QUAYSIDE_DATA = tmp_path
    raw = {"Id": "5" * 64, "Names": ["/was-here"], "State": "running", "Status": "Up 2 hours", "Image": "busybox"}
    save_picture(
        Picture(f"sunk-{tmp_path.name}", seen_at=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), containers={raw["Id"]: raw})
    )
    return Host.objects.create(slug=f"sunk-{tmp_path.name}", name="Sunk", url=f"unix://{tmp_path}/none.sock")


def test_a_host_that_is_down_shows_its_last_picture_and_says_so(olga: User, signed_in: SignIn, sunk: Host) -> None:
    listed = signed_in(olga).get(f"/h/{sunk.slug}/containers/")
    assertContains(listed, "Sunk cannot be reached")
    assertContains(listed, "Shown is what it had at 2026-01-02 03:04:05.")
    assertContains(listed, "was-here")


def test_the_page_of_a_container_on_a_host_that_is_down_shows_what_is_known(
    olga: User, signed_in: SignIn, sunk: Host
) -> None:
    page = signed_in(olga).get(f"/h/{sunk.slug}/containers/{'5' * 12}/")
    assertContains(page, "was-here")
    assertContains(page, "Sunk cannot be reached")


def test_acting_on_a_host_that_is_down_says_so(olga: User, signed_in: SignIn, sunk: Host) -> None:
    sent = {"action": "stop", "id": "5" * 12}
    response = signed_in(olga).post(f"/h/{sunk.slug}/containers/act/", sent, headers={"HX-Request": "true"})
    assertContains(response, "cannot be reached")


def test_a_form_for_a_host_that_is_down_keeps_what_was_typed(olga: User, signed_in: SignIn, sunk: Host) -> None:
    response = signed_in(olga).post(f"/h/{sunk.slug}/containers/run/", {"image": "a" * 12, "name": "kept-name"})
    assertContains(response, "cannot be reached", status_code=422)
    assertContains(response, 'value="kept-name"', status_code=422)


def test_signing_in_leads_back_to_the_list(client: Client, dockerd_host: Host) -> None:
    assertRedirects(client.get(LIST), f"/sign-in/?next={LIST}", fetch_redirect_response=False)
