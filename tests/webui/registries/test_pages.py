"""The pages of registries: the stranger, who may use one, who may change one, and what is written down."""

import re
from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from tests.registries import Answer, Asked, basic, serving
from webui.access.models import Team
from webui.accounts.models import User
from webui.audit.models import Entry
from webui.gate import actor_of
from webui.ownership.ledger import LEDGER
from webui.ownership.models import Owned
from webui.registries import choose
from webui.registries.listing import find
from webui.registries.models import Encryption, Registry

from .conftest import Make

pytestmark = pytest.mark.django_db
SignedIn = Callable[[User], Client]
LIST, ADD, ACT = "/registries/", "/registries/add/", "/registries/act/"


def given(**fields: str) -> dict[str, str]:
    return {"name": "Shop", "address": "https://GHCR.io/", "username": "robot", "password": "secret-harbour",
            "encryption": "verified", "made_for": "me", "do": "save", **fields}  # fmt: skip


def said(response: object) -> str:
    return re.sub(r"\s+", " ", response.content.decode())  # type: ignore[attr-defined]


def test_a_stranger_is_sent_to_sign_in(client: Client) -> None:
    for path in (LIST, ADD, "/registries/1/", "/registries/1/access/", "/registries/names/?q=x"):
        assert client.get(path).status_code == 302


def test_what_is_added_is_private_sealed_and_written_down(sam: User, signed_in: SignedIn) -> None:
    assert signed_in(sam).post(ADD, given()).status_code == 302
    registry = Registry.objects.get()
    assert (registry.address, registry.is_vouched) == ("ghcr.io", False)
    assert registry.credentials
    assert registry.credentials.password == "secret-harbour"
    assert "secret-harbour" not in registry.sealed_password
    LEDGER.refresh(older_than_s=0)
    assert choose(actor_of(sam), "ghcr.io/x") == registry
    entry = Entry.objects.get(operation="registry.add")
    assert (entry.username, entry.target, entry.message) == ("sam", "Shop", "ghcr.io")


def test_no_page_shows_a_password(olga: User, signed_in: SignedIn, make_registry: Make) -> None:
    registry = make_registry("shop", olga)
    browser = signed_in(olga)
    for path in (LIST, registry.get_absolute_url(), reverse("registries:access", args=[registry.pk])):
        words = said(browser.get(path))
        assert "secret-harbour" not in words
        assert registry.sealed_password not in words


def test_a_form_with_errors_does_not_send_the_password_back(olga: User, signed_in: SignedIn) -> None:
    response = signed_in(olga).post(ADD, given(address="not an address"))
    assert response.status_code == 422
    assert "secret-harbour" not in said(response)


def test_an_empty_password_keeps_the_one_that_is_there(olga: User, signed_in: SignedIn, make_registry: Make) -> None:
    registry = make_registry("shop", olga)
    answer = signed_in(olga).post(registry.get_absolute_url(), given(address="ghcr.io", password="", note="new"))
    assert answer.status_code == 302
    registry.refresh_from_db()
    assert registry.note == "new"
    assert registry.credentials
    assert registry.credentials.password == "secret-harbour"
    assert Entry.objects.get(operation="registry.change").message == "name, note"


@pytest.mark.parametrize("moved", [{"address": "evil.example"}, {"encryption": "plain"}, {"encryption": "unverified"}])
@pytest.mark.parametrize("do", ["save", "test"])
def test_a_password_that_is_kept_goes_nowhere_else(
    olga: User, signed_in: SignedIn, make_registry: Make, moved: dict[str, str], do: str
) -> None:
    """Else whoever may change it could have it sent to a server of theirs."""
    registry = make_registry("shop", olga)
    form = given(**{"address": "ghcr.io", "password": "", "do": do, **moved})
    response = signed_in(olga).post(registry.get_absolute_url(), form)
    assert response.status_code == 422
    assert "only sent to where it was given for" in said(response)
    registry.refresh_from_db()
    assert registry.address == "ghcr.io"


