"""Administrators and the people they manage: adding by a link, roles, deactivation, removal, and who may not."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django.asserts import assertContains, assertNotContains

from tests.webui.conftest import PASSWORD
from webui.access import Role
from webui.accounts import people
from webui.accounts.models import OneTimeLink, Session, User
from webui.accounts.tasks import tidy
from webui.audit.models import Entry
from webui.gate import Actor, actor_of

pytestmark = pytest.mark.django_db

PEOPLE = reverse("accounts:people")
ACT = reverse("accounts:people-act")
NEW = {"username": "anna", "display_name": "Anna Lind", "email": "", "role": Role.READER}
CHOSEN = {"password": "tall-ships-1852", "repeated": "tall-ships-1852"}
SignedIn = Callable[[User], Client]


def link_of(response: Any) -> str:
    """The path of the one link that a page shows."""
    page: str = response.content.decode()
    found = re.search(r"/join/[\w-]+/", page)
    assert found is not None
    return found[0]


def act(client: Client, action: str, *users: User, **more: str) -> Any:
    return client.post(ACT, {"action": action, "id": [str(user.pk) for user in users], **more})


@pytest.mark.parametrize("url", [PEOPLE, reverse("accounts:people-add"), "/people/1/"])
def test_only_administrators_see_people(url: str, rita: User, signed_in: SignedIn) -> None:
    assert Client().get(url).headers["Location"].startswith("/sign-in/")
    assert signed_in(rita).get(url).status_code == 403
    assertNotContains(signed_in(rita).get("/"), PEOPLE)


@pytest.mark.parametrize("action", ["link", "end-sessions", "deactivate", "reactivate", "remove"])
def test_a_reader_can_do_nothing_to_people(action: str, olga: User, rita: User, signed_in: SignedIn) -> None:
    assert act(signed_in(rita), action, olga, confirmed="1").status_code == 403
    assert signed_in(rita).post(f"/people/{rita.pk}/", {"role": "administrator"}).status_code == 403
    assert signed_in(rita).post(f"/people/{olga.pk}/sessions/", {"id": ["x"]}).status_code == 403
    assert User.objects.filter(is_active=True).count() == 2
    assert not OneTimeLink.objects.exists()


def test_a_new_person_chooses_a_password_by_a_link_that_works_once(olga: User, signed_in: SignedIn) -> None:
    response = signed_in(olga).post(reverse("accounts:people-add"), NEW)
    assert response.status_code == 201
    link = link_of(response)
    assert link.split("/")[2] not in str(OneTimeLink.objects.values())
    anna = Client()
    assertContains(anna.get(link), "Anna Lind")
    assert anna.get(link).status_code == 200
    assert anna.post(link, CHOSEN).headers["Location"] == "/"
    assert anna.get("/jobs/").status_code == 200
    assert Client().get(link).status_code == 410
    assert Client().post(link, {"password": "another-one-77", "repeated": "another-one-77"}).status_code == 410
    assert User.objects.get(username="anna").check_password(CHOSEN["password"])
    operations = set(Entry.objects.values_list("operation", flat=True))
    assert {"person.add", "person.link", "account.join"} <= operations
    assert "shown only here" not in signed_in(olga).get(PEOPLE).content.decode()


def test_whoever_is_invited_cannot_sign_in_before(olga: User, signed_in: SignedIn) -> None:
    signed_in(olga).post(reverse("accounts:people-add"), NEW)
    assert Client().post(reverse("accounts:sign-in"), {"username": "anna", "password": ""}).status_code == 422
    assert Client().post(reverse("accounts:sign-in"), {"username": "anna", "password": "!"}).status_code == 422


def test_a_link_runs_out_and_a_newer_one_ends_it(olga: User, signed_in: SignedIn) -> None:
    client = signed_in(olga)
    first = link_of(client.post(reverse("accounts:people-add"), NEW))
    anna = User.objects.get(username="anna")
    second = link_of(act(client, "link", anna))
    assert Client().get(first).status_code == 410
    assert Client().get(second).status_code == 200
    OneTimeLink.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert Client().get(second).status_code == 410
    assertContains(client.get(PEOPLE), "the link has run out")
    tidy()
    assert not OneTimeLink.objects.exists()


def test_a_reset_keeps_the_old_password_until_the_link_is_used(olga: User, rita: User, signed_in: SignedIn) -> None:
    elsewhere = signed_in(rita)
    link = link_of(act(signed_in(olga), "link", rita))
    assert rita.check_password(PASSWORD)
    assert elsewhere.get("/jobs/").status_code == 200
    assert Client().post(link, CHOSEN).status_code == 302
    rita.refresh_from_db()
    assert rita.check_password(CHOSEN["password"])
    assert elsewhere.get("/jobs/").status_code == 302


@pytest.mark.parametrize(
    ("chosen", "field"),
    [({"password": "short", "repeated": "short"}, "password"), ({**CHOSEN, "repeated": "other"}, "repeated")],
)
def test_a_bad_password_leaves_the_link_open(
    chosen: dict[str, str], field: str, olga: User, rita: User, signed_in: SignedIn
) -> None:
    link = link_of(act(signed_in(olga), "link", rita))
    response = Client().post(link, chosen)
    assert response.status_code == 422
    assert response.context["form"].errors[field]
    assert Client().get(link).status_code == 200


def test_a_name_that_somebody_has_is_refused_beside_its_field(olga: User, signed_in: SignedIn) -> None:
    response = signed_in(olga).post(reverse("accounts:people-add"), {**NEW, "username": "OLGA"})
    assert response.status_code == 422
    assert response.context["form"].errors["username"]


def test_an_open_link_ends_with_deactivation(olga: User, rita: User, signed_in: SignedIn) -> None:
    link = link_of(act(signed_in(olga), "link", rita))
    act(signed_in(olga), "deactivate", rita, confirmed="1")
    assert Client().get(link).status_code == 410
    assert "reactivate them first" in act(signed_in(olga), "link", rita).content.decode()


def test_deactivation_ends_every_session_and_is_shown_first(olga: User, rita: User, signed_in: SignedIn) -> None:
    at_home, administrator = signed_in(rita), signed_in(olga)
    assert at_home.get("/jobs/").status_code == 200
    assertContains(act(administrator, "deactivate", rita), "Deactivate 1 person")
    assert at_home.get("/jobs/").status_code == 200
    assertContains(act(administrator, "deactivate", rita, confirmed="1"), "Deactivated rita")
    assert not rita.sessions.exists()
    assert at_home.get("/jobs/").status_code == 302
    assertContains(act(administrator, "reactivate", rita), "Reactivated rita")
    assert at_home.get("/jobs/").status_code == 302
    signed = Client().post(reverse("accounts:sign-in"), {"username": "rita", "password": PASSWORD})
    assert signed.status_code == 302


def test_a_role_changes_at_once_and_is_written_down(olga: User, rita: User, signed_in: SignedIn) -> None:
    reader = signed_in(rita)
    assert reader.get(PEOPLE).status_code == 403
    response = signed_in(olga).post(f"/people/{rita.pk}/", {"role": "administrator"})
    assert response.headers["Location"] == f"/people/{rita.pk}/"
    assert reader.get(PEOPLE).status_code == 200
    entry = Entry.objects.get(operation="person.role")
    assert (entry.target, entry.message, entry.is_allowed) == ("rita", "helpdesk to administrator", True)


@pytest.fixture
def other() -> User:
    """A second administrator, who can sign in."""
    return User.objects.create_user("marek", PASSWORD, role=Role.ADMINISTRATOR)


def test_the_last_administrator_stays_whatever_is_tried(olga: User, other: User, signed_in: SignedIn) -> None:
    client = signed_in(other)
    User.objects.filter(pk=other.pk).update(is_active=True, password="!")  # invited only: cannot sign in
    asking = Actor(other.pk, "marek", Role.ADMINISTRATOR)
    for attempt in (people.remove, people.deactivate, lambda a, u: people.change_role(a, u, Role.READER)):
        with pytest.raises(people.StaysAsItIs, match="last administrator"):
            attempt(asking, olga)
    olga.refresh_from_db()
    assert (olga.is_active, olga.role) == (True, Role.ADMINISTRATOR)
    refusals = Entry.objects.filter(is_allowed=False, rule="last administrator")
    assert refusals.count() == 3
    assert client is not None


def test_the_last_administrator_is_told_why_on_their_page(olga: User, signed_in: SignedIn) -> None:
    response = signed_in(olga).post(f"/people/{olga.pk}/", {"role": "reader"})
    assert response.status_code == 422
    assertContains(response, "last administrator", status_code=422)


def test_of_two_administrators_one_may_go(olga: User, other: User) -> None:
    people.change_role(actor_of(olga), other, Role.READER)
    people.change_role(actor_of(olga), other, Role.ADMINISTRATOR)
    people.deactivate(actor_of(olga), other)
    with pytest.raises(people.StaysAsItIs):
        people.remove(actor_of(other), olga)


@pytest.mark.parametrize("action", ["deactivate", "remove"])
def test_nobody_deactivates_or_removes_themselves(action: str, olga: User, other: User, signed_in: SignedIn) -> None:
    assertContains(act(signed_in(olga), action, olga), "this is you")
    assertContains(act(signed_in(olga), action, olga, confirmed="1"), "This is you")
    assert User.objects.filter(pk=olga.pk, is_active=True).exists()


def test_removal_shows_what_goes_and_keeps_what_was_written_down(olga: User, rita: User, signed_in: SignedIn) -> None:
    signed_in(rita)
    Client().post(reverse("accounts:sign-in"), {"username": "rita", "password": PASSWORD})
    preview = act(signed_in(olga), "remove", rita)
    assertContains(preview, "password and profile, 2 sessions")
    assertContains(preview, "Kept: 1 audit entry")
    assert User.objects.filter(pk=rita.pk).exists()
    act(signed_in(olga), "remove", rita, confirmed="1")
    assert not User.objects.filter(pk=rita.pk).exists()
    assert Session.objects.filter(user__isnull=False).count() == 2  # olga's
    assert Entry.objects.filter(username="rita").exists()


def test_several_are_acted_on_at_once_and_each_failure_is_named(olga: User, rita: User, signed_in: SignedIn) -> None:
    response = act(signed_in(olga), "deactivate", olga, rita, confirmed="1")
    assertContains(response, "Deactivated rita")
    assertContains(response, "Could not be done for olga")


def test_the_list_filters_by_words_and_chips_that_add_up(olga: User, rita: User, signed_in: SignedIn) -> None:
    client = signed_in(olga)
    client.post(reverse("accounts:people-add"), NEW)
    page = client.get(PEOPLE).context["list"]
    counts = {chip.value: chip.count for chip in page.chips}
    assert counts[""] == sum(count for value, count in counts.items() if value) == 3
    assert [row.split('id="p-')[1].split('"')[0] for row in client.get(f"{PEOPLE}?q=anna lind").context["list"].rows]
    assert client.get(f"{PEOPLE}?show=invited").context["list"].total == 1
    assert client.get(f"{PEOPLE}?q=nobody").context["list"].total == 0


def test_an_unknown_act_and_an_unknown_person_are_not_found(olga: User, signed_in: SignedIn) -> None:
    assert act(signed_in(olga), "promote", olga).status_code == 404
    assert signed_in(olga).get("/people/99999/").status_code == 404
