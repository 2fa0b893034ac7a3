"""The pages of logs and of what is kept: who may see them, and what they say."""

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from tests.webui.history.conftest import ABOUT, line
from webui.access import Role
from webui.accounts.models import User
from webui.history.models import keeping_of
from webui.history.places import forget_others, logs_folder
from webui.history.rings import RingFile, ring_path
from webui.history.store import LogStore
from webui.history.unkept import forget_unkept, note_unkept
from webui.hosts.models import Host
from webui.live.picture import Picture
from webui.live.pictures import forget
from webui.live.samples import Sample
from webui.live.saved import save_picture

PAGES = ["", "choices/", "kept/", "kept/?q=x", "keeping/", "generations/c0ffee/", "stats/c0ffee/"]


@pytest.fixture
def down_host(db: None, settings: Any, tmp_path: Path) -> Any:
    """A host that nobody answers for: what is kept must be readable then of all times."""
    settings.QUAYSIDE_DATA = tmp_path
    yield Host.objects.create(slug="docks", name="Docks", url=f"unix://{tmp_path}/none.sock", is_bundled=True)
    forget("docks")


@pytest.fixture
def nobody(db: None) -> User:
    return User.objects.create_user("nadia", role=Role.NONE)


def keep(name: str = ABOUT.name, container_id: str = ABOUT.container_id) -> None:
    about = replace(ABOUT, name=name, container_id=container_id)
    store = LogStore(logs_folder("docks") / container_id, about)
    store.add([line(1, "<script>alert(1)</script>")])
    store.close()


@pytest.mark.parametrize("page", PAGES)
def test_who_may_not_read_logs_on_a_host_sees_nothing_of_them(
    down_host: Host, nobody: User, signed_in: Callable[[User], Client], page: str
) -> None:
    keep()
    assert signed_in(nobody).get(f"/h/docks/logs/{page}").status_code == 404
    assert Client().get(f"/h/docks/logs/{page}").status_code == 302


@pytest.mark.parametrize("page", PAGES)
def test_a_reader_may_open_each_page_also_of_a_host_that_is_down(
    down_host: Host, rita: User, signed_in: Callable[[User], Client], page: str
) -> None:
    keep("<b>web</b>")
    response = signed_in(rita).get(f"/h/docks/logs/{page}")
    assert response.status_code == 200
    assert b"<b>web" not in response.content


def test_the_search_names_what_is_kept_and_teaches_where_nothing_is(
    down_host: Host, rita: User, signed_in: Callable[[User], Client]
) -> None:
    assert b"Nothing is kept yet" in signed_in(rita).get("/h/docks/logs/kept/").content
    keep()
    keep(container_id="d" * 64)
    page = signed_in(rita).get("/h/docks/logs/kept/").content.decode()
    assert ABOUT.name in page
    assert "2 containers" in page


def test_whose_logs_cannot_be_kept_is_said_with_what_to_do(
    down_host: Host, rita: User, signed_in: Callable[[User], Client]
) -> None:
    reader = signed_in(rita)
    for number in range(7):
        container_id = f"{number}" * 64
        LogStore(
            logs_folder("docks") / container_id, replace(ABOUT, name=f"mute-{number}<b>", container_id=container_id)
        )
        note_unkept(logs_folder("docks") / container_id, "none" if number else "syslog")
    page = reader.get("/h/docks/logs/kept/").content.decode()
    assert "Nothing is kept of mute-0&lt;b&gt;, mute-1" in page
    assert "and 2 more: the host cannot read back what their log drivers write (“none”, “syslog”)" in page
    assert "Nothing is kept yet" in page
    assert "not kept</" in page
    keep()
    one = reader.get("/h/docks/logs/kept/", {"q": "x", "c": "mute-0<b>"}).content.decode()
    assert "Nothing of mute-0&lt;b&gt; is kept: its log driver is “syslog”" in one
    assert "Recreate it with the log driver “json-file”" in one
    assert "Nothing of" not in reader.get("/h/docks/logs/kept/", {"q": "x", "c": ABOUT.name}).content.decode()
    # The host is busy no longer, or has another driver's reader now: it gives lines again.
    forget_unkept(logs_folder("docks") / ("0" * 64))
    assert "Nothing of" not in reader.get("/h/docks/logs/kept/", {"q": "x", "c": "mute-0<b>"}).content.decode()


def test_how_much_is_kept_is_set_by_administrators_alone(
    down_host: Host, rita: User, olga: User, signed_in: Callable[[User], Client]
) -> None:
    wanted = {"keeps_logs": "on", "megabytes": "64", "days": "2"}
    assert keeping_of(down_host).megabytes == 256
    assert signed_in(rita).post("/h/docks/logs/keeping/", wanted).status_code == 403
    assert signed_in(olga).post("/h/docks/logs/keeping/", {**wanted, "megabytes": "1"}).status_code == 422
    assert signed_in(olga).post("/h/docks/logs/keeping/", wanted).status_code == 302
    assert (keeping_of(down_host).megabytes, keeping_of(down_host).days) == (64, 2)


def test_only_the_bundled_engine_is_kept_without_being_asked(down_host: Host) -> None:
    assert keeping_of(down_host).keeps_logs
    assert not keeping_of(Host.objects.create(slug="far", name="Far", url="tcp://far:2376")).keeps_logs


def test_a_folder_that_claims_to_be_another_container_is_not_read(
    down_host: Host, rita: User, signed_in: Callable[[User], Client]
) -> None:
    store = LogStore(logs_folder("docks") / ("e" * 64), ABOUT)
    store.close()
    assert b"Nothing is kept yet" in signed_in(rita).get("/h/docks/logs/kept/").content


def test_the_history_of_a_host_that_was_removed_goes_with_it(down_host: Host) -> None:
    keep()
    forget_others(["docks"])
    assert logs_folder("docks").exists()
    forget_others([])
    assert not logs_folder("docks").exists()


def test_the_past_of_a_container_begins_with_those_that_had_its_name(
    down_host: Host, rita: User, signed_in: Callable[[User], Client]
) -> None:
    now = int(time.time())
    old_id, new_id, other_id = ("a" * 64, "b" * 64, "c" * 64)
    keep("web", old_id)
    keep("web", new_id)
    keep("db", other_id)
    for container_id, at in ((old_id, now - 900), (other_id, now - 800), (new_id, now - 100)):
        path = ring_path("docks", container_id)
        path.parent.mkdir(parents=True, exist_ok=True)
        RingFile(path).write(Sample(at, 10.0, 2, 1000, 2000, 1.0, 2.0, 3.0, 4.0, 5))
    raw = {"Id": new_id, "Names": ["/web"], "State": "running", "Created": now - 300}
    save_picture(Picture("docks", seen_at=datetime.now(UTC), containers={new_id: raw}))
    forget("docks")
    told = signed_in(rita).get(f"/h/docks/logs/stats/{new_id}/?span=3600").json()
    assert [round((now - sample[0]) / 10) for sample in told["samples"]] == [90, 10]
    assert told["since"] == now - 300
    assert len(signed_in(rita).get(f"/h/docks/logs/stats/{new_id}/?span=300").json()["samples"]) == 1
