"""Who sees what: own, shared, public, inherited from a stack, nobody's; and that other processes hear of a change."""

from typing import Any

import pytest

from webui.access.models import Team
from webui.accounts.models import User
from webui.hosts.models import Host
from webui.ownership import LEDGER, Kind, Level, Sight, Thing, owner_of, repository_of, thing_of
from webui.ownership.changes import add_reader, carry_over, claim, give_access, release, set_policy, sweep
from webui.ownership.kinds import Visibility
from webui.ownership.ledger import Ledger
from webui.ownership.models import Owned, Share

pytestmark = pytest.mark.django_db

WEB = Thing(Kind.CONTAINER, ("4be2c0ffee12",))


@pytest.fixture
def docks(db: None) -> Host:
    return Host.objects.create(slug="docks", name="Docks", url="unix:///nowhere")


@pytest.fixture
def sam(db: None) -> User:
    return User.objects.create_user("sam", role="standard")


@pytest.fixture
def tess(db: None) -> User:
    return User.objects.create_user("tess", role="standard")


def sight(host: Host, user: User, *teams: Team, **more: Any) -> Sight:
    return Sight(host.pk, user.pk, frozenset(team.pk for team in teams), **more)


def test_who_creates_owns_and_nobody_else_sees_it(docks: Host, sam: User, tess: User) -> None:
    claim(docks.pk, Kind.CONTAINER, WEB.keys, sam.pk)
    assert owner_of(docks.pk, Kind.CONTAINER, WEB.keys[0]) == "sam"
    assert sight(docks, sam).level(WEB) is Level.WRITE
    assert sight(docks, tess).level(WEB) is Level.NOTHING
    assert sight(docks, tess, sees_all=True).level(WEB) is Level.WRITE


def test_the_same_id_on_another_host_is_another_thing(docks: Host, sam: User) -> None:
    claim(docks.pk, Kind.CONTAINER, WEB.keys, sam.pk)
    assert Sight(docks.pk + 1, sam.pk).level(WEB) is Level.NOTHING


def test_a_team_it_is_shared_with_reads_or_writes(docks: Host, sam: User, tess: User) -> None:
    readers, writers = Team.objects.create(name="readers"), Team.objects.create(name="writers")
    shares = [Share(team=readers), Share(team=writers, may_write=True)]
    give_access(docks.pk, Kind.CONTAINER, WEB.keys[0], owner_id=sam.pk, visibility=Visibility.SHARED, shares=shares)
    assert sight(docks, tess).level(WEB) is Level.NOTHING
    assert sight(docks, tess, readers).level(WEB) is Level.READ
    assert sight(docks, tess, readers, writers).level(WEB) is Level.WRITE


def test_public_is_seen_by_everybody_and_administrators_only_not_even_by_its_owner(
    docks: Host, sam: User, tess: User
) -> None:
    for visibility, owner, other in (("public", Level.WRITE, Level.READ), ("administrators", Level.NOTHING, 0)):
        give_access(docks.pk, Kind.CONTAINER, WEB.keys[0], owner_id=sam.pk, visibility=visibility, shares=[])
        assert (sight(docks, sam).level(WEB), sight(docks, tess).level(WEB)) == (owner, other)


def test_shares_do_nothing_while_it_is_private(docks: Host, sam: User, tess: User) -> None:
    shares = [Share(user=tess, may_write=True)]
    give_access(docks.pk, Kind.CONTAINER, WEB.keys[0], owner_id=sam.pk, visibility=Visibility.PRIVATE, shares=shares)
    assert sight(docks, tess).level(WEB) is Level.NOTHING


def test_what_nobody_owns_is_for_administrators_unless_the_host_says_public(docks: Host, sam: User) -> None:
    assert sight(docks, sam).level(WEB) is Level.NOTHING
    set_policy(docks.pk, is_unowned_public=True)
    assert sight(docks, sam).level(WEB) is Level.READ


def test_a_container_of_a_stack_has_the_access_of_the_stack_until_it_has_its_own(
    docks: Host, sam: User, tess: User
) -> None:
    raw = {"Id": "5be2", "Labels": {"com.docker.compose.project": "shop"}}
    child = thing_of(Kind.CONTAINER, raw)
    claim(docks.pk, Kind.STACK, ["shop"], sam.pk)
    assert sight(docks, sam).level(child) is Level.WRITE
    claim(docks.pk, Kind.CONTAINER, ["5be2"], tess.pk)
    assert (sight(docks, sam).level(child), sight(docks, tess).level(child)) == (Level.NOTHING, Level.WRITE)


def test_an_image_of_two_is_seen_by_both_and_changed_by_neither(docks: Host, sam: User, tess: User) -> None:
    image = thing_of(Kind.IMAGE, {"Id": "sha256:1", "RepoTags": ["sam/app:1", "tess/app:1"], "RepoDigests": None})
    claim(docks.pk, Kind.IMAGE, ["sam/app"], sam.pk)
    assert sight(docks, sam).level(image) is Level.READ
    assert sight(docks, tess).level(image) is Level.NOTHING
    claim(docks.pk, Kind.IMAGE, ["tess/app"], sam.pk)
    assert sight(docks, sam).level(image) is Level.WRITE


