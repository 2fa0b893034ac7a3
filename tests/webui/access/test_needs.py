"""Every page declares what it needs, and that is what it asks for."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.checks import run_checks
from django.http import HttpRequest, HttpResponse
from django.test import Client, override_settings
from django.urls import URLPattern, URLResolver, get_resolver, path

from webui.access.needs import declared_by, public
from webui.accounts.models import User
from webui.hosts.models import Host


def view(_request: HttpRequest) -> HttpResponse:
    return HttpResponse("seen")


class Undeclared:
    urlpatterns = [path("open/", public(lambda request: HttpResponse("open"))), path("forgotten/", view)]


def patterns(resolver: Any) -> list[URLPattern]:
    found: list[URLPattern] = []
    for one in resolver.url_patterns:
        found += patterns(one) if isinstance(one, URLResolver) else [one]
    return found


def test_only_ways_in_and_what_they_are_drawn_with_are_public() -> None:
    declared = {str(one.pattern): declared_by(one.callback) for one in patterns(get_resolver())}
    ways_in = {
        "sign-in/", "sign-in/second/", "sign-in/second/options/", "sign-in/passkey/", "sign-in/passkey/options/",
        "sign-in/with/<slug:slug>/", "sign-in/with/<slug:slug>/back/", "set-up/<str:token>/", "join/<str:token>/",
    }  # fmt: skip
    assert {route for route, needs in declared.items() if needs == "public"} == ways_in | {"words.js", "favicon.ico"}
    assert all(declared.values())


def test_a_page_that_declares_nothing_fails_the_start_up_check() -> None:
    with override_settings(ROOT_URLCONF=Undeclared):
        errors = [error for error in run_checks() if error.id == "quayside.E001"]
    assert [error.msg.split()[0] for error in errors] == ["/forgotten/"]


@pytest.mark.django_db
def test_a_page_that_declares_nothing_answers_nobody(client: Client) -> None:
    with override_settings(ROOT_URLCONF=Undeclared):
        assert client.get("/open/").content == b"open"
        assert client.get("/forgotten/").status_code == 403


@pytest.mark.django_db
def test_a_stranger_is_sent_to_sign_in_from_every_page_that_is_not_public() -> None:
    Host.objects.create(slug="local", name="Local", url="unix:///nowhere")
    for url in ("/", "/jobs/", "/hosts/", "/hosts/add/", "/h/local/", "/h/local/containers/", "/h/none/images/"):
        assert Client().get(url).headers["Location"] == f"/sign-in/?next={url}"
        part = Client().get(url, headers={"HX-Request": "true"})
        assert (part.status_code, part.headers["HX-Redirect"]) == (401, "/sign-in/")


@pytest.mark.django_db
def test_a_reader_may_not_do_what_administrators_do_and_a_host_that_is_not_there_is_not_found(
    rita: User, signed_in: Callable[[User], Client]
) -> None:
    Host.objects.create(slug="local", name="Local", url="unix:///nowhere")
    client = signed_in(rita)
    assert client.get("/hosts/add/").status_code == 403
    assert client.post("/h/local/remove/", {"confirmed": "1"}).status_code == 403
    assert client.get("/h/local/containers/run/").status_code == 403
    assert client.get("/h/none/containers/").status_code == 404
    assert Host.objects.count() == 1


@pytest.mark.django_db
def test_somebody_who_is_deactivated_is_a_stranger_at_once(rita: User, signed_in: Callable[[User], Client]) -> None:
    client = signed_in(rita)
    User.objects.update(is_active=False)
    assert client.get("/jobs/").status_code == 302


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:8000", 200),
        ("[::1]:8000", 200),
        ("localhost", 200),
        ("192.168.4.7", 200),
        ("evil.example", 400),
        ("", 400),
    ],
)
def test_the_console_answers_to_addresses_and_its_own_names_only(client: Client, host: str, status: int) -> None:
    response = client.get("/sign-in/", headers={"Host": host})
    assert response.status_code == status
    if status == 400:
        assert b"QUAYSIDE_ALLOWED_HOSTS" in response.content


@pytest.mark.django_db
def test_pages_carry_a_strict_policy_and_no_cache_keeps_them(client: Client) -> None:
    headers = client.get("/sign-in/").headers
    policy = headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "require-trusted-types-for 'script'" in policy
    assert "trusted-types htmx quayside-worker" in policy
    assert "script-src 'self' 'nonce-" in policy
    assert "no-store" in headers["Cache-Control"]
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["X-Content-Type-Options"] == "nosniff"
    cookie = client.cookies["quayside-csrf"]
    assert cookie["samesite"] == "Lax"
