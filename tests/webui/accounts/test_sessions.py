"""Where somebody is signed in: what is shown of it, ending one or all, and what a session knows."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django.asserts import assertContains

from tests.webui.conftest import PASSWORD
from webui.accounts import sessions
from webui.accounts.devices import device_of
from webui.accounts.models import Session, User

pytestmark = pytest.mark.django_db

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 Version/18.5 Safari/604.1"
PROFILE = reverse("accounts:profile")


def browser(user: User, agent: str, address: str = "10.0.3.14") -> Client:
    client = Client(REMOTE_ADDR=address, headers={"User-Agent": agent})
    data = {"username": user.username, "password": PASSWORD}
    assert client.post(reverse("accounts:sign-in"), data).status_code == 302
    return client


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        (FIREFOX, "Firefox on Linux"),
        (IPHONE, "Safari on iPhone"),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/138.0 Safari/537.36 Edg/138.0", "Edge on Windows"),
        ("curl/8.5.0", "curl"),
        ("", "unknown device"),
    ],
)
def test_a_device_is_named_as_people_name_it(agent: str, words: str) -> None:
    assert device_of(agent) == words


def test_the_profile_shows_each_device_and_which_is_this_one(rita: User) -> None:
    desk = browser(rita, FIREFOX)
    browser(rita, IPHONE, "192.168.4.7")
    response = desk.get(PROFILE)
    assertContains(response, "Firefox on Linux")
    assertContains(response, "Safari on iPhone")
    assertContains(response, "192.168.4.7")
    assert [device.is_this for device in response.context["devices"]] == [True, False]
    assert str(desk.session.session_key) not in response.content.decode()


def test_ending_one_session_ends_that_one_only(rita: User) -> None:
    desk, phone = browser(rita, FIREFOX), browser(rita, IPHONE)
    other = next(one.id for one in desk.get(PROFILE).context["devices"] if not one.is_this)
    assert desk.post(reverse("accounts:end-devices"), {"id": other}).status_code == 302
    assert phone.get(PROFILE).status_code == 302
    assert desk.get(PROFILE).status_code == 200


def test_all_others_end_at_once(rita: User) -> None:
    desk, phone, tablet = (browser(rita, FIREFOX) for _ in range(3))
    desk.post(reverse("accounts:end-devices"), {"action": "end-others"})
    assert [client.get(PROFILE).status_code for client in (desk, phone, tablet)] == [200, 302, 302]


def test_nobody_ends_a_session_of_somebody_else(rita: User, olga: User) -> None:
    reader, administrator = browser(rita, FIREFOX), browser(olga, IPHONE)
    theirs = sessions.public_id(str(administrator.session.session_key))
    reader.post(reverse("accounts:end-devices"), {"id": theirs})
    assert administrator.get(PROFILE).status_code == 200


def test_an_administrator_ends_a_session_of_somebody(rita: User, olga: User) -> None:
    reader, administrator = browser(rita, FIREFOX), browser(olga, IPHONE)
    page = administrator.get(f"/people/{rita.pk}/")
    assertContains(page, "Firefox on Linux")
    ended = page.context["devices"][0].id
    administrator.post(f"/people/{rita.pk}/sessions/", {"id": ended})
    assert reader.get(PROFILE).status_code == 302


def test_a_new_password_ends_the_other_sessions(rita: User) -> None:
    desk, phone = browser(rita, FIREFOX), browser(rita, IPHONE)
    new = {"old_password": PASSWORD, "new_password1": "lighthouse-77x", "new_password2": "lighthouse-77x"}
    desk.post(PROFILE, {"form": "password", **new})
    assert rita.sessions.count() == 1
    assert (desk.get(PROFILE).status_code, phone.get(PROFILE).status_code) == (200, 302)
    assert desk.get(PROFILE).context["devices"][0].name == "Firefox on Linux"


def test_last_seen_is_written_down_once_a_minute(rita: User, signed_in: Callable[[User], Client]) -> None:
    client = signed_in(rita)
    long_ago = timezone.now() - timedelta(hours=1)
    Session.objects.update(seen_at=long_ago)
    client.get("/jobs/", REMOTE_ADDR="10.1.2.3")
    row = Session.objects.get()
    assert row.seen_at > long_ago
    assert row.address == "10.1.2.3"
    just_now = row.seen_at
    client.get("/jobs/")
    assert Session.objects.get().seen_at == just_now


def test_what_else_a_session_saves_keeps_its_beginning(rita: User) -> None:
    desk = browser(rita, FIREFOX)
    began = Session.objects.get().started_at
    session = desk.session
    session["host"] = "local"
    session.save()
    row = Session.objects.get()
    assert (row.user, row.address, row.agent, row.started_at) == (rita, "10.0.3.14", FIREFOX, began)
