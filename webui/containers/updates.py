"""Whether a newer image stands under the name that a container was made from: what registries said, kept in the cache.

Asking is the business of a worker (webui.containers.tasks), rarely; pages only read what was found.
"""

import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from django.core.cache import cache

from webui.images.reference import is_id, listed_name
from webui.live import Picture

# How old the answers may be that a page shows; reading them costs a question to the store.
_READ_AGAIN_S: Final = 10.0
KEPT_S: Final = 7 * 24 * 3600


@dataclass(frozen=True, slots=True, eq=False)
class UpdateCheck:
    """What registries have under each name, beside the digests of the images that a host has. Compared by identity."""

    newest: Mapping[str, str] = field(default_factory=dict)
    digests: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def holds_for(self, raw: Mapping[str, Any]) -> bool:
        """Whether the registry's digest is none of those that the container's image came under."""
        newest = self.newest.get(listed_name(str(raw.get("Image") or "")))
        held = self.digests.get(str(raw.get("ImageID") or ""))
        return bool(newest and held and newest not in held)


_NOTHING: Final = UpdateCheck()
_lock = threading.Lock()
_read: dict[str, tuple[float, Mapping[str, str]]] = {}
# By host, and by whose eyes see only a part of its images.
_checks: dict[tuple[str, str], tuple[Mapping[str, str], Any, UpdateCheck]] = {}
_MOST_CHECKS: Final = 256


def update_check(host: str, picture: Picture) -> UpdateCheck:
    """The check for a host's containers; the same object for as long as neither side changed."""
    newest = _newest(host)
    if not newest:
        return _NOTHING
    key = (host, getattr(picture.images, "view", ""))
    with _lock:
        known = _checks.get(key)
        if known is None or known[0] is not newest or known[1] is not picture.images:
            digests = {image_id: digests_of(raw) for image_id, raw in picture.images.items()}
            known = _checks[key] = (newest, picture.images, UpdateCheck(newest, digests))
            while len(_checks) > _MOST_CHECKS:
                _checks.pop(next(iter(_checks)))
        return known[2]


def digests_of(image: Mapping[str, Any]) -> frozenset[str]:
    """The digests that an image was pulled by; none for one that was built or loaded."""
    return frozenset(str(one).partition("@")[2] for one in image.get("RepoDigests") or [] if "@" in str(one))


def names_worth_asking(containers: Iterable[Mapping[str, Any]], images: Iterable[Mapping[str, Any]]) -> list[str]:
    """The names that containers were made from and that came from a registry; never those of images built here."""
    names, by_id = set(), {str(image["Id"]): image for image in images}
    for raw in containers:
        name = str(raw.get("Image") or "")
        image = by_id.get(str(raw.get("ImageID") or ""))
        if image and name and "@" not in name and not is_id(name) and digests_of(image):
            names.add(listed_name(name))
    return sorted(names)


def cache_key(host: str) -> str:
    return f"newest-images:{host}"


def answers_of(host: str) -> dict[str, dict[str, Any]]:
    """What is known by name: {"digest": ..., "asked_at": ..., "failures": ..., "error": ...}."""
    return dict(cache.get(cache_key(host)) or {})


def keep_answers(host: str, answers: Mapping[str, Mapping[str, Any]]) -> None:
    cache.set(cache_key(host), dict(answers), KEPT_S)


def _newest(host: str) -> Mapping[str, str]:
    now = time.monotonic()
    at, newest = _read.get(host, (0.0, {}))
    if at and now - at < _READ_AGAIN_S:
        return newest
    found = {name: str(answer["digest"]) for name, answer in answers_of(host).items() if answer.get("digest")}
    # The same mapping while it says the same: rows are read anew when it is another.
    newest = newest if found == newest else found
    _read[host] = (now, newest)
    return newest
