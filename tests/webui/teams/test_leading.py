"""Leaders of teams: who is in theirs is their business; roles, grants, leaders and other teams are not."""

import re
from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django.asserts import assertContains, assertNotContains

from webui.access import Operation, Role
from webui.access.models import Grant, Membership, Team
from webui.accounts import links
from webui.accounts.models import OneTimeLink, User
from webui.audit.models import Entry
from webui.gate import actor_of, may
from webui.hosts.models import Host
from webui.ownership.changes import give_access
from webui.ownership.models import Share
from webui.signin.models import Directory, Identity, TeamRule

pytestmark = pytest.mark.django_db
SignedIn = Callable[[User], Client]


@pytest.fixture
def docks() -> Host:
    return Host.objects.create(slug="docks", name="Docks", url="unix:///nowhere/docks.sock")


@pytest.fixture
def shop(docks: Host) -> Team:
    team = Team.objects.create(name="shop")
    Grant.objects.create(team=team, role=Role.OPERATOR, host=docks, made_by="olga")
    return team


@pytest.fixture
def lena(shop: Team) -> User:
    """Leads the shop."""
    user = User.objects.create_user("lena", "harbour-lights-42", role=Role.NONE)
    Membership.objects.create(team=shop, user=user, is_leader=True)
    return user


@pytest.fixture
def nina() -> User:
    return User.objects.create_user("nina", "harbour-lights-42", role=Role.NONE)


def people_of(team: Team) -> str:
    return reverse("teams:members", args=[team.pk])


def act(client: Client, team: Team, action: str, *users: User) -> int:
    sent = {"action": action, "id": [str(user.pk) for user in users]}
    return client.post(reverse("teams:act-members", args=[team.pk]), sent, headers={"HX-Request": "true"}).status_code


def members_of(team: Team) -> set[str]:
    return set(team.members.values_list("username", flat=True))


def test_a_leader_puts_people_in_and_out_and_both_hold_at_once_and_are_written_down(
    lena: User, nina: User, shop: Team, docks: Host, signed_in: SignedIn
) -> None:
    client = signed_in(lena)
    assertContains(client.get("/"), 'href="/teams/led/"')
    assert client.get("/teams/led/").headers["Location"] == people_of(shop)
    assert client.post(people_of(shop), {"username": "NINA"}).status_code == 302
    assert may(actor_of(User.objects.get(pk=nina.pk)), docks, Operation.CONTAINER_STOP)
    assertContains(client.get(people_of(shop)), "nina")
    act(client, shop, "remove", nina)
    assert not may(actor_of(User.objects.get(pk=nina.pk)), docks, Operation.CONTAINER_STOP)
    said = Entry.objects.filter(resource="team").order_by("pk").values_list("operation", "target", "message", "rule")
    assert list(said) == [
        ("team.add-member", "shop", "nina", "team leader"), ("team.remove-member", "shop", "nina", "team leader"),
    ]  # fmt: skip


# Every page and act that is not a leader's, for their own team as well as for another one.
NOT_THEIRS = [
    ("GET", "/teams/"), ("GET", "/teams/add/"), ("GET", "/teams/{own}/"), ("GET", "/teams/grant/?team={own}"),
    ("GET", "/people/"), ("GET", "/roles/"), ("GET", "/people/1/access/"), ("POST", "/teams/{own}/"),
    ("POST", "/teams/grant/?team={own}"), ("POST", "/teams/grants/end/"), ("POST", "/teams/act/"),
    ("GET", "/teams/{other}/people/"), ("POST", "/teams/{other}/people/"), ("POST", "/teams/{other}/people/act/"),
    ("GET", "/teams/{other}/people/invite/"), ("POST", "/teams/{other}/people/invite/"), ("GET", "/teams/999/people/"),
]  # fmt: skip


@pytest.mark.parametrize(("method", "url"), NOT_THEIRS)
def test_what_is_not_a_leaders_is_refused(
    method: str, url: str, *, lena: User, nina: User, shop: Team, signed_in: SignedIn
) -> None:
    other = Team.objects.create(name="crew")
    Membership.objects.create(team=other, user=lena)
    sent = {"username": nina.username, "name": "mine", "role": "host-administrator", "action": "remove", "id": shop.pk}
    asked = url.format(own=shop.pk, other=other.pk)
    assert signed_in(lena).generic(method, asked, "&".join(f"{key}={value}" for key, value in sent.items()),
                                   content_type="application/x-www-form-urlencoded").status_code == 403  # fmt: skip
    assert (members_of(shop), members_of(other)) == ({"lena"}, {"lena"})
    assert Grant.objects.count() == 1


