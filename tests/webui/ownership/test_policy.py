"""The page of a host's rules: for administrators, wrong lines stand beside their field, changes are written down."""

from collections.abc import Callable

import pytest
from django.test import Client

from webui.accounts.models import User
from webui.audit.models import Entry
from webui.hosts.models import Host
from webui.ownership import LEDGER
from webui.ownership.rules import Rules

pytestmark = pytest.mark.django_db
SignedIn = Callable[[User], Client]
PAGE = "/h/docks/rules/"


@pytest.fixture
def docks(db: None) -> Host:
    return Host.objects.create(slug="docks", name="Docks", url="unix:///nowhere")


def test_only_administrators_see_and_change_it(docks: Host, rita: User, signed_in: SignedIn) -> None:
    assert signed_in(rita).get(PAGE).status_code == 403
    assert signed_in(rita).post(PAGE, {"is_privileged_allowed": "on"}).status_code == 403
    assert LEDGER.rules(docks.pk) == Rules()


def test_what_is_saved_is_shown_again_and_written_down(docks: Host, olga: User, signed_in: SignedIn) -> None:
    form = {"bind_roots": " /srv/shop \n\n/srv/data", "capabilities": "cap_net_admin", "host_namespaces": ["network"],
            "is_unowned_public": "on", "images": "nginx", "made_for": "team"}  # fmt: skip
    assert signed_in(olga).post(PAGE, form).status_code == 302
    rules = LEDGER.rules(docks.pk)
    assert (rules.bind_roots, rules.capabilities) == (("/srv/shop", "/srv/data"), ("NET_ADMIN",))
    assert LEDGER.is_unowned_public(docks.pk)
    assert rules.made_for == "team"
    page = signed_in(olga).get(PAGE).content.decode()
    assert "/srv/shop\n/srv/data" in page
    entry = Entry.objects.get(operation="host.rules")
    assert "capabilities: NET_ADMIN" in entry.message
    assert "made_for: team" in entry.message
    assert "made outside: public" in entry.message


@pytest.mark.parametrize(("field", "line"), [("bind_roots", "/"), ("bind_roots", "/srv/.."), ("devices", "/etc")])
def test_a_line_that_allows_too_much_stands_beside_its_field(
    field: str, line: str, docks: Host, olga: User, signed_in: SignedIn
) -> None:
    answer = signed_in(olga).post(PAGE, {field: line})
    assert answer.status_code == 422
    assert LEDGER.rules(docks.pk) == Rules()
