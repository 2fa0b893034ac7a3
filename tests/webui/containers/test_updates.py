"""Whether a newer image stands under a name: what is asked about, how often, and what a row then says."""

from types import SimpleNamespace
from typing import Any

import pytest
import requests
from docker.errors import APIError

from webui.containers import updates
from webui.containers.cells import CELLS, Drawn
from webui.containers.ports import Place
from webui.containers.rows import row_of
from webui.containers.tasks import _asked, is_due
from webui.containers.update_failures import Why, trouble_of
from webui.containers.updates import UpdateCheck, keep_answers, names_worth_asking, update_check
from webui.live import HostState, Picture
from webui.pages import State
from webui.registries.ways import Way

OLD, NEW = "sha256:" + "1" * 64, "sha256:" + "2" * 64
IMAGE = {"Id": "sha256:a", "RepoDigests": [f"shop/web@{OLD}"]}
BUILT = {"Id": "sha256:b", "RepoDigests": []}
RAW = {"Id": "c" * 64, "Image": "shop/web:4", "ImageID": "sha256:a"}


@pytest.fixture(autouse=True)
def _nothing_known(monkeypatch: pytest.MonkeyPatch) -> None:
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
    assert list(names_worth_asking(containers, [IMAGE, BUILT])) == ["shop/web:4"]


def test_a_name_that_an_image_was_only_given_here_is_not_asked_about() -> None:
    """Of an image with several names only those count whose repository it came from."""
    image = {**IMAGE, "RepoTags": ["shop/web:4", "own/copy:1", "mirror.example/web:4"],
             "RepoDigests": [f"shop/web@{OLD}", f"mirror.example/web@{OLD}"]}  # fmt: skip
    containers = [{**RAW, "Image": name} for name in image["RepoTags"]]
    assert list(names_worth_asking(containers, [image])) == ["mirror.example/web:4", "shop/web:4"]


def test_one_of_several_names_that_moved_marks_only_what_was_made_from_it() -> None:
    check = UpdateCheck({"shop/web:4": NEW, "shop/web:4.1": OLD}, {"sha256:a": frozenset({OLD})})
    assert check.holds_for(RAW)
    assert not check.holds_for({**RAW, "Image": "shop/web:4.1"})


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


class Engine:
    """An engine that answers for registries: by name what to say, and how often it was asked about each."""

    def __init__(self, answers: dict[str, Any]) -> None:
        self.answers, self.asked, self.headers = answers, [], []  # type: ignore[var-annotated]

    def _url(self, path: str, name: str) -> str:
        return path.format(name)

    def _get(self, url: str, headers: dict[str, str]) -> Any:
        self.asked.append(url)
        self.headers.append(headers)
        answer = self.answers[url.removeprefix("/distribution/").removesuffix("/json")]
        if isinstance(answer, Exception):
            raise answer
        return answer

    def _result(self, answer: Any, *, json: bool) -> Any:
        assert json
        if isinstance(answer, dict):
            return answer
        raise APIError("500 Server Error", explanation=answer.text)


class Nobody:
    """No registry of this console fits."""

    def into(self, _name: str) -> Way:
        return Way()


def told(text: str, **headers: str) -> SimpleNamespace:
    return SimpleNamespace(text=text, headers=headers)


def asked(engine: Engine, names: list[str], known: dict[str, Any] | None = None) -> dict[str, dict[str, Any]]:
    return dict(_asked(engine, names, known or {}, Nobody()))  # type: ignore[arg-type]


def test_a_registry_that_does_not_answer_is_counted_and_what_was_known_stays() -> None:
    known = {"shop/web:4": {"digest": NEW, "failures": 1, "asked_at": 0.0}}
    down = requests.ConnectionError("is not reachable")
    found = asked(Engine({"shop/web:4": down, "busybox:latest": down}), ["shop/web:4", "busybox:latest"], known)
    assert (found["shop/web:4"]["digest"], found["shop/web:4"]["failures"]) == (NEW, 2)
    assert found["busybox:latest"]["failures"] == 1
    assert "not reachable" in found["busybox:latest"]["error"]


