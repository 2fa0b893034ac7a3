"""A team that asks for a second factor: whoever has none can do nothing but set one up, from that moment on."""

from collections.abc import Callable
from typing import Any

import pytest
from channels.db import database_sync_to_async
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from pytest_django.asserts import assertContains

from tests.authenticator import code_of
from tests.webui.factors.conftest import SECRET
from tests.webui.live.test_ending import opened
from webui.access import Operation, Role
from webui.access.models import Team
from webui.accounts import people
from webui.accounts.models import User
from webui.audit.models import Entry
from webui.factors import methods
from webui.gate import actor_of, may
from webui.hosts.models import Host

pytestmark = pytest.mark.django_db

SECURITY = reverse("factors:security")
SignedIn = Callable[[User], Client]


def team_of(*members: User, asks: bool = True) -> Team:
    team = Team.objects.create(name="shop", requires_second_factor=asks)
    team.members.set(members)
    return team


def fresh(user: User) -> User:
    return User.objects.get(pk=user.pk)


def test_pages_lead_to_where_a_factor_is_set_up(rita: User, signed_in: SignedIn) -> None:
    team_of(rita)
    client = signed_in(rita)
    for url in ("/", "/jobs/", "/hosts/", reverse("accounts:profile"), "/h/nowhere/containers/"):
        assert client.get(url).headers["Location"] == SECURITY
    part = client.get("/jobs/", headers={"HX-Request": "true"})
    assert (part.status_code, part.headers["HX-Redirect"]) == (401, SECURITY)
    assertContains(client.get(SECURITY), "shop asks its members for a second factor")
    assert client.post(reverse("accounts:sign-out")).status_code == 302


def test_an_administrator_owes_it_like_everybody(olga: User, signed_in: SignedIn) -> None:
    team_of(olga)
    assert signed_in(olga).get(reverse("accounts:people")).headers["Location"] == SECURITY


def test_the_gate_lets_nothing_of_theirs_through(rita: User, olga: User) -> None:
    host = Host.objects.create(slug="docks", name="Docks", url="unix:///nowhere.sock")
    assert may(actor_of(rita), host, Operation.CONTAINER_LIST)
    team_of(rita, olga)
    assert not may(actor_of(fresh(rita)), host, Operation.CONTAINER_LIST)
    assert not may(actor_of(fresh(olga)), host, Operation.CONTAINER_LIST)


def test_a_factor_opens_everything_again(rita: User, signed_in: SignedIn) -> None:
    team_of(rita)
    assert methods.add_app(rita, SECRET, code_of(SECRET))
    assert signed_in(rita).get("/jobs/").status_code == 200


def test_other_teams_ask_nothing(rita: User, signed_in: SignedIn) -> None:
    team_of(rita, asks=False)
    assert signed_in(rita).get("/jobs/").status_code == 200


def test_the_only_factor_stays_while_a_team_asks_for_it(
    rita: User, with_app: Callable[[User], list[str]], by_password: Callable[..., Client]
) -> None:
    with_app(rita)
    team_of(rita)
    client = by_password(rita)
    client.post(reverse("accounts:second-step"), {"code": code_of(SECRET)})
    [factor] = methods.factors_of(rita)
    response = client.post(reverse("factors:act"), {"action": "remove", "id": factor.id, "confirmed": "1"})
    assertContains(response, "this is your only one")
    assert methods.has_factor(rita)


def test_an_administrator_resets_factors_with_a_preview_and_it_is_written_down(
    olga: User, rita: User, with_app: Callable[[User], list[str]], signed_in: SignedIn
) -> None:
    with_app(rita)
    at_home, client = signed_in(rita), signed_in(olga)
    wanted = {"action": "reset-factors", "id": str(rita.pk)}
    assertContains(client.post(reverse("accounts:people-act"), wanted), "authenticator app")
    assert methods.has_factor(rita)
    client.post(reverse("accounts:people-act"), {**wanted, "confirmed": "1"})
    assert not methods.has_factor(rita)
    assert methods.recovery_codes(rita) == []
    assert at_home.get("/jobs/").status_code == 302
    assert Entry.objects.get(operation="person.reset-factors").message.startswith("authenticator app")
    assert signed_in(rita).post(reverse("accounts:people-act"), wanted).status_code == 403


@pytest.mark.django_db(transaction=True)
async def test_an_open_socket_ends_when_the_team_begins_to_ask(transactional_db: None) -> None:
    make: Any = database_sync_to_async(User.objects.create_user)
    olga = await make("olga", "harbour-lights-42", role=Role.ADMINISTRATOR)
    marek = await make("marek", "harbour-lights-42", role=Role.READER)
    team = await database_sync_to_async(team_of)(marek, asks=False)

    def save_the_form() -> None:
        client = Client()
        client.force_login(olga)
        form = {"name": "shop", "about": "", "members": [marek.pk], "requires_second_factor": "on"}
        assert client.post(reverse("teams:team", args=[team.pk]), form).status_code == 302

    async with opened("/ws/notices/", marek) as socket:
        await database_sync_to_async(save_the_form)()
        assert await socket.closed() == 4403


@pytest.mark.django_db(transaction=True)
async def test_an_open_socket_ends_when_an_administrator_resets_the_factors(transactional_db: None) -> None:
    make: Any = database_sync_to_async(User.objects.create_user)
    olga = await make("olga", "harbour-lights-42", role=Role.ADMINISTRATOR)
    marek = await make("marek", "harbour-lights-42", role=Role.READER)
    async with opened("/ws/notices/", marek) as socket:
        await database_sync_to_async(lambda: people.reset_factors(actor_of(olga), marek))()
        assert await socket.closed() == 4401


def test_the_command_line_lets_a_locked_out_administrator_in_again(
    olga: User, with_app: Callable[[User], list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    with_app(olga)
    call_command("reset_factors", "OLGA")
    assert "removed authenticator app" in capsys.readouterr().out
    assert not methods.has_factor(olga)
    assert Entry.objects.get(operation="person.reset-factors").username == "command line"
    with pytest.raises(CommandError, match="nobody is called"):
        call_command("reset_factors", "eve")
