"""Whose something becomes that somebody makes: what may be chosen, and what that then means."""

import pytest

from webui.access import Role
from webui.access.models import Team
from webui.accounts.models import User
from webui.gate import actor_of
from webui.hosts.models import Host
from webui.ownership import LEDGER, Kind, Level, Thing
from webui.ownership.kinds import NOWHERE
from webui.ownership.made_for import first_choice, made_for
from webui.ownership.rules import rules_of_json

pytestmark = pytest.mark.django_db
WEB = Thing(Kind.CONTAINER, ("web",))


@pytest.fixture
def host(db: None) -> Host:
    return Host.objects.create(slug="docks", name="Docks", url="unix:///nowhere")


@pytest.fixture
def sam(db: None) -> User:
    return User.objects.create_user("sam", role=Role.STANDARD)


@pytest.fixture
def tom(db: None) -> User:
    return User.objects.create_user("tom", role=Role.STANDARD)


@pytest.fixture
def shop(sam: User, tom: User) -> Team:
    shop = Team.objects.create(name="shop")
    shop.members.set([sam, tom])
    Team.objects.create(name="others")
    return shop


def test_people_choose_among_their_own_teams_and_administrators_among_all(sam: User, olga: User, shop: Team) -> None:
    choices = [label for _value, label in made_for(actor_of(sam), rules=False).choices]
    assert choices == ["Me: private", "Team shop", "Everybody"]
    choices = [label for _value, label in made_for(actor_of(olga), rules=True).choices]
    assert choices == ["Me: private", "Team others", "Team shop", "Everybody", "Administrators only"]


def levels(choice: str, host: Host, owner: User, other: User, *, may_write: bool = True) -> tuple[Level, Level]:
    made_for(actor_of(owner), rules=True, team_may_write=may_write).give(
        actor_of(owner), host.pk, Kind.CONTAINER, ["web"], choice
    )
    LEDGER.refresh(older_than_s=0)
    return actor_of(owner).sight(host).level(WEB), actor_of(other).sight(host).level(WEB)


def test_each_choice_means_what_it_says(host: Host, sam: User, tom: User, shop: Team) -> None:
    nothing, read, write = Level.NOTHING, Level.READ, Level.WRITE
    assert levels("me", host, sam, tom) == (write, nothing)
    assert levels(f"team-{shop.pk}", host, sam, tom) == (write, write)
    assert levels(f"team-{shop.pk}", host, sam, tom, may_write=False) == (write, read)
    assert levels("public", host, sam, tom) == (write, read)
    assert levels("administrators", host, sam, tom) == (nothing, nothing)


@pytest.mark.parametrize("choice", ["", "team-2", "team-x", "administrators", "nobody"])
def test_what_is_not_offered_is_not_taken(host: Host, sam: User, shop: Team, choice: str) -> None:
    others = Team.objects.get(name="others")
    with pytest.raises(ValueError, match="to choose"):
        made_for(actor_of(sam), rules=False).give(
            actor_of(sam), host.pk, Kind.CONTAINER, ["web"], choice.replace("2", str(others.pk))
        )
    assert LEDGER.access(host.pk, Kind.CONTAINER, "web") is None


def test_what_belongs_to_no_host_is_apart_from_what_is_on_one(host: Host, sam: User, olga: User) -> None:
    made_for(actor_of(sam), rules=False).give(actor_of(sam), NOWHERE, Kind.REGISTRY, ["1"], "me")
    made_for(actor_of(olga), rules=False).give(actor_of(olga), host.pk, Kind.REGISTRY, ["1"], "me")
    LEDGER.forget()
    LEDGER.refresh()
    found = [LEDGER.access(where, Kind.REGISTRY, "1") for where in (NOWHERE, host.pk)]
    assert [access.owner for access in found if access] == ["sam", "olga"]


def test_the_form_begins_as_the_host_says(sam: User, olga: User, shop: Team) -> None:
    of_sam = made_for(actor_of(sam), rules=False).choices
    assert [first_choice(of_sam, wanted) for wanted in ("me", "team", "public", "?")] == [
        "me", f"team-{shop.pk}", "public", "me",
    ]  # fmt: skip
    Team.objects.all().delete()
    assert first_choice(made_for(actor_of(olga), rules=False).choices, "team") == "me"


def test_what_stands_in_the_database_and_is_no_choice_is_private() -> None:
    assert [rules_of_json({"made_for": value}).made_for for value in ("team", "all", 3, None)] == [
        "team", "me", "me", "me",
    ]  # fmt: skip
