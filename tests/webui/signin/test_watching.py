"""People who are gone or disabled in a directory lose what they have open here, within minutes and once."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import ldap3
import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django.asserts import assertContains, assertNotContains

from tests.directories import BASE, PASSWORD, ROOT_PASSWORD, dn_of
from tests.webui.signin.conftest import Office
from webui.access import Role
from webui.access.models import Team
from webui.accounts.models import Session, User
from webui.audit.models import Entry
from webui.signin.models import Directory, Identity, TeamRule
from webui.signin.tasks import look_after_all

pytestmark = [pytest.mark.django_db, pytest.mark.real]

Add = Callable[..., Directory]
GROUP = f"cn=crew-of-gus,ou=groups,{BASE}"


@pytest.fixture
def root(office: Office) -> Iterator[Any]:
    """Whoever may change everything there; gus and vera, who are there, and gone again afterwards."""
    server = ldap3.Server(office.running.plain.partition(":")[0], int(office.running.plain.rpartition(":")[2]))
    with ldap3.Connection(server, f"cn=root,{BASE}", ROOT_PASSWORD, auto_bind=True) as connection:
        for uid in ("gus", "vera"):
            person = {"cn": uid, "sn": "x", "userPassword": PASSWORD, "userAccountControl": "512"}
            assert connection.add(dn_of(uid), ["inetOrgPerson", "controlled"], person), connection.result
        assert connection.add(GROUP, ["groupOfNames"], {"member": dn_of("gus")}), connection.result
        yield connection
        for dn in (GROUP, dn_of("gus"), dn_of("vera"), dn_of("gustav"), dn_of("gus", "others")):
            connection.delete(dn)


@pytest.fixture
def came(directory: Add, root: Any) -> Callable[..., Directory]:
    """The directory, by which gus and vera have come in."""

    def come(**more: Any) -> Directory:
        made = directory(**more)
        for uid in ("gus", "vera"):
            data = {"username": uid, "password": PASSWORD}
            assert Client().post(reverse("accounts:sign-in"), data).status_code == 302
        return made

    return come


def sessions_of(username: str) -> int:
    return Session.objects.filter(user__username=username).count()


def look(*, again: bool = True) -> None:
    if again:
        Directory.objects.update(checked_at=None)
    look_after_all()


def control(root: Any, uid: str, value: str) -> None:
    assert root.modify(dn_of(uid), {"userAccountControl": [(ldap3.MODIFY_REPLACE, [value])]}), root.result


# What ends it: (change in the directory, what the log says)
ENDINGS: dict[str, tuple[Callable[[Any], object], str]] = {
    "removed": (lambda root: root.delete(dn_of("gus")), "not there any more, says Office"),
    "disabled": (lambda root: control(root, "gus", "514"), "disabled there, says Office"),
    "moved away": (
        lambda root: root.modify_dn(dn_of("gus"), "uid=gus", new_superior=f"ou=others,{BASE}"),
        "not there any more, says Office",
    ),
    "no longer meant": (
        lambda root: root.modify(dn_of("gus"), {"sn": [(ldap3.MODIFY_REPLACE, ["retired"])]}),
        "not among those who may sign in, says Office",
    ),
}


@pytest.mark.parametrize("ending", ENDINGS)
def test_who_is_gone_there_is_deactivated_here_and_what_is_open_ends(
    ending: str, came: Callable[..., Directory], root: Any
) -> None:
    came(people_filter="(&(uid={user})(sn=x))")
    look()
    assert (sessions_of("gus"), sessions_of("vera")) == (1, 1)
    change, words = ENDINGS[ending]
    assert change(root) is not False, root.result
    look()
    gus, vera = User.objects.get(username="gus"), User.objects.get(username="vera")
    assert (gus.is_active, sessions_of("gus")) == (False, 0)
    assert (vera.is_active, sessions_of("vera")) == (True, 1)
    said = Entry.objects.filter(target="gus", username="quayside").order_by("pk").values_list("operation", "message")
    assert list(said) == [("person.gone", words), ("person.deactivate", "1 sessions ended")]
    look()
    assert Entry.objects.filter(target="gus", username="quayside").count() == 2


def test_who_has_another_way_in_is_signed_out_once_and_stays_a_person_here(
    came: Callable[..., Directory], root: Any, by_password: Callable[..., Client]
) -> None:
    came()
    gus = User.objects.get(username="gus")
    gus.set_password("harbour-lights-42")
    gus.save()
    root.delete(dn_of("gus"))
    look()
    assert (User.objects.get(pk=gus.pk).is_active, sessions_of("gus")) == (True, 0)
    by_password(gus)
    look()
    assert sessions_of("gus") == 1


def test_the_last_administrator_stays_one_and_is_signed_out(came: Callable[..., Directory], root: Any) -> None:
    came()
    User.objects.filter(username="gus").update(role=Role.ADMINISTRATOR)
    root.delete(dn_of("gus"))
    look()
    assert (User.objects.get(username="gus").is_active, sessions_of("gus")) == (True, 0)
    assert Entry.objects.filter(operation="person.deactivate", rule="last administrator", is_allowed=False).exists()


def test_another_name_there_is_the_same_person_and_groups_are_followed(
    came: Callable[..., Directory], root: Any
) -> None:
    source = came()
    team = Team.objects.create(name="crew")
    TeamRule.objects.create(source=source, value="crew-of-gus", team=team)
    look()
    assert list(team.members.values_list("username", flat=True)) == ["gus"]
    assert root.modify(GROUP, {"member": [(ldap3.MODIFY_REPLACE, [dn_of("vera")])]}), root.result
    # slapd does not clean up memberOf of an entry that has another name by then.
    assert root.modify_dn(dn_of("gus"), "uid=gustav"), root.result
    look()
    assert User.objects.get(username="gus").is_active
    assert list(team.members.values_list("username", flat=True)) == ["vera"]


# A directory that cannot be asked, or of which everybody seems to be gone.
@pytest.mark.parametrize(
    ("change", "words"),
    [({"server": "127.0.0.1:1"}, "cannot be reached"), ({"bind_password": "wrong"}, "does not take the bind name"),
     ({"people_base": "ou=nowhere,dc=example,dc=com"}, "was refused"), ({"ca": ""}, "certificate"),
     ({"people_base": f"ou=groups,{BASE}"}, "finds nobody of the 2 people"),
     ({"people_filter": "(mail={user}"}, "failed")],
    ids=str,
)  # fmt: skip
def test_a_directory_that_cannot_be_asked_changes_nothing_and_its_page_says_so(
    change: dict[str, str], words: str, came: Callable[..., Directory], by_password: Callable[..., Client], olga: User
) -> None:
    source = came()
    for name, value in change.items():
        setattr(source, name, value)
    source.save()
    look()
    assert User.objects.filter(username__in=["gus", "vera"], is_active=True).count() == 2
    assert (sessions_of("gus"), sessions_of("vera")) == (1, 1)
    assert words in Directory.objects.get().check_failure
    page = reverse("signin:change", args=["directory", "office"])
    assertContains(by_password(olga).get(page), "notice warning")
    assert not Identity.objects.exclude(gone_at=None).exists()


def test_each_directory_says_how_often_and_whether_it_can_be_done_at_all(
    came: Callable[..., Directory], root: Any, by_password: Callable[..., Client], olga: User
) -> None:
    source = came(check_minutes=5)
    page = reverse("signin:change", args=["directory", "office"])
    look()
    assertContains(by_password(olga).get(page), "2 people who come in by it are there.")
    root.delete(dn_of("gus"))
    look(again=False)
    assert sessions_of("gus") == 1
    Directory.objects.update(checked_at=timezone.now() - timedelta(minutes=5))
    look(again=False)
    assert sessions_of("gus") == 0
    root.delete(dn_of("vera"))
    for more in ({"check_minutes": 0}, {"check_minutes": 5, "own_name": "uid={user},ou=people"}):
        Directory.objects.filter(pk=source.pk).update(checked_at=None, **more)
        look_after_all()
        assert sessions_of("vera") == 1
    assertContains(by_password(olga).get(page), "nobody as whom Quayside could look after them")
    assertNotContains(by_password(olga).get(page), "people who come in by it are there")


def test_who_comes_in_again_is_there_again(came: Callable[..., Directory], root: Any) -> None:
    came()
    control(root, "gus", "514")
    look()
    control(root, "gus", "512")
    User.objects.filter(username="gus").update(is_active=True)
    assert Client().post(reverse("accounts:sign-in"), {"username": "gus", "password": PASSWORD}).status_code == 302
    assert Identity.objects.get(user__username="gus").gone_at is None
    control(root, "gus", "514")
    look()
    assert not User.objects.get(username="gus").is_active
