"""Images as the API shows them: list elements, inspect, history."""

import fnmatch
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Protocol

from engine.errors import InvalidArgument
from engine.images.model import Image
from engine.layers import Layer
from engine.registry import parse_reference

KNOWN_FILTERS = frozenset({"dangling", "label", "label!", "before", "since", "reference", "until"})


class Filters(Protocol):
    def __contains__(self, key: str) -> bool: ...
    def get(self, key: str) -> tuple[str, ...]: ...
    def check_known(self, known: Iterable[str]) -> None: ...
    def flag(self, key: str, *, default: bool) -> bool: ...
    def match_labels(self, labels: Mapping[str, str]) -> bool: ...
    def until(self) -> datetime | None: ...


def created_at(image: Image) -> datetime:
    """When the image was made; 1970 for one that does not say so in a way that can be read."""
    text = image.created.replace("Z", "+00:00")
    head, dot, fraction = text.partition(".")
    if dot:  # Go writes nine digits, Python reads six
        digits = fraction[: len(fraction) - len(fraction.lstrip("0123456789"))]
        text = f"{head}.{digits[:6].ljust(6, '0')}{fraction[len(digits) :]}"
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return datetime.fromtimestamp(0, UTC)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def list_element(image: Image, *, containers: int, shared_size: int, api_version: tuple[int, int]) -> dict[str, Any]:
    tags, digests = list(image.repo_tags), list(image.repo_digests)
    if api_version < (1, 44) and not tags:
        tags = ["<none>:<none>"]
        digests = digests or ["<none>@<none>"]
    element: dict[str, Any] = {
        "Id": image.id,
        "ParentId": image.parent,
        "RepoTags": tags,
        "RepoDigests": digests,
        "Created": int(created_at(image).timestamp()),
        "Size": image.size_bytes,
        "SharedSize": shared_size,
        "Labels": dict(image.labels) or None,
        "Containers": containers,
    }
    return element | ({"VirtualSize": image.size_bytes} if api_version < (1, 44) else {})


def inspect(image: Image, graph_driver: Mapping[str, Any], api_version: tuple[int, int]) -> dict[str, Any]:
    document = image.document
    tagged = datetime.fromtimestamp(image.last_tagged_ns / 1e9, UTC).isoformat().replace("+00:00", "Z")
    answer: dict[str, Any] = {
        "Id": image.id,
        "RepoTags": list(image.repo_tags),
        "RepoDigests": list(image.repo_digests),
        "Parent": image.parent,
        "Comment": document.get("comment") or "",
        "Created": image.created,
        "DockerVersion": document.get("docker_version") or "",
        "Author": document.get("author") or "",
        "Config": dict(image.config),
        "Architecture": document.get("architecture") or "",
        "Os": document.get("os") or "linux",
        "Size": image.size_bytes,
        "GraphDriver": dict(graph_driver),
        "RootFS": {"Type": "layers", **({"Layers": image.diff_ids} if image.diff_ids else {})},
        "Metadata": {"LastTagTime": tagged if image.last_tagged_ns else "0001-01-01T00:00:00Z"},
    }
    if document.get("variant"):
        answer["Variant"] = document["variant"]
    if api_version < (1, 45):
        answer |= {"Container": document.get("container") or "", "ContainerConfig": document.get("container_config")}
    return answer | ({"VirtualSize": image.size_bytes} if api_version < (1, 44) else {})


def history(image: Image, layers: Sequence[Layer]) -> list[dict[str, Any]]:
    """Newest first; only the newest has an id, for the others no image is here."""
    sizes = iter([layer.size_bytes for layer in layers])
    rows: list[dict[str, Any]] = []
    for item in image.document.get("history") or [{} for _ in layers]:
        size = 0 if item.get("empty_layer") else next(sizes, 0)
        created = created_at(Image("", {"created": item.get("created")}))
        rows.append(
            {
                "Id": "<missing>",
                "Created": int(created.timestamp()) if item.get("created") else 0,
                "CreatedBy": item.get("created_by") or "",
                "Tags": None,
                "Size": size,
                "Comment": item.get("comment") or "",
            }
        )
    rows.reverse()
    if rows:
        rows[0] |= {"Id": image.id, "Tags": list(image.repo_tags) or None}
    return rows


def select(images: Sequence[Image], filters: Filters, *, moments: Mapping[str, Image]) -> list[Image]:
    """The images that match; `moments` are those that `before` and `since` name."""
    filters.check_known(KNOWN_FILTERS)
    found = list(images)
    if "dangling" in filters:
        wanted = filters.flag("dangling", default=False)
        found = [image for image in found if (not image.repo_tags) == wanted]
    if "reference" in filters:
        found = [image for image in found if any(_matches(image, pattern) for pattern in filters.get("reference"))]
    for name in filters.get("before"):
        found = [image for image in found if created_at(image) < created_at(moments[name])]
    for name in filters.get("since"):
        found = [image for image in found if created_at(image) > created_at(moments[name])]
    until = filters.until()
    if until is not None:
        found = [image for image in found if created_at(image) < until]
    return [image for image in found if filters.match_labels(image.labels)]


def _matches(image: Image, pattern: str) -> bool:
    for name in (*image.repo_tags, *image.repo_digests):
        reference = parse_reference(name)
        if any(fnmatch.fnmatchcase(form, pattern) for form in (reference.familiar, reference.familiar_name)):
            return True
    if pattern.startswith("["):
        raise InvalidArgument(f"invalid reference filter {pattern!r}")
    return False
