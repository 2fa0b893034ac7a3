"""People and hosts for the console's tests."""

from collections.abc import Callable

import pytest
from django.contrib.auth.management import create_permissions
from django.contrib.contenttypes.management import create_contenttypes
from django.core.cache import cache
from django.db.models.signals import post_migrate
from django.test import Client
from django.urls import reverse

from tests.daemons import Daemon
from tests.waiting import PATIENCE_S
from webui.access import Role
from webui.accounts.models import User
from webui.gate import Actor, actor_of
from webui.hosts.models import Host
from webui.live import pictures
from webui.ownership import LEDGER

PASSWORD = "harbour-lights-42"


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None) -> None:
    """After each test that commits, Django empties the tables and fills in what its own permissions need.

    Nothing here asks for those, and they take longer than most tests do.
    """
    post_migrate.disconnect(create_permissions, dispatch_uid="django.contrib.auth.management.create_permissions")
    post_migrate.disconnect(create_contenttypes)


@pytest.fixture(autouse=True)
def unknown_owners() -> None:
    """Each test has a database of its own, and what this process knows of another's is wrong."""
    LEDGER.forget()


@pytest.fixture(autouse=True)
def patient_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """A page shows what it knows when a host takes long to answer; of tests' own hosts all is to be shown."""
    monkeypatch.setattr(pictures, "FIRST_WAIT_S", PATIENCE_S)
    monkeypatch.setattr(pictures, "_ASK_WAIT_S", PATIENCE_S)


@pytest.fixture(autouse=True)
def forgotten_cache() -> None:
    """What is remembered by the id of a person or a host: the same ids come again with the next test."""
    cache.clear()


@pytest.fixture
def olga(db: None) -> User:
    """An administrator."""
    return User.objects.create_user("olga", PASSWORD, role=Role.ADMINISTRATOR)


@pytest.fixture
def rita(db: None) -> User:
    """Helpdesk: sees everything, changes nothing."""
    return User.objects.create_user("rita", PASSWORD, role=Role.HELPDESK)


@pytest.fixture
def administrator(olga: User) -> Actor:
    return actor_of(olga)


@pytest.fixture
def reader(rita: User) -> Actor:
    return actor_of(rita)


@pytest.fixture
def signed_in() -> Callable[[User], Client]:
    def sign_in(user: User) -> Client:
        client = Client()
        client.force_login(user)
        return client

    return sign_in


@pytest.fixture
def dockerd_host(db: None, dockerd: Daemon) -> Host:
    """A real dockerd as a host of the console."""
    return Host.objects.create(slug="docks", name="Docks", url=dockerd.url)


@pytest.fixture
def by_password() -> Callable[..., Client]:
    """A browser in which somebody gave the right password."""

    def enter(user: User, **more: str) -> Client:
        client = Client()
        response = client.post(reverse("accounts:sign-in"), {"username": user.username, "password": PASSWORD, **more})
        assert response.status_code == 302
        return client

    return enter
