"""People, a team, and registries of theirs."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.daemons import Registry as RunningRegistry
from tests.registries import PASSWORD as REGISTRY_PASSWORD
from tests.registries import USER, basic_registry, token_registry
from webui.access import Role
from webui.access.models import Team
from webui.accounts.models import User
from webui.ownership import Kind
from webui.ownership.changes import give_access
from webui.ownership.kinds import NOWHERE
from webui.ownership.models import Share
from webui.registries.models import Encryption, Registry

Make = Callable[..., Registry]


@pytest.fixture
def sam(db: None) -> User:
    """A standard user."""
    return User.objects.create_user("sam", role=Role.STANDARD)


@pytest.fixture
def tom(db: None) -> User:
    """Another one, in the team shop."""
    tom = User.objects.create_user("tom", role=Role.STANDARD)
    Team.objects.create(name="shop").members.add(tom)
    return tom


@pytest.fixture
def make_registry(db: None) -> Make:
    """A registry of somebody's; `shared` are people or teams, with "write" for those that may change it."""

    def make(
        name: str, owner: User | None, *, address: str = "ghcr.io", visibility: str = "private",
        shared: tuple[User | Team, ...] = (), may_write: bool = False,
        password: str = "secret-harbour", **fields: object,
    ) -> Registry:  # fmt: skip
        fields = {"username": "robot", **fields}
        registry = Registry(name=name, address=address, **fields)  # type: ignore[misc]
        registry.set_password(password)
        registry.save()
        shares = [
            Share(may_write=may_write, **{"team" if isinstance(one, Team) else "user": one})  # type: ignore[misc]
            for one in shared
        ]
        give_access(
            NOWHERE, Kind.REGISTRY, registry.key, owner_id=owner.pk if owner else None, visibility=visibility,
            shares=shares,
        )  # fmt: skip
        return registry

    return make


@pytest.fixture
def basic_peer(tmp_path: Path) -> Iterator[RunningRegistry]:
    with basic_registry(tmp_path) as running:
        yield running


@pytest.fixture
def token_peer(tmp_path: Path) -> Iterator[RunningRegistry]:
    with token_registry(tmp_path) as running:
        yield running


def way_into(address: str, **fields: object) -> Registry:
    """A registry on this machine, unsaved, with the right password."""
    given = {"username": USER, "encryption": Encryption.PLAIN, "is_vouched": True, "name": "Peer", **fields}
    registry = Registry(address=address, **given)  # type: ignore[misc]
    registry.set_password(REGISTRY_PASSWORD if registry.username else "")
    return registry
