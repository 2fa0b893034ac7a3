"""What a container has changed in its file system, as a tree, and the layers of the image below."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy

# A tree of more than this is read by nobody, and slow in every browser.
MOST_CHANGES: Final = 5_000

# The kinds of `GET /containers/{id}/changes` (Docker API): word, mark, tone.
KINDS: Final[Mapping[int, tuple[Any, str, str]]] = {
    0: (gettext_lazy("changed"), "M", "warning"),
    1: (gettext_lazy("added"), "A", "good"),
    2: (gettext_lazy("deleted"), "D", "bad"),
}


@dataclass(slots=True)
class Node:
    """A file or folder; `kind` is None for a folder that only leads to what changed."""

    kind: int | None = None
    children: dict[str, "Node"] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Changes:
    """`counts` are (word, tone, number) for each kind that there is; `left_out` changes are not in the tree."""

    tree: SafeString
    counts: Sequence[tuple[Any, str, int]]
    total: int
    left_out: int


@dataclass(frozen=True, slots=True)
class Layer:
    """One step of an image's history, newest first. `size_bytes` is 0 for a step that only sets something."""

    created_by: str
    size_bytes: int
    created: float
    tags: Sequence[str]


def changes_of(found: Sequence[Mapping[str, Any]] | None) -> Changes:
    """From the answer of `GET /containers/{id}/changes`, null where nothing changed."""
    changes = sorted((str(one["Path"]), int(one["Kind"])) for one in found or [])
    root = Node()
    for path, kind in changes[:MOST_CHANGES]:
        node = root
        for part in path.strip("/").split("/"):
            node = node.children.setdefault(part, Node())
        node.kind = kind
    counted = Counter(kind for _path, kind in changes)
    counts = [(KINDS[kind][0], KINDS[kind][2], counted[kind]) for kind in (1, 0, 2) if counted[kind]]
    return Changes(_members(root), counts, len(changes), max(0, len(changes) - MOST_CHANGES))


def _members(node: Node) -> SafeString:
    return format_html_join("", "{}", ((_drawn(name, child),) for name, child in node.children.items()))


def _drawn(name: str, node: Node) -> SafeString:
    mark: SafeString | str = ""
    if node.kind in KINDS:
        word, letter, tone = KINDS[node.kind or 0]
        mark = format_html(' <abbr class="badge {}" title="{}">{}</abbr>', tone, word, letter)
    if not node.children:
        return format_html('<div class="leaf"><span class="k">{}</span>{}</div>', name, mark)
    return format_html(
        '<details{}><summary><span class="k">{}/</span>{} <span class="dim">{}</span></summary>{}</details>',
        SafeString(" open") if len(node.children) <= 12 else "", name, mark, _size(node), _members(node),
    )  # fmt: skip


def _size(node: Node) -> int:
    return sum((child.kind is not None) + _size(child) for child in node.children.values())


def layers_of(history: Iterable[Mapping[str, Any]]) -> list[Layer]:
    """From the answer of `GET /images/{name}/history`."""
    return [
        Layer(
            created_by=_instruction(str(one.get("CreatedBy") or one.get("Comment") or "")),
            size_bytes=int(one.get("Size") or 0),
            created=float(one.get("Created") or 0),
            tags=[str(tag) for tag in one.get("Tags") or []],
        )
        for one in history
    ]


def _instruction(created_by: str) -> str:
    """As it stands in a Dockerfile: `/bin/sh -c #(nop)  CMD ["nginx"]` is `CMD ["nginx"]`."""
    if "#(nop)" in created_by:
        return created_by.partition("#(nop)")[2].strip()
    if created_by.startswith("/bin/sh -c "):
        return "RUN " + created_by.removeprefix("/bin/sh -c ").strip()
    return created_by.strip()
