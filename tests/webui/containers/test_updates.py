"""Whether a newer image stands under a name: what is asked about, how often, and what a row then says."""

import pytest
import requests
from django.core.cache import cache

from webui.containers import updates
from webui.containers.tasks import _asked, is_due
from webui.containers.updates import UpdateCheck, keep_answers, names_worth_asking, update_check
from webui.live import HostState, Picture

OLD, NEW = "sha256:" + "1" * 64, "sha256:" + "2" * 64
IMAGE = {"Id": "sha256:a", "RepoDigests": [f"shop/web@{OLD}"]}
BUILT = {"Id": "sha256:b", "RepoDigests": []}
RAW = {"Id": "c" * 64, "Image": "shop/web:4", "ImageID": "sha256:a"}


@pytest.fixture(autouse=True)
def _nothing_known(monkeypatch: pytest.MonkeyPatch) -> None:
    cache.clear()
    monkeypatch.setattr(updates, "_read", {})
    monkeypatch.setattr(updates, "_checks", {})


def test_another_digest_at_the_registry_is_an_update() -> None:
    check = UpdateCheck({"shop/web:4": NEW}, {"sha256:a": frozenset({OLD})})
    assert check.holds_for(RAW)
    assert not UpdateCheck({"shop/web:4": OLD}, check.digests).holds_for(RAW)


def test_what_nobody_asked_about_is_no_update() -> None:
    assert not UpdateCheck().holds_for(RAW)
    assert not UpdateCheck({"shop/web:4": NEW}, {}).holds_for(RAW)


def test_only_names_from_a_registry_are_asked_about() -> None:
    containers = [
        RAW,
        {**RAW, "Image": "own:1", "ImageID": "sha256:b"},
        {**RAW, "Image": f"pinned@{OLD}"},
        {**RAW, "Image": "sha256:" + "a" * 64},
        {**RAW, "Image": "busybox"},
    ]
    assert names_worth_asking(containers, [IMAGE, BUILT]) == ["busybox:latest", "shop/web:4"]


def test_a_name_is_asked_about_rarely_and_one_that_fails_ever_more_seldom() -> None:
    hour = 3600.0
    assert is_due(None, 0)
    assert not is_due({"asked_at": 0.0, "failures": 0}, 5 * hour)
    assert is_due({"asked_at": 0.0, "failures": 0}, 6 * hour)
    assert is_due({"asked_at": 0.0, "failures": 1}, 0.5 * hour)
    assert not is_due({"asked_at": 0.0, "failures": 4}, 3 * hour)
    assert is_due({"asked_at": 0.0, "failures": 40}, 24 * hour)


def test_the_check_is_the_same_object_until_an_answer_or_an_image_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(updates, "_READ_AGAIN_S", 0.0)
    picture = Picture("docks", HostState.UP, images={"sha256:a": IMAGE})
    assert not update_check("docks", picture).holds_for(RAW)
    keep_answers("docks", {"shop/web:4": {"digest": NEW}})
    check = update_check("docks", picture)
    assert check.holds_for(RAW)
    assert update_check("docks", picture) is check
    keep_answers("docks", {"shop/web:4": {"digest": OLD}})
    assert not update_check("docks", picture).holds_for(RAW)


class OffLine:
    """An engine whose registries do not answer."""

    def _url(self, path: str, name: str) -> str:
        return path.format(name)

    def _result(self, response: None) -> None:
        raise AssertionError("there was no response")

    def _get(self, url: str) -> None:
        raise requests.ConnectionError(f"{url} is not reachable")


def test_a_registry_that_does_not_answer_is_counted_and_what_was_known_stays() -> None:
    known = {"shop/web:4": {"digest": NEW, "failures": 1, "asked_at": 0.0}}
    [(name, answer), (_other, fresh)] = _asked(OffLine(), ["shop/web:4", "busybox:latest"], known)
    assert (name, answer["digest"], answer["failures"]) == ("shop/web:4", NEW, 2)
    assert fresh["failures"] == 1
    assert "not reachable" in fresh["error"]
