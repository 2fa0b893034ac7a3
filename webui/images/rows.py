"""An image as a list shows it: Docker's list JSON read into frozen rows, with the containers that use it.

Names are shortened for the eye; the whole stands beside. It knows nothing of pages or people.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from webui.resources import ListQuery, count_shows, read_query, select_rows

NO_NAME: Final = "<none>:<none>"


class Use(StrEnum):
    """Why an image is there. Every image has exactly one, so that their counts add up."""

    USED = "used"
    UNUSED = "unused"
    DANGLING = "dangling"


@dataclass(frozen=True, slots=True)
class ImageRow:
    """One image of a host. `size_bytes` is what it takes unpacked; `used_by` names its containers."""

    id: str
    tags: tuple[str, ...]
    digests: tuple[str, ...]
    size_bytes: int
    created: float
    labels: Mapping[str, str]
    used_by: tuple[str, ...]
    running: int

    @property
    def key(self) -> str:
        """The id without its algorithm: fit for a URL and for an element's id."""
        return self.id.removeprefix("sha256:")

    @property
    def short_id(self) -> str:
        return self.key[:12]

    @property
    def name(self) -> str:
        """The first tag; for an image without one the repository that it came from, or its short id."""
        if self.tags:
            return self.tags[0]
        return self.digests[0].partition("@")[0] if self.digests else f"sha256:{self.short_id}"

    @property
    def use(self) -> Use:
        if self.used_by:
            return Use.USED
        return Use.UNUSED if self.tags else Use.DANGLING

    @property
    def use_words(self) -> str:
        match len(self.used_by):
            case 0:
                return "no container" if self.tags else "no container · no tag"
            case 1:
                return self.used_by[0]
            case count:
                return f"{count} containers"


def image_rows(images: Iterable[Mapping[str, Any]], containers: Iterable[Mapping[str, Any]]) -> list[ImageRow]:
    """Read `GET /images/json` together with `GET /containers/json?all=1`, which tells what each image is used by."""
    users: dict[str, list[Mapping[str, Any]]] = {}
    for container in containers:
        users.setdefault(str(container.get("ImageID") or ""), []).append(container)
    return [_row(image, users.get(image["Id"], [])) for image in images]


def _row(raw: Mapping[str, Any], users: list[Mapping[str, Any]]) -> ImageRow:
    names = sorted((user.get("Names") or [user["Id"][:12]])[0].lstrip("/") for user in users)
    return ImageRow(
        id=raw["Id"],
        tags=tuple(sorted(tag for tag in raw.get("RepoTags") or [] if tag != NO_NAME)),
        digests=tuple(digest for digest in raw.get("RepoDigests") or [] if not digest.startswith("<none>")),
        size_bytes=int(raw.get("Size") or 0),
        created=float(raw.get("Created") or 0),
        labels=raw.get("Labels") or {},
        used_by=tuple(names),
        running=sum(1 for user in users if user.get("State") == "running"),
    )


def shortened(reference: str) -> str:
    """A reference for the eye: without Docker Hub's host, and with a digest cut to eight digits."""
    for prefix in ("docker.io/library/", "docker.io/"):
        reference = reference.removeprefix(prefix)
    return re.sub(r"(sha256:[0-9a-f]{8})[0-9a-f]+", r"\1…", reference)


def split_reference(reference: str) -> tuple[str, str]:
    """(repository, tag or digest): `localhost:5000/app:2` is ("localhost:5000/app", "2"), and no tag is "latest"."""
    if "@" in reference:
        repository, _, digest = reference.partition("@")
        return repository, digest
    head, slash, last = reference.rpartition("/")
    name, colon, tag = last.partition(":")
    return head + slash + name, tag if colon else "latest"


SORTS: Final[Mapping[str, Callable[[ImageRow], tuple[Any, ...]]]] = {
    "name": lambda row: (not row.tags, row.name.lower()),
    "size": lambda row: (row.size_bytes, row.name.lower()),
    "use": lambda row: (-len(row.used_by), row.name.lower()),
    "age": lambda row: (-row.created, row.name.lower()),
}


def query_of(params: Mapping[str, Any]) -> ListQuery:
    return read_query(params, shows=list(Use), sorts=SORTS)


def selected(rows: Iterable[ImageRow], query: ListQuery) -> list[ImageRow]:
    """The rows that the query asks for, in its order."""
    words = query.text.lower().split()
    return select_rows(rows, query, matches=lambda row: _matches(row, words), show_of=lambda row: row.use, sorts=SORTS)


def counts(rows: Iterable[ImageRow], text: str = "") -> dict[str, int]:
    """How many rows are of each use, of those that the text lets through; they add up to the total."""
    words = text.lower().split()
    return count_shows(rows, matches=lambda row: _matches(row, words), show_of=lambda row: row.use, shows=list(Use))


def _matches(row: ImageRow, words: list[str]) -> bool:
    haystack = " ".join((*row.tags, *row.digests, row.key, *row.used_by)).lower()
    return all(word in haystack for word in words)
