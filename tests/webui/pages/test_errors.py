from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.test import RequestFactory

from webui.pages import errors


class Denied(PermissionDenied):
    """As the gate refuses: with the name of what refused."""

    rule = "role reader"


def _stranger(rf: RequestFactory, **headers: str) -> HttpRequest:
    request = rf.get("/h/pier/boats/", headers=headers)
    request.user = AnonymousUser()
    return request


def test_a_refusal_says_why_and_by_which_rule(rf: RequestFactory) -> None:
    response = errors.forbidden(_stranger(rf), Denied("Readers may not sink boats."))
    assert response.status_code == 403
    assert "Readers may not sink boats." in response.content.decode()
    assert "role reader" in response.content.decode()


def test_a_script_gets_its_error_as_a_toast(rf: RequestFactory) -> None:
    request = rf.get("/x/", headers={"HX-Request": "true"})
    response = errors.forbidden(request, Denied("Readers may not sink boats."))
    assert response.headers["HX-Retarget"] == "#toasts"
    assert "<html" not in response.content.decode()


def test_strangers_see_no_shell_around_an_error(rf: RequestFactory) -> None:
    response = errors.not_found(_stranger(rf))
    assert response.status_code == 404
    assert "sidebar" not in response.content.decode()


def test_what_is_missing_and_what_is_hidden_look_the_same(rf: RequestFactory) -> None:
    response = errors.not_found(_stranger(rf), Exception("No Host matches the given query."))
    assert "No Host" not in response.content.decode()


def test_the_page_for_bugs_needs_no_user_no_context_and_no_assets(rf: RequestFactory) -> None:
    response = errors.broken(rf.get("/x/"))
    assert response.status_code == 500
    assert "Something broke" in response.content.decode()


def test_a_page_that_stood_open_too_long_offers_a_reload_of_itself(rf: RequestFactory) -> None:
    request = _stranger(rf)
    response = errors.csrf_failure(request, "token missing")
    assert response.status_code == 403
    assert 'href="/h/pier/boats/"' in response.content.decode()
