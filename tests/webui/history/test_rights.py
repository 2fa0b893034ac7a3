"""Kept logs are for whoever may read their container; of one that is gone, for whoever could while it was there."""

import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.webui.history.conftest import ABOUT, line
from webui.access import Role
from webui.accounts.models import User
from webui.gate import actor_of
from webui.history.owners import note_access
from webui.history.places import logs_folder
from webui.history.rights import readable
from webui.history.store import LogStore
from webui.hosts.models import Host
from webui.ownership import LEDGER, Kind
from webui.ownership.changes import claim, release, set_policy

CREATED = int(time.time()) - 3600


@pytest.fixture
def docks(db: None, settings: Any, tmp_path: Path) -> Host:
    settings.QUAYSIDE_DATA = tmp_path
    LEDGER.forget()
    return Host.objects.create(slug="docks", name="Docks", url=f"unix://{tmp_path}/none.sock")


@pytest.fixture
def people(db: None) -> dict[str, User]:
    return {name: User.objects.create_user(name, role=Role.STANDARD) for name in ("owen", "nina")}


def keep(*, created: int = CREATED, **labels: str) -> Path:
    folder = logs_folder("docks") / ABOUT.container_id
    store = LogStore(folder, replace(ABOUT, created=created, labels=labels))
    store.add([line(1)])
    store.close()
    return folder


def may_read(user: User, host: Host) -> bool:
    LEDGER.refresh(older_than_s=-1)
    return bool(readable(actor_of(user), host))


def test_a_private_log_stays_its_owners_when_the_container_is_gone(docks: Host, people: dict[str, User]) -> None:
    folder = keep()
    claim(docks.pk, Kind.CONTAINER, [ABOUT.container_id], people["owen"].pk)
    LEDGER.refresh(older_than_s=-1)
    note_access(docks.pk, [folder], present=[ABOUT.container_id])
    assert may_read(people["owen"], docks)
    assert not may_read(people["nina"], docks)
    release(docks.pk, Kind.CONTAINER, [ABOUT.container_id])
    # Also where everybody may see what nobody owns: this was somebody's.
    set_policy(docks.pk, is_unowned_public=True)
    assert may_read(people["owen"], docks)
    assert not may_read(people["nina"], docks)


def test_who_owns_the_stack_of_that_name_now_does_not_own_what_was(docks: Host, people: dict[str, User]) -> None:
    folder = keep(**{"com.docker.compose.project": "shop"})
    claim(docks.pk, Kind.STACK, ["shop"], people["owen"].pk)
    LEDGER.refresh(older_than_s=-1)
    note_access(docks.pk, [folder], present=[ABOUT.container_id])
    release(docks.pk, Kind.STACK, ["shop"])
    claim(docks.pk, Kind.STACK, ["shop"], people["nina"].pk)
    assert may_read(people["owen"], docks)
    assert not may_read(people["nina"], docks)


def test_of_what_nothing_was_noted_only_those_read_who_see_everything(
    docks: Host, people: dict[str, User], rita: User
) -> None:
    folder = keep()
    set_policy(docks.pk, is_unowned_public=True)
    assert not may_read(people["nina"], docks)
    assert may_read(User.objects.create_user("hal", role=Role.HELPDESK), docks)
    note_access(docks.pk, [folder], present=[ABOUT.container_id])
    assert may_read(people["nina"], docks)
    (folder / "access.json").write_text('{"owner_id": "nonsense"}')
    assert not may_read(people["nina"], docks)


def test_a_container_that_was_just_made_is_not_taken_for_nobodys(docks: Host) -> None:
    folder = keep(created=int(time.time()))
    note_access(docks.pk, [folder], present=[ABOUT.container_id])
    assert not (folder / "access.json").exists()
