"""The page of a thing's access: who may open it, who may change it, and what is written down."""

from collections.abc import Callable, Iterator

import pytest
from django.test import Client

from tests.daemons import Daemon
from webui.access.models import Team
from webui.accounts.models import User
from webui.audit.models import Entry
from webui.gate import Actor, actor_of, docker_client
from webui.hosts.models import Host
from webui.live.pictures import forget, picture
from webui.ownership import Kind, owner_of
from webui.ownership.changes import claim
from webui.ownership.ledger import LEDGER

pytestmark = [pytest.mark.real, pytest.mark.django_db(transaction=True)]
SignedIn = Callable[[User], Client]
PAGE = "/h/docks/access/volume/ledger/"


@pytest.fixture
def host(engine: Daemon) -> Iterator[Host]:
    forget("docks")
    engine.json("POST", "/volumes/create", {"Name": "ledger"})
    yield Host.objects.create(slug="docks", name="Docks", url=engine.url)
    forget("docks")
    engine.remove_all_containers()
    engine.api("DELETE", "/volumes/ledger")


@pytest.fixture
def sam(host: Host) -> User:
    made = User.objects.create_user("sam", role="standard")
    claim(host.pk, Kind.VOLUME, ["ledger"], made.pk)
    return made


@pytest.fixture
def tess(host: Host) -> User:
    return User.objects.create_user("tess", role="standard")


def test_its_owner_shares_it_with_a_team_and_that_is_written_down(
    sam: User, tess: User, host: Host, signed_in: SignedIn
) -> None:
    team = Team.objects.create(name="shop")
    team.members.add(tess)
    assert signed_in(tess).get(PAGE).status_code == 404
    form = {"visibility": "shared", "share_with": ["team shop", ""], "share_may": ["write", "read"]}
    assert signed_in(sam).post(PAGE, form).status_code == 302
    assert ("team", team.pk) in LEDGER.of_host(host.pk)["volume", "ledger"].writers
    assert "team shop" in signed_in(tess).get(PAGE).content.decode()
    entry = Entry.objects.get(operation="access.change")
    assert (entry.username, entry.target) == ("sam", "ledger")
    assert "write: team shop" in entry.message
    assert owner_of(host.pk, Kind.VOLUME, "ledger") == "sam"


def test_who_only_sees_it_changes_nothing(sam: User, tess: User, host: Host, signed_in: SignedIn) -> None:
    signed_in(sam).post(PAGE, {"visibility": "public"})
    page = signed_in(tess).get(PAGE)
    assert page.status_code == 200
    assert 'name="visibility"' not in page.content.decode()
    assert signed_in(tess).post(PAGE, {"visibility": "private"}).status_code == 403
    assert LEDGER.of_host(host.pk)["volume", "ledger"].visibility == "public"


def test_an_owner_gives_it_to_nobody_else_and_takes_it_from_no_administrator(
    sam: User, tess: User, olga: User, host: Host, signed_in: SignedIn
) -> None:
    signed_in(sam).post(PAGE, {"visibility": "private", "owner": tess.pk})
    assert owner_of(host.pk, Kind.VOLUME, "ledger") == "sam"
    assert signed_in(sam).post(PAGE, {"visibility": "administrators"}).status_code == 422
    assert signed_in(olga).post(PAGE, {"visibility": "administrators", "owner": sam.pk}).status_code == 302
    assert signed_in(sam).get(PAGE).status_code == 404
    assert signed_in(olga).post(PAGE, {"visibility": "private", "owner": tess.pk}).status_code == 302
    assert owner_of(host.pk, Kind.VOLUME, "ledger") == "tess"


def test_a_name_that_is_nobodys_is_said_and_nothing_changes(sam: User, host: Host, signed_in: SignedIn) -> None:
    answer = signed_in(sam).post(PAGE, {"visibility": "shared", "share_with": ["<b>ghost"], "share_may": ["read"]})
    assert answer.status_code == 422
    assert "&lt;b&gt;ghost" in answer.content.decode()
    assert LEDGER.of_host(host.pk)["volume", "ledger"].visibility == "private"


def test_lists_counts_and_search_show_each_person_their_own(
    sam: User, tess: User, olga: User, host: Host, signed_in: SignedIn
) -> None:
    actors: dict[str, Actor] = {user.username: actor_of(user) for user in (sam, tess, olga)}
    claim(host.pk, Kind.IMAGE, ["busybox"], sam.pk)
    client = docker_client(actors["sam"], host)
    client.api.create_container(
        "busybox", name="hers-not", host_config=client.api.create_host_config(network_mode="none")
    )
    client.close()
    assert picture(host).containers
    for user, count in ((sam, 1), (olga, 1), (tess, 0)):
        page = signed_in(user).get("/h/docks/containers/").content.decode()
        assert ("hers-not" in page) == bool(count)
        assert ("hers-not" in signed_in(user).get("/containers/").content.decode()) == bool(count)
        hits = signed_in(user).get("/find/?q=hers").json()["hits"]
        assert bool([hit for hit in hits if "hers-not" in hit["label"]]) == bool(count)
        assert ("ledger" in signed_in(user).get("/h/docks/volumes/").content.decode()) == bool(count)
        assert f'id="nav-count-containers">{count}<' in page.replace(" hidden", "")
