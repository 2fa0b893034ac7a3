"""What a host answers, cut down to what whoever asks may see: lists, the events of a host, its disk usage.

An answer that is not what the API says it is becomes an empty one.
"""

from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson

from webui.access import Operation
from webui.gate.references import References
from webui.ownership import Kind, Sight, Thing, thing_of
from webui.ownership.kinds import image_keys

Raw = Mapping[str, Any]

_LISTED: Final[Mapping[Operation, Kind]] = {
    Operation.CONTAINER_LIST: Kind.CONTAINER, Operation.IMAGE_LIST: Kind.IMAGE, Operation.NETWORK_LIST: Kind.NETWORK,
    Operation.SERVICE_LIST: Kind.SERVICE, Operation.TASK_LIST: Kind.SERVICE, Operation.SECRET_LIST: Kind.SECRET,
    Operation.CONFIG_LIST: Kind.CONFIG,
}  # fmt: skip
FILTERED: Final = frozenset(
    {*_LISTED, Operation.VOLUME_LIST, Operation.SYSTEM_DISK_USAGE, Operation.IMAGE_INSPECT, Operation.NETWORK_INSPECT}
)
_LONGEST_LINE: Final = 1024 * 1024
_OF_EVENTS: Final = {
    "container": Kind.CONTAINER, "image": Kind.IMAGE, "network": Kind.NETWORK, "volume": Kind.VOLUME,
    "service": Kind.SERVICE, "secret": Kind.SECRET, "config": Kind.CONFIG,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class AnswerFilter:
    """Cuts the answers of one operation down to one person's sight. `whole` may ask the host: for threads."""

    operation: Operation
    sight: Sight
    references: References

    def whole(self, body: bytes) -> bytes:
        """An answer of JSON, read whole."""
        try:
            answer = orjson.loads(body)
            return orjson.dumps(self._cut(answer))
        except (ValueError, LookupError, TypeError, AttributeError):
            return b"[]" if self.operation in _LISTED else b"{}"

    def lines(self, chunk: bytes) -> bytes:
        """Whole lines of the event stream. Never asks: what is not known in memory is not told."""
        return b"".join(line + b"\n" for line in chunk.split(b"\n") if line.strip() and self._sees_event(line))

    def _cut(self, answer: Any) -> Any:
        if kind := _LISTED.get(self.operation):
            return list(self._seen(kind, answer or ()))
        if self.operation is Operation.VOLUME_LIST:
            return {**answer, "Volumes": list(self._seen(Kind.VOLUME, answer.get("Volumes") or ()))}
        if self.operation is Operation.SYSTEM_DISK_USAGE:
            return self._cut_usage(answer)
        return self._trimmed(Kind.IMAGE if self.operation is Operation.IMAGE_INSPECT else Kind.NETWORK, answer)

    def _cut_usage(self, answer: Mapping[str, Any]) -> Mapping[str, Any]:
        """Sums over everything say what others have, so they go too; the build cache is everybody's and nobody's."""
        lists = (("Containers", Kind.CONTAINER), ("Images", Kind.IMAGE), ("Volumes", Kind.VOLUME))
        return {
            **{name: list(self._seen(kind, answer.get(name) or ())) for name, kind in lists},
            "LayersSize": 0,
            "BuildCache": [],
        }

    def _seen(self, kind: Kind, raws: Iterable[Raw]) -> Iterator[Raw]:
        for raw in raws:
            if self.sight.sees(thing_of(kind, raw), self.references.users_of):
                yield self._trimmed(kind, raw)

    def _trimmed(self, kind: Kind, raw: Raw) -> Raw:
        """Without what an object that may be seen says of others that may not."""
        if kind is Kind.IMAGE:
            return trimmed_image(self.sight, raw)
        if kind is Kind.NETWORK and raw.get("Containers"):
            held = raw["Containers"]
            return {**raw, "Containers": {key: one for key, one in held.items() if self._sees_container(key)}}
        return raw

    def _sees_container(self, container_id: str) -> bool:
        if self.sight.sees_key(Kind.CONTAINER, container_id):
            return True
        found = self.references.find(Kind.CONTAINER, container_id)
        return found is not None and self.sight.sees(found.thing)

    def _sees_event(self, line: bytes) -> bool:
        try:
            event = orjson.loads(line)
            kind = _OF_EVENTS.get(str(event.get("Type")))
            actor = event.get("Actor") or {}
            attributes = {str(key): str(value) for key, value in (actor.get("Attributes") or {}).items()}
            key = str(actor["ID"])
        except (ValueError, LookupError, TypeError, AttributeError):
            return False
        return kind is not None and self.sight.sees(self._thing_of_event(kind, key, attributes))

    def _thing_of_event(self, kind: Kind, key: str, attributes: Mapping[str, str]) -> Thing:
        """Labels stand among the attributes of a container only. An image goes by a name, or by its id with a name."""
        if kind is Kind.IMAGE:
            names = [one for one in (key, attributes.get("name", "")) if one and not one.startswith("sha256:")]
            return Thing(kind, image_keys({"Id": key, "RepoTags": names}))
        if kind is Kind.NETWORK and "container" in attributes:
            # Who came and went is told to those who see the container, on whatever network.
            return self.references.known(Kind.CONTAINER, attributes["container"])
        if kind in {Kind.NETWORK, Kind.VOLUME}:
            return self.references.known(kind, key)
        return Thing(kind, (key,), attributes)


def trimmed_image(sight: Sight, raw: Raw) -> Raw:
    """An image with only those of its names that may be seen."""
    if sight.sees_all:
        return raw

    def seen(names: Iterable[str] | None) -> list[str]:
        return [name for name in names or () if sight.sees(Thing(Kind.IMAGE, image_keys({"RepoTags": [name]})))]

    return {**raw, "RepoTags": seen(raw.get("RepoTags")), "RepoDigests": seen(raw.get("RepoDigests"))}


async def whole_lines(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The same stream cut only where lines end."""
    rest = b""
    async for chunk in chunks:
        if len(rest) > _LONGEST_LINE:
            raise ValueError("the host sent an event without an end")
        head, newline, rest_of_it = (rest + chunk).rpartition(b"\n")
        rest = rest_of_it
        if newline:
            yield head + newline
    if rest:
        yield rest