@pytest.mark.parametrize("encryption", ["plain", "unverified"])
def test_only_administrators_do_without_certificates(
    sam: User, olga: User, signed_in: SignedIn, encryption: str
) -> None:
    assert signed_in(sam).post(ADD, given(encryption=encryption)).status_code == 422
    assert signed_in(olga).post(ADD, given(encryption=encryption)).status_code == 302
    assert Registry.objects.get().is_vouched


def test_what_an_administrator_vouched_for_is_not_moved_by_others(
    olga: User, sam: User, signed_in: SignedIn, make_registry: Make
) -> None:
    registry = make_registry(
        "shop", olga, visibility="shared", shared=(sam,), may_write=True, address="127.0.0.1:5000",
        encryption=Encryption.PLAIN, is_vouched=True,
    )  # fmt: skip
    browser, form = signed_in(sam), given(address="127.0.0.1:5000", encryption="plain", password="")
    assert browser.post(registry.get_absolute_url(), {**form, "note": "mine too"}).status_code == 302
    moved = browser.post(registry.get_absolute_url(), {**form, "address": "127.0.0.1:6379", "password": "x"})
    assert moved.status_code == 422
    assert "Only administrators" in said(moved)
    tls = browser.post(
        registry.get_absolute_url(), {**form, "address": "127.0.0.1:6379", "password": "x", "encryption": "verified"}
    )
    assert tls.status_code == 302
    registry.refresh_from_db()
    assert not registry.is_vouched


def test_who_may_not_see_one_finds_none(sam: User, tom: User, signed_in: SignedIn, make_registry: Make) -> None:
    registry = make_registry("secret shop", tom)
    browser = signed_in(sam)
    assert "secret shop" not in said(browser.get(LIST))
    missing = browser.get("/registries/987654/")
    for path in (registry.get_absolute_url(), reverse("registries:access", args=[registry.pk])):
        assert browser.get(path).status_code == 404
        assert browser.post(path, given()).status_code == 404
    assert browser.post(ACT, {"action": "remove", "id": registry.key, "confirmed": "1"}).status_code == 404
    assert missing.status_code == 404
    assert Registry.objects.filter(pk=registry.pk).exists()


def test_who_may_use_one_sees_what_it_is_and_changes_nothing(
    sam: User, tom: User, signed_in: SignedIn, make_registry: Make
) -> None:
    registry = make_registry("shop", tom, visibility="shared", shared=(sam,))
    browser = signed_in(sam)
    words = said(browser.get(registry.get_absolute_url()))
    assert "to be used" in words
    assert 'name="password"' not in words
    browser.post(registry.get_absolute_url(), given(name="taken over"))
    assert browser.post(ACT, {"action": "remove", "id": registry.key, "confirmed": "1"}).status_code == 404
    assert browser.post(reverse("registries:access", args=[registry.pk]), {"visibility": "public"}).status_code == 403
    assert Registry.objects.get().name == "shop"


def test_its_owner_shares_it_with_a_team_and_not_with_everybody(
    sam: User, tom: User, signed_in: SignedIn, make_registry: Make
) -> None:
    registry = make_registry("shop", sam)
    browser, path = signed_in(sam), reverse("registries:access", args=[registry.pk])
    assert browser.post(path, {"visibility": "public"}).status_code == 422
    share = {"visibility": "shared", "share_with": ["team shop"], "share_may": ["read"]}
    assert browser.post(path, share).status_code == 302
    assert choose(actor_of(tom), "ghcr.io/x") == registry
    assert "use: team shop" in Entry.objects.get(operation="access.change").message


def test_an_administrator_adds_one_for_everybody_or_for_a_team(olga: User, tom: User, signed_in: SignedIn) -> None:
    team = Team.objects.get(name="shop")
    signed_in(olga).post(ADD, given(made_for="public"))
    signed_in(olga).post(ADD, given(name="Shop's", namespace="shop", made_for=f"team-{team.pk}"))
    LEDGER.refresh(older_than_s=0)
    found = [choose(actor_of(tom), reference) for reference in ("ghcr.io/x", "ghcr.io/shop/x")]
    assert [one.name for one in found if one] == ["Shop", "Shop's"]


