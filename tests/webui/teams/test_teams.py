"""The pages of teams and grants, and the page that says what somebody may do and why."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django.asserts import assertContains, assertNotContains

from webui.access import Operation, Role
from webui.access.models import Grant, Team
from webui.accounts.models import User
from webui.audit.models import Entry
from webui.gate import actor_of, may
from webui.hosts.models import Host

pytestmark = pytest.mark.django_db
SignedIn = Callable[[User], Client]


@pytest.fixture
def docks() -> Host:
    return Host.objects.create(slug="docks", name="Docks", url="unix:///nowhere/docks.sock")


@pytest.fixture
def shop(rita: User) -> Team:
    team = Team.objects.create(name="shop")
    team.members.add(rita)
    return team


@pytest.mark.parametrize(
    "url", ["/teams/", "/teams/add/", "/teams/1/", "/teams/grant/?team=1", "/people/1/access/", "/people/2/access/"]
)
def test_only_administrators_see_teams_and_access(url: str, rita: User, signed_in: SignedIn) -> None:
    assert Client().get(url).headers["Location"].startswith("/sign-in/")
    assert signed_in(rita).get(url).status_code == 403


def test_a_reader_grants_themselves_nothing(rita: User, shop: Team, signed_in: SignedIn) -> None:
    client = signed_in(rita)
    grant = Grant.objects.create(team=shop, role=Role.NONE, made_by="olga")
    assert client.post(f"/teams/grant/?user={rita.pk}", {"role": "host-administrator"}).status_code == 403
    assert client.post(f"/teams/{shop.pk}/", {"name": "mine", "members": [rita.pk]}).status_code == 403
    assert client.post("/teams/grants/end/", {"id": grant.pk}).status_code == 403
    assert client.post("/teams/act/", {"action": "remove", "id": shop.pk, "confirmed": "1"}).status_code == 403
    assert list(Grant.objects.all()) == [grant]


def test_a_team_is_made_given_a_role_and_its_members_have_it(
    olga: User, rita: User, docks: Host, signed_in: SignedIn
) -> None:
    client = signed_in(olga)
    made = client.post("/teams/add/", {"name": "shop", "about": "", "members": [rita.pk]})
    team = Team.objects.get()
    assert made.headers["Location"] == f"/teams/{team.pk}/"
    assertContains(client.get(made.headers["Location"]), "No grants")
    client.post(f"/teams/grant/?team={team.pk}", {"role": "operator", "host": docks.pk, "ends_at": ""})
    assertContains(client.get("/teams/"), "Operator on Docks")
    assert may(actor_of(User.objects.get(pk=rita.pk)), docks, Operation.CONTAINER_STOP)
    client.post(f"/teams/{team.pk}/", {"name": "shop", "about": "", "members": []})
    assert not may(actor_of(User.objects.get(pk=rita.pk)), docks, Operation.CONTAINER_STOP)
    assert list(Entry.objects.order_by("pk").values_list("operation", flat=True)) == [
        "team.add", "grant.add", "team.change",
    ]  # fmt: skip


def test_a_name_that_is_taken_and_an_end_that_has_passed_are_refused_beside_their_fields(
    olga: User, shop: Team, signed_in: SignedIn
) -> None:
    client = signed_in(olga)
    taken = client.post("/teams/add/", {"name": "SHOP"})
    assert taken.status_code == 422
    assert taken.context["form"].errors["name"]
    past = f"{timezone.now() - timedelta(days=1):%Y-%m-%dT%H:%M}"
    response = client.post(f"/teams/grant/?team={shop.pk}", {"role": "operator", "ends_at": past})
    assert response.status_code == 422
    assert response.context["form"].errors["ends_at"]
    assert client.post(f"/teams/grant/?team={shop.pk}", {"role": "administrator"}).status_code == 422
    assert not Grant.objects.exists()


def test_a_grant_is_ended_from_the_page_that_shows_it(olga: User, rita: User, signed_in: SignedIn) -> None:
    client = signed_in(olga)
    client.post(f"/teams/grant/?user={rita.pk}", {"role": "operator"})
    grant = Grant.objects.get()
    response = client.post("/teams/grants/end/", {"action": "end", "id": grant.pk})
    assert response.headers["Location"] == f"/people/{rita.pk}/access/"
    assert not Grant.objects.exists()
    assert Entry.objects.filter(operation="grant.end", target="operator → rita").exists()
    assert client.post("/teams/grants/end/", {"id": grant.pk}).status_code == 404


def test_removing_a_team_shows_what_goes_first(olga: User, shop: Team, signed_in: SignedIn) -> None:
    Grant.objects.create(team=shop, role=Role.OPERATOR, made_by="olga")
    client = signed_in(olga)
    ask = {"action": "remove", "id": shop.pk}
    assertContains(client.post("/teams/act/", ask), "1 membership, Operator on everything")
    assert Team.objects.exists()
    client.post("/teams/act/", {**ask, "confirmed": "1"})
    assert not Team.objects.exists()
    assert not Grant.objects.exists()
    assert User.objects.filter(username="rita").exists()


def test_nobody_to_grant_to_is_not_found(olga: User, signed_in: SignedIn) -> None:
    for query in ("", "?team=99", "?user=99", "?user=x"):
        assert signed_in(olga).get(f"/teams/grant/{query}").status_code == 404


def test_the_access_page_says_what_and_why(
    olga: User, rita: User, shop: Team, docks: Host, signed_in: SignedIn
) -> None:
    client, url = signed_in(olga), reverse("teams:access", args=[rita.pk])
    assertContains(client.get(url), "their own role, as no grant says otherwise")
    Grant.objects.create(team=shop, role=Role.OPERATOR, host=docks, made_by="olga")
    page = client.get(f"{url}?host=docks")
    assertContains(page, "Operator, granted to the team shop, on this host")
    container = next(one for one in page.context["resources"] if one.name == "container")
    assert "start" in container.allowed
    assert "create" in container.refused
    assertContains(client.get(reverse("teams:access", args=[olga.pk])), "no grant changes that")
    User.objects.filter(pk=rita.pk).update(is_active=False)
    assertContains(client.get(url), "deactivated")


def test_asking_the_gate_sends_and_writes_nothing(olga: User, rita: User, docks: Host, signed_in: SignedIn) -> None:
    client, url = signed_in(olga), reverse("teams:access", args=[rita.pk])
    answers = {
        path: client.post(f"{url}?host=docks", {"kind": "call", "method": method, "path": path, "body": body})
        .context["verdict"]
        .answers[0]
        for method, path, body in (
            ("GET", "/containers/json?all=1", ""),
            ("POST", "/containers/create", '{"Image": "alpine"}'),
            ("GET", "/nonsense", ""),
            ("POST", "/images/create?fromImage=busybox", ""),
        )
    }
    assert [answer.is_allowed for answer in answers.values()] == [True, False, False, False]
    assert answers["/nonsense"].rule == "not in the table"
    assert answers["/images/create?fromImage=busybox"].operation == Operation.IMAGE_PULL
    assert not Entry.objects.exists()


def test_the_menu_shows_people_teams_and_audit_to_administrators_only(
    olga: User, rita: User, signed_in: SignedIn
) -> None:
    for url in ("/people/", "/teams/", "/audit/"):
        assertContains(signed_in(olga).get("/"), f'href="{url}"')
        assertNotContains(signed_in(rita).get("/"), f'href="{url}"')
