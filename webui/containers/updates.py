"""Whether a newer image stands under the name that a container was made from: what registries said, kept in the cache.

Asking is the business of a worker (webui.containers.tasks), rarely; pages only read what was found.
"""

import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from django.core.cache import cache

from webui.containers.update_failures import Trouble, trouble_of
from webui.images.reference import is_id, listed_name
from webui.live import Picture
from webui.ownership import repository_of

# How old the answers may be that a page shows; reading them costs a question to the store.
_READ_AGAIN_S: Final = 10.0
KEPT_S: Final = 7 * 24 * 3600


@dataclass(frozen=True, slots=True, eq=False)
class UpdateCheck:
    """What registries have under each name, beside the digests of the images that a host has. Compared by identity."""

    newest: Mapping[str, str] = field(default_factory=dict)
    digests: Mapping[str, frozenset[str]] = field(default_factory=dict)
    troubles: Mapping[str, Trouble] = field(default_factory=dict)

    def holds_for(self, raw: Mapping[str, Any]) -> bool:
        """Whether the registry's digest is none of those that the container's image came under."""
        newest = self.newest.get(listed_name(str(raw.get("Image") or "")))
        held = self.digests.get(str(raw.get("ImageID") or ""))
        return bool(newest and held and newest not in held)

    def trouble_for(self, raw: Mapping[str, Any]) -> Trouble | None:
        """Why it is not known, where a registry was asked in vain."""
        return self.troubles.get(listed_name(str(raw.get("Image") or "")))


@dataclass(frozen=True, slots=True)
class _Told:
    """What registries said last, by name."""

    newest: Mapping[str, str]
    troubles: Mapping[str, Trouble]


_NOTHING: Final = UpdateCheck()
_lock = threading.Lock()
_read: dict[str, tuple[float, _Told]] = {}
# By host, and by whose eyes see only a part of its images.
_checks: dict[tuple[str, str], tuple[_Told, Any, UpdateCheck]] = {}
_MOST_CHECKS: Final = 256


def update_check(host: str, picture: Picture) -> UpdateCheck:
    """The check for a host's containers; the same object for as long as neither side changed."""
    told = _told(host)
    if not told.newest and not told.troubles:
        return _NOTHING
    key = (host, getattr(picture.images, "view", ""))
    with _lock:
        known = _checks.get(key)
        if known is None or known[0] is not told or known[1] is not picture.images:
            digests = {image_id: digests_of(raw) for image_id, raw in picture.images.items()}
            known = _checks[key] = (told, picture.images, UpdateCheck(told.newest, digests, told.troubles))
            while len(_checks) > _MOST_CHECKS:
                _checks.pop(next(iter(_checks)))
        return known[2]


def digests_of(image: Mapping[str, Any]) -> frozenset[str]:
    """The digests that an image was pulled by; none for one that was built or loaded."""
    return frozenset(str(one).partition("@")[2] for one in image.get("RepoDigests") or [] if "@" in str(one))


def names_worth_asking(
    containers: Iterable[Mapping[str, Any]], images: Iterable[Mapping[str, Any]]
) -> dict[str, list[Mapping[str, Any]]]:
    """The names that containers were made from and that came from a registry, with those containers, in order.

    Never those of images built here, nor a name that an image from elsewhere was only given here.
    """
    names: dict[str, list[Mapping[str, Any]]] = {}
    by_id = {str(image["Id"]): image for image in images}
    for raw in containers:
        name = str(raw.get("Image") or "")
        image = by_id.get(str(raw.get("ImageID") or ""))
        if image and name and "@" not in name and not is_id(name) and repository_of(name) in _came_from(image):
            names.setdefault(listed_name(name), []).append(raw)
    return dict(sorted(names.items()))


def _came_from(image: Mapping[str, Any]) -> set[str]:
    """The repositories that an image was pulled from."""
    return {repository_of(str(one)) for one in image.get("RepoDigests") or [] if "@" in str(one)}


def cache_key(host: str) -> str:
    return f"newest-images:{host}"


def answers_of(host: str) -> dict[str, dict[str, Any]]:
    """What is known by name: {"digest": ..., "asked_at": ..., "failures": ..., "error": ..., "not_before": ...,
    "registry": the name of the one that it was asked by}."""
    return dict(cache.get(cache_key(host)) or {})


def keep_answers(host: str, answers: Mapping[str, Mapping[str, Any]]) -> None:
    cache.set(cache_key(host), dict(answers), KEPT_S)


def _told(host: str) -> _Told:
    now = time.monotonic()
    at, told = _read.get(host, (0.0, _Told({}, {})))
    if at and now - at < _READ_AGAIN_S:
        return told
    answers = answers_of(host)
    newest = {name: str(answer["digest"]) for name, answer in answers.items() if answer.get("digest")}
    troubles = {name: found for name, answer in answers.items() if (found := trouble_of(name, answer)) is not None}
    # The same object while it says the same: rows are read anew when it is another.
    now_told = _Told(newest, troubles)
    told = told if now_told == told else now_told
    _read[host] = (now, told)
    return told