def test_members_and_strangers_lead_nothing(nina: User, shop: Team, signed_in: SignedIn) -> None:
    Membership.objects.create(team=shop, user=nina)
    client = signed_in(nina)
    assert client.get(people_of(shop)).status_code == 403
    assert client.post(people_of(shop), {"username": "nina"}).status_code == 403
    assertNotContains(client.get("/"), "/teams/led/")
    assertContains(client.get("/teams/led/"), "You lead no team")
    assert Client().get(people_of(shop)).headers["Location"].startswith("/sign-in/")


def test_leaders_are_appointed_and_dismissed_by_administrators_only(
    olga: User, lena: User, nina: User, shop: Team, signed_in: SignedIn
) -> None:
    Membership.objects.create(team=shop, user=nina)
    for action in ("appoint", "dismiss"):
        assert act(signed_in(lena), shop, action, nina) == 404
    assert not Membership.objects.get(user=nina).is_leader
    client = signed_in(olga)
    act(client, shop, "appoint", nina)
    assert signed_in(nina).get(people_of(shop)).status_code == 200
    act(client, shop, "dismiss", nina)
    assert signed_in(nina).get(people_of(shop)).status_code == 403
    # The form of the team's name and members leaves its leaders as they are.
    client.post(f"/teams/{shop.pk}/", {"name": "store", "about": "", "members": [lena.pk, nina.pk]})
    assert Membership.objects.get(user=lena).is_leader
    operations = Entry.objects.filter(username="olga").order_by("pk").values_list("operation", flat=True)
    assert list(operations) == ["team.appoint", "team.dismiss", "team.change"]


def test_the_last_leader_stays_and_other_leaders_are_not_theirs_to_put_out(
    olga: User, lena: User, nina: User, shop: Team, signed_in: SignedIn
) -> None:
    act(signed_in(lena), shop, "remove", lena)
    assert members_of(shop) == {"lena"}
    Membership.objects.create(team=shop, user=nina, is_leader=True)
    act(signed_in(lena), shop, "remove", nina)
    assert members_of(shop) == {"lena", "nina"}
    act(signed_in(lena), shop, "remove", lena)
    assert members_of(shop) == {"nina"}
    act(signed_in(olga), shop, "remove", nina)
    assert members_of(shop) == set()
    refused = Entry.objects.filter(is_allowed=False).order_by("pk").values_list("rule", flat=True)
    assert list(refused) == ["last leader", "leader"]


def test_nobody_loses_rights_by_being_put_in_nor_gets_some_by_being_put_out(
    olga: User, lena: User, shop: Team, docks: Host, signed_in: SignedIn
) -> None:
    more = User.objects.create_user("mona", role=Role.HOST_ADMINISTRATOR)
    client = signed_in(lena)
    assertContains(client.post(people_of(shop), {"username": "mona"}), "would lose that", status_code=422)
    assert members_of(shop) == {"lena"}
    assert signed_in(olga).post(people_of(shop), {"username": "mona"}).status_code == 302
    act(client, shop, "remove", more)
    assert members_of(shop) == {"lena", "mona"}
    # An equal role that sees less is less: a standard user holds all that an operator does, but of their own things.
    User.objects.create_user("stan", role=Role.OPERATOR)
    Grant.objects.filter(team=shop).update(role=Role.STANDARD)
    assert client.post(people_of(shop), {"username": "stan"}).status_code == 422
    rules = Entry.objects.filter(is_allowed=False).order_by("pk").values_list("rule", flat=True)
    assert list(rules) == ["takes rights", "gives rights", "takes rights"]


def test_a_name_that_is_nobodys_and_one_that_was_deactivated_are_told_beside_the_field(
    lena: User, nina: User, shop: Team, signed_in: SignedIn
) -> None:
    client = signed_in(lena)
    assertContains(client.post(people_of(shop), {"username": "nobody"}), "Nobody here has this name", status_code=422)
    User.objects.filter(pk=nina.pk).update(is_active=False)
    assertContains(client.post(people_of(shop), {"username": "nina"}), "deactivated", status_code=422)


