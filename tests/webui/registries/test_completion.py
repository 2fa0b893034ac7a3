"""What is offered while the name of an image is typed."""

from collections.abc import Iterator

import pytest

from tests.registries import Answer, Asked, serving
from webui.accounts.models import User
from webui.gate import actor_of
from webui.registries.completion import offer
from webui.registries.models import Encryption, Registry

from .conftest import Make

pytestmark = pytest.mark.django_db


class Busy:
    """A registry that counts what it is asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.tags: list[str] | None = ["1.9", "1.10", "latest", "1.10-slim", "edge"]
        self.repositories: list[str] | None = ["shop/web", "shop/worker", "tools/ci"]

    def answer(self, asked: Asked) -> Answer:
        self.asked.append(asked.path)
        if asked.path == "/v2/_catalog":
            return Answer(200, {"repositories": self.repositories}) if self.repositories is not None else Answer(404)
        if self.tags is None:
            return Answer(429, {}, {"Retry-After": "30"})
        return Answer(200, {"tags": self.tags})


@pytest.fixture
def busy() -> Busy:
    return Busy()


@pytest.fixture
def shop(busy: Busy, sam: User, make_registry: Make) -> Iterator[Registry]:
    with serving(busy.answer) as address:
        yield make_registry("Shop", sam, address=address, encryption=Encryption.PLAIN, is_vouched=True, username="",
                            password="")  # fmt: skip


def test_behind_a_colon_tags_are_offered_the_newest_first(shop: Registry, sam: User) -> None:
    found = offer(actor_of(sam), f"{shop.address}/shop/web:")
    tags = [name.rpartition(":")[2] for name in found.names]
    assert tags == ["latest", "edge", "1.10-slim", "1.10", "1.9"]
    assert found.words == "5 tags at Shop"
    assert [one.rpartition(":")[2] for one in offer(actor_of(sam), f"{shop.address}/shop/web:1.1").names] == [
        "1.10-slim", "1.10",
    ]  # fmt: skip


def test_repositories_are_offered_before_it(shop: Registry, sam: User) -> None:
    found = offer(actor_of(sam), f"{shop.address}/w")
    assert found.names == (f"{shop.address}/shop/web", f"{shop.address}/shop/worker")
    assert offer(actor_of(sam), f"{shop.address}/").words == "3 repositories at Shop"


def test_the_address_itself_is_offered(shop: Registry, sam: User) -> None:
    assert offer(actor_of(sam), "127.0").names == (f"{shop.address}/",)


def test_it_is_asked_once_a_minute_whatever_is_typed(shop: Registry, sam: User, busy: Busy) -> None:
    for typed in ("1", "1.", "1.9", ""):
        offer(actor_of(sam), f"{shop.address}/shop/web:{typed}")
    assert busy.asked == ["/v2/shop/web/tags/list"]
    shop.save()
    offer(actor_of(sam), f"{shop.address}/shop/other:")
    assert len(busy.asked) == 2


def test_a_registry_that_has_had_enough_is_left_alone(shop: Registry, sam: User, busy: Busy) -> None:
    busy.tags = None
    for _typed in range(3):
        assert "had enough" in offer(actor_of(sam), f"{shop.address}/shop/web:").words
    assert len(busy.asked) == 1


def test_nobody_has_a_registry_asked_that_they_may_not_use(shop: Registry, olga: User, tom: User, busy: Busy) -> None:
    for person in (olga, tom):
        for typed in ("shop/web:", "", "shop"):
            assert offer(actor_of(person), f"{shop.address}/{typed}").names == ()
    assert busy.asked == []


def test_an_address_that_nobody_registered_is_not_asked(sam: User) -> None:
    with serving(lambda asked: pytest.fail(asked.path)) as address:
        assert offer(actor_of(sam), f"{address}/shop/web:").names == ()


def test_a_registry_without_a_catalogue_says_nothing_about_it(shop: Registry, sam: User, busy: Busy) -> None:
    busy.repositories = None
    assert offer(actor_of(sam), f"{shop.address}/shop/").words == ""


def test_only_what_lies_in_its_folder_is_offered(shop: Registry, sam: User, busy: Busy) -> None:
    shop.namespace = "shop"
    shop.save()
    assert offer(actor_of(sam), f"{shop.address}/").names == (f"{shop.address}/shop/web", f"{shop.address}/shop/worker")
    assert offer(actor_of(sam), f"{shop.address}/tools/ci:").names == ()
    assert busy.asked == ["/v2/_catalog"]


@pytest.mark.parametrize("typed", ["", "x@sha256:0f", ":::", "/", "a/../b:", "ü/x:", "x" * 500, "a b/c:"])
def test_what_is_no_name_offers_nothing(sam: User, typed: str) -> None:
    assert offer(actor_of(sam), typed).names == ()


def test_a_path_that_climbs_is_never_asked_for(shop: Registry, sam: User, busy: Busy) -> None:
    for typed in ("../../admin:", "shop/../x:", "shop//x:", "Shop/x:", "shop/x?y=1:", "shop/x#:"):
        assert offer(actor_of(sam), f"{shop.address}/{typed}").names == ()
    assert "/v2/_catalog" in {*busy.asked, "/v2/_catalog"}
    assert {*busy.asked} <= {"/v2/_catalog"}
