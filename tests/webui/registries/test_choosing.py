"""Which registry an image is asked for by, and who may see, use and change one."""

from collections.abc import Iterator

import pytest

from webui.access.models import Team
from webui.accounts.models import User
from webui.audit.models import Entry
from webui.gate import actor_of
from webui.ownership import Level
from webui.registries import choose, sign_in, usable
from webui.registries.choosing import level_of, seen

from .conftest import Make

pytestmark = pytest.mark.django_db


def names(found: object) -> list[str]:
    assert isinstance(found, list)
    return [one.name for one in found]


def test_one_s_own_comes_before_what_is_shared_before_what_is_everybody_s(
    olga: User, sam: User, make_registry: Make
) -> None:
    make_registry("public", olga, visibility="public")
    assert names(usable(actor_of(sam))) == ["public"]
    make_registry("shared", olga, visibility="shared", shared=(sam,))
    make_registry("own", sam)
    assert names(usable(actor_of(sam))) == ["own", "shared", "public"]
    found = choose(actor_of(sam), "ghcr.io/shop/web:4")
    assert found is not None
    assert found.name == "own"


def test_the_longest_folder_comes_before_whose_it_is(olga: User, sam: User, make_registry: Make) -> None:
    make_registry("own", sam)
    make_registry("shop", olga, visibility="public", namespace="shop")
    make_registry("tools", olga, visibility="public", namespace="shop/tools")
    by = {ref: choose(actor_of(sam), ref) for ref in ("ghcr.io/shop/web", "ghcr.io/shop/tools/x", "ghcr.io/shopping/x")}
    assert [one.name for one in by.values() if one] == ["shop", "tools", "own"]
    assert choose(actor_of(sam), "quay.io/shop/web") is None


def test_docker_hub_is_found_by_each_way_of_writing_it(sam: User, make_registry: Make) -> None:
    make_registry("hub", sam, address="docker.io")
    for reference in ("nginx", "shop/web:1", "docker.io/library/nginx", "index.docker.io/shop/web"):
        assert choose(actor_of(sam), reference) is not None, reference


def test_a_team_uses_what_is_shared_with_it(olga: User, sam: User, tom: User, make_registry: Make) -> None:
    registry = make_registry("shop", olga, visibility="shared", shared=(Team.objects.get(name="shop"),))
    assert names(usable(actor_of(tom))) == ["shop"]
    assert level_of(actor_of(tom), registry) is Level.READ
    assert names(seen(actor_of(sam))) == []


def test_a_share_that_was_kept_while_it_is_private_gives_nothing(olga: User, sam: User, make_registry: Make) -> None:
    registry = make_registry("shop", olga, visibility="private", shared=(sam,))
    assert usable(actor_of(sam)) == []
    assert level_of(actor_of(sam), registry) is Level.NOTHING


def test_an_administrator_changes_what_is_others_and_is_not_signed_in_by_it(
    olga: User, sam: User, make_registry: Make
) -> None:
    registry = make_registry("sam's", sam)
    assert level_of(actor_of(olga), registry) is Level.WRITE
    assert choose(actor_of(olga), "ghcr.io/x") is None


def test_what_is_for_administrators_is_not_even_its_owner_s(olga: User, sam: User, make_registry: Make) -> None:
    make_registry("ours", sam, visibility="administrators")
    assert seen(actor_of(sam)) == []
    assert names(usable(actor_of(olga))) == ["ours"]


def test_whoever_is_deactivated_uses_nothing(sam: User, make_registry: Make) -> None:
    make_registry("public", None, visibility="public")
    sam.is_active = False
    assert usable(actor_of(sam)) == []


@pytest.fixture
def signed(sam: User, make_registry: Make) -> Iterator[User]:
    make_registry("own", sam)
    return sam


def test_a_sign_in_is_written_down_without_the_password(signed: User) -> None:
    found = sign_in(actor_of(signed), None, "ghcr.io/shop/web:4", purpose="pull")
    assert found.auth_config == {"username": "robot", "password": "secret-harbour", "serveraddress": "ghcr.io"}
    entry = Entry.objects.get(operation="registry.use")
    assert (entry.username, entry.target, entry.message) == ("sam", "own", "pull ghcr.io/shop/web:4")
    assert "secret-harbour" not in repr(found)


def test_one_that_is_asked_as_nobody_sends_nothing(sam: User, make_registry: Make) -> None:
    make_registry("open", sam, username="", password="")
    assert sign_in(actor_of(sam), None, "ghcr.io/x", purpose="pull").auth_config == {}
    assert not Entry.objects.filter(operation="registry.use").exists()


def test_a_password_sealed_with_another_key_says_so(sam: User, make_registry: Make) -> None:
    registry = make_registry("old", sam)
    registry.sealed_password = "gAAAAABnot-ours"
    registry.save()
    found = sign_in(actor_of(sam), None, "ghcr.io/x", purpose="pull")
    assert found.auth_config == {}
    assert "another key" in found.trouble