@pytest.mark.parametrize("who", ["lena", "olga"])
def test_whom_a_directory_puts_in_is_put_in_and_out_there(
    who: str, *, olga: User, lena: User, nina: User, shop: Team, signed_in: SignedIn
) -> None:
    source = Directory.objects.create(slug="corp", name="Corp", server="127.0.0.1", people_base="dc=example")
    TeamRule.objects.create(source=source, value="ops", team=shop)
    Identity.objects.create(source=source, subject="n", user=nina)
    client = signed_in({"lena": lena, "olga": olga}[who])
    assertContains(client.post(people_of(shop), {"username": "nina"}), "comes in by Corp", status_code=422)
    Membership.objects.create(team=shop, user=nina)
    act(client, shop, "remove", nina)
    assert members_of(shop) == {"lena", "nina"}
    assertContains(client.get(people_of(shop)), "by Corp")
    if who == "olga":
        assertContains(client.get(f"/teams/{shop.pk}/"), "People who come in by Corp are put in and out")


def test_somebody_who_is_invited_has_the_team_and_nothing_else(
    lena: User, shop: Team, docks: Host, signed_in: SignedIn
) -> None:
    client = signed_in(lena)
    sent = {"username": "anna", "display_name": "", "email": "", "role": "administrator"}
    response = client.post(reverse("teams:invite", args=[shop.pk]), sent)
    assert response.status_code == 201
    anna = User.objects.get(username="anna")
    assert (anna.role, members_of(shop)) == (Role.NONE, {"lena", "anna"})
    found = re.search(r"/join/[\w-]+/", response.content.decode())
    assert found is not None
    Client().post(found[0], {"password": "tall-ships-1852", "repeated": "tall-ships-1852"})
    actor = actor_of(User.objects.get(pk=anna.pk))
    other = Host.objects.create(slug="yard", name="Yard", url="unix:///nowhere/yard.sock")
    assert may(actor, docks, Operation.CONTAINER_STOP)
    assert not may(actor, other, Operation.CONTAINER_LIST)
    assert client.post(reverse("teams:invite", args=[shop.pk]), sent).status_code == 422


# What somebody who was invited may have got in the meantime; then the leader's link is no way to it.
LATER = {
    "a role": lambda user, _team: User.objects.filter(pk=user.pk).update(role=Role.ADMINISTRATOR),
    "a grant": lambda user, _team: Grant.objects.create(user=user, role=Role.READER, made_by="olga"),
    "another team": lambda user, _team: Membership.objects.create(user=user, team=Team.objects.create(name="crew")),
    "a password": lambda user, _team: (user.set_password("tall-ships-1852"), user.save()),
    "no team": lambda user, team: Membership.objects.filter(user=user, team=team).delete(),
    "deactivation": lambda user, _team: User.objects.filter(pk=user.pk).update(is_active=False),
}


@pytest.mark.parametrize("later", LATER)
def test_a_leaders_link_opens_nothing_but_the_team(later: str, lena: User, shop: Team, signed_in: SignedIn) -> None:
    client = signed_in(lena)
    made = client.post(reverse("teams:invite", args=[shop.pk]), {"username": "anna"})
    found = re.search(r"/join/([\w-]+)/", made.content.decode())
    assert found is not None
    assert links.find(found[1]) is not None
    anna = User.objects.get(username="anna")
    LATER[later](anna, shop)
    assert links.find(found[1]) is None
    OneTimeLink.objects.all().delete()
    act(client, shop, "link", anna)
    assert not OneTimeLink.objects.exists()


def test_a_new_link_is_for_the_invited_only_never_for_members_with_an_account(
    lena: User, nina: User, shop: Team, signed_in: SignedIn
) -> None:
    client = signed_in(lena)
    invited = User.objects.create_user("ada", None, role=Role.NONE)
    Membership.objects.create(team=shop, user=nina)
    Membership.objects.create(team=shop, user=invited)
    for user in (nina, invited):
        act(client, shop, "link", user)
    assert not OneTimeLink.objects.exists()
    Membership.objects.filter(user=invited).update(is_invited=True)
    act(client, shop, "link", invited)
    assert OneTimeLink.objects.get().is_of_leader


def test_the_page_shows_what_is_shared_with_the_team_and_no_more(
    lena: User, nina: User, shop: Team, docks: Host, signed_in: SignedIn
) -> None:
    for name, visibility in (("ledger", "shared"), ("diary", "private")):
        give_access(docks.pk, "volume", name, owner_id=nina.pk, visibility=visibility, shares=[Share(team=shop)])
    page = signed_in(lena).get(people_of(shop))
    assertContains(page, "ledger")
    assertNotContains(page, "diary")