def test_a_registry_that_has_had_enough_is_left_alone_for_as_long_as_it_says() -> None:
    engine = Engine({"shop/web:4": told("toomanyrequests: slow down", **{"Retry-After": "7200"}),
                     "shop/api:1": told("never asked"), "ghcr.io/x:1": {"Descriptor": {"digest": NEW}}})  # fmt: skip
    found = asked(engine, ["shop/web:4", "shop/api:1", "ghcr.io/x:1"])
    assert len(engine.asked) == 2
    answer = found["shop/web:4"]
    assert answer["not_before"] - answer["asked_at"] == pytest.approx(7200, abs=60)
    assert found["ghcr.io/x:1"]["digest"] == NEW
    assert "shop/api:1" not in found
    assert not is_due(answer, answer["asked_at"] + 7100, is_forced=True)
    # The next run leaves its other names alone as well.
    assert asked(engine, ["shop/api:1"], found) == {}


def test_one_that_does_not_say_for_how_long_is_left_alone_for_an_hour() -> None:
    found = asked(Engine({"shop/web:4": told("429 Too Many Requests")}), ["shop/web:4"])["shop/web:4"]
    assert found["not_before"] - found["asked_at"] == pytest.approx(3600, abs=60)


def test_what_wanted_a_password_is_asked_again_once_a_registry_has_changed() -> None:
    failed = {"asked_at": 1000.0, "failures": 9, "error": "unauthorized: authentication required"}
    assert not is_due(failed, 1100, changed_at=900)
    assert is_due(failed, 1100, changed_at=1050)
    assert not is_due({**failed, "error": "manifest unknown"}, 1100, changed_at=1050)


@pytest.mark.parametrize(
    ("error", "why", "words"),
    [
        ("unauthorized: authentication required", Why.SIGN_IN, "wants a sign-in"),
        ("no basic auth credentials", Why.SIGN_IN, "wants a sign-in"),
        ("errors: denied: requested access to the resource is denied", Why.SIGN_IN, "wants a sign-in"),
        ("manifest unknown: manifest unknown", Why.NO_TAG, "nothing under this name"),
        ("toomanyrequests: You have reached your pull rate limit", Why.RATE, "had enough"),
        (
            'Get "https://x/v2/": dial tcp 1.2.3.4:443: connect: connection refused',
            Why.UNREACHABLE,
            "cannot be reached",
        ),
        ("The host did not answer in time; it may still be at it.", Why.UNREACHABLE, "cannot be reached"),
        ("x509: certificate signed by unknown authority", Why.CERTIFICATE, "does not trust"),
        ("something else", Why.OTHER, "did not say"),
    ],
)
def test_why_a_check_failed_is_said_in_words(error: str, why: Why, words: str) -> None:
    trouble = trouble_of("ghcr.io/shop/web:4", {"error": error})
    assert trouble is not None
    assert trouble.why is why
    assert words in trouble.words
    assert "ghcr.io" in trouble.words
    assert UpdateCheck(troubles={"shop/web:4": trouble}).trouble_for(RAW) is trouble


def test_one_that_was_asked_by_a_registry_says_by_which() -> None:
    trouble = trouble_of("ghcr.io/shop/web:4", {"error": "denied", "registry": "Shop images"})
    assert trouble is not None
    assert "Shop images" in trouble.words
    assert trouble_of("ghcr.io/shop/web:4", {"error": "", "digest": NEW}) is None


def test_a_row_says_quietly_that_it_is_not_known() -> None:
    trouble = trouble_of("shop/web:4", {"error": "manifest unknown"})
    raw = {**RAW, "Names": ["/web"], "State": "running", "Status": "Up 1 second"}
    row = row_of(raw, seen_at=0, update_trouble=trouble)
    html = CELLS["image"](Drawn(row, "/x", State("up", "good"), "", Place()))
    assert "nothing under this name any more" in html
    assert "mark-update" not in html