def test_a_nameless_volume_has_the_access_of_the_container_that_mounts_it(docks: Host, sam: User) -> None:
    volume = thing_of(Kind.VOLUME, {"Name": "a" * 64, "Labels": None})
    claim(docks.pk, Kind.CONTAINER, WEB.keys, sam.pk)
    assert sight(docks, sam).level(volume, lambda _name: [{"Id": WEB.keys[0]}]) is Level.WRITE
    assert sight(docks, sam).level(volume, lambda _name: [{"Id": "of somebody else"}]) is Level.NOTHING


def test_the_networks_of_the_host_itself_are_everybodys_and_a_namesake_with_labels_is_not(
    docks: Host, sam: User
) -> None:
    assert sight(docks, sam).level(thing_of(Kind.NETWORK, {"Id": "1", "Name": "bridge", "Labels": {}})) is Level.READ
    made = thing_of(Kind.NETWORK, {"Id": "2", "Name": "backend", "Labels": {}})
    assert sight(docks, sam).level(made) is Level.NOTHING


def test_a_recreated_container_belongs_to_whom_it_belonged(docks: Host, sam: User, tess: User, olga: User) -> None:
    give_access(docks.pk, Kind.CONTAINER, "old", owner_id=sam.pk, visibility="shared", shares=[Share(user=tess)])
    claim(docks.pk, Kind.CONTAINER, ["new"], olga.pk)
    carry_over(docks.pk, Kind.CONTAINER, "old", to="new")
    assert sight(docks, sam).sees_key(Kind.CONTAINER, "new")
    assert sight(docks, tess).sees_key(Kind.CONTAINER, "new")


def test_a_name_that_is_free_again_is_nobodys(docks: Host, sam: User, tess: User) -> None:
    give_access(docks.pk, Kind.VOLUME, "data", owner_id=sam.pk, visibility="shared", shares=[Share(user=tess)])
    release(docks.pk, Kind.VOLUME, ["data"])
    assert not sight(docks, sam).sees_key(Kind.VOLUME, "data")
    claim(docks.pk, Kind.VOLUME, ["data"], sam.pk)
    assert not sight(docks, tess).sees_key(Kind.VOLUME, "data")


def test_what_went_outside_quayside_is_forgotten_and_what_came_meanwhile_is_not(docks: Host, sam: User) -> None:
    claim(docks.pk, Kind.VOLUME, ["gone", "kept", "new"], sam.pk)
    asked_at = Owned.objects.get(key="new").changed_at
    Owned.objects.filter(key__in=["gone", "kept"]).update(changed_at="2026-01-01T00:00:00Z")
    sweep(docks.pk, Kind.VOLUME, {"kept"}, before=asked_at)
    assert [owner_of(docks.pk, Kind.VOLUME, key) for key in ("gone", "kept", "new")] == ["", "sam", "sam"]


def test_another_process_reads_only_what_changed(
    docks: Host, sam: User, django_assert_num_queries: Any, tess: User
) -> None:
    other = Ledger()
    claim(docks.pk, Kind.CONTAINER, WEB.keys, sam.pk)
    other.refresh(older_than_s=0)
    assert other.access(docks.pk, "container", WEB.keys[0]) == LEDGER.access(docks.pk, "container", WEB.keys[0])
    with django_assert_num_queries(1):
        other.refresh(older_than_s=0)
    with django_assert_num_queries(0):
        other.refresh()
    release(docks.pk, Kind.CONTAINER, WEB.keys)
    other.refresh(older_than_s=0)
    assert other.access(docks.pk, "container", WEB.keys[0]) is None


def test_the_things_of_somebody_who_left_are_nobodys_and_a_new_name_is_shown(docks: Host, sam: User) -> None:
    claim(docks.pk, Kind.CONTAINER, WEB.keys, sam.pk)
    sam.username = "samuel"
    sam.save()
    assert owner_of(docks.pk, Kind.CONTAINER, WEB.keys[0]) == "samuel"
    sam.delete()
    assert owner_of(docks.pk, Kind.CONTAINER, WEB.keys[0]) == ""


def test_who_pulls_what_another_has_sees_it_too(docks: Host, sam: User, tess: User) -> None:
    give_access(docks.pk, Kind.IMAGE, "nginx", owner_id=sam.pk, visibility="private", shares=[])
    add_reader(docks.pk, Kind.IMAGE, "nginx", tess.pk)
    assert sight(docks, tess).level(Thing(Kind.IMAGE, ("nginx",))) is Level.READ


@pytest.mark.parametrize(
    ("reference", "repository"),
    [("nginx", "nginx"), ("nginx:1.27", "nginx"), ("docker.io/library/nginx@sha256:0f", "nginx"),
     ("localhost:5000/shop/web", "localhost:5000/shop/web"), ("ghcr.io/shop/web:1@sha256:0f", "ghcr.io/shop/web"),
     ("docker.io/sam/app:2", "sam/app")],
)  # fmt: skip
def test_an_image_is_named_by_its_repository(reference: str, repository: str) -> None:
    assert repository_of(reference) == repository