def test_nobody_adds_one_for_a_team_that_they_are_not_in(sam: User, tom: User, signed_in: SignedIn) -> None:
    team = Team.objects.get(name="shop")
    for choice in (f"team-{team.pk}", "public", "administrators"):
        assert signed_in(sam).post(ADD, given(made_for=choice)).status_code == 422
    assert not Registry.objects.exists()


def test_who_only_looks_adds_none(rita: User, signed_in: SignedIn) -> None:
    browser = signed_in(rita)
    assert browser.get(ADD).status_code == 403
    assert "ask an administrator" in said(browser.get(LIST))


def test_removing_one_shows_first_what_goes(olga: User, signed_in: SignedIn, make_registry: Make) -> None:
    registry = make_registry("shop", olga)
    browser = signed_in(olga)
    shown = said(browser.post(ACT, {"action": "remove", "id": registry.key}, headers={"HX-Request": "true"}))
    assert "Remove 1 registry" in shown
    assert Registry.objects.exists()
    browser.post(ACT, {"action": "remove", "id": registry.key, "confirmed": "1"})
    assert not Registry.objects.exists()
    assert Owned.objects.get(kind="registry").is_gone
    assert Entry.objects.get(operation="registry.remove").target == "shop"


def test_the_list_is_searched(olga: User, signed_in: SignedIn, make_registry: Make) -> None:
    make_registry("shop", olga)
    make_registry("tools", olga, address="quay.io")
    words = said(signed_in(olga).get(LIST, {"q": "quay"}))
    assert "tools" in words
    assert ">shop<" not in words


def test_ctrl_k_finds_what_somebody_may_see(sam: User, tom: User, make_registry: Make) -> None:
    make_registry("shop", sam)
    make_registry("shop of tom", tom)
    assert [hit.label for hit in find(sam, None, "shop")] == ["shop"]
    assert [hit.label for hit in find(tom, None, "ghcr")] == ["shop of tom"]
    assert find(sam, None, " ") == []


def test_a_test_says_what_it_found_and_saves_nothing(olga: User, signed_in: SignedIn) -> None:
    def answer(asked: Asked) -> Answer:
        if asked.headers.get("authorization") != basic("robot", "secret-harbour"):
            return Answer(401, {}, {"WWW-Authenticate": 'Basic realm="x"'})
        return Answer(200, {"repositories": ["shop/web"]})

    with serving(answer) as address:
        form = given(address=address, encryption="plain", do="test")
        good = said(signed_in(olga).post(ADD, form))
        bad = said(signed_in(olga).post(ADD, {**form, "password": "wrong-harbour"}))
    assert "It takes the user name robot with this password." in good
    assert "does not take this user name and password" in bad
    assert "wrong-harbour" not in bad
    assert not Registry.objects.exists()
    entries = Entry.objects.filter(operation="registry.test").order_by("pk")
    assert [entry.message for entry in entries] == [f"{address}: passed", f"{address}: failed: Sign-in"]


def test_a_person_s_own_is_not_on_this_machine(sam: User, signed_in: SignedIn) -> None:
    asked: list[Asked] = []
    with serving(lambda one: asked.append(one) or Answer()) as address:  # type: ignore[func-returns-value]
        words = said(signed_in(sam).post(ADD, given(address=address, do="test")))
    assert "only administrators may add it" in words
    assert asked == []


def test_when_its_owner_is_removed_it_is_nobody_s(sam: User, olga: User, make_registry: Make) -> None:
    registry = make_registry("shop", sam, visibility="public")
    sam.delete()
    LEDGER.refresh(older_than_s=0)
    assert choose(actor_of(olga), "ghcr.io/x") == registry
    assert Owned.objects.get(kind="registry").owner is None
