"""Whether what a request touches is for the eyes and hands of whoever asks, and what will be theirs when it is done.

One place for every way to a host. What may not be seen reads as not there, in the daemon's own words; what may be seen
and not changed is refused. Reads the database and may ask the host: for threads.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import orjson

from webui.access import Operation
from webui.gate import touching
from webui.gate.actors import Actor
from webui.gate.decision import require
from webui.gate.errors import HostUnreachable, NotVisible, Refused
from webui.gate.marks import mark_of_token, marked
from webui.gate.naming import Named, field_of, is_own_network_of_host, labels_in, named_in
from webui.gate.paths import read_path
from webui.gate.pinning import Judged, with_ids
from webui.gate.redeploying import redeployed
from webui.gate.references import Found, References
from webui.gate.rules import Query, Rule
from webui.gate.table import ROWS
from webui.ownership import LEDGER, Kind, Level, Sight, Thing, repository_of
from webui.ownership.kinds import parents_of

if TYPE_CHECKING:
    from webui.hosts.models import Host

_NOT_THERE: Final[Mapping[str, str]] = {
    "container": "No such container: {}", "image": "No such image: {}", "network": "network {} not found",
    "volume": "get {}: no such volume", "exec": "No such exec instance: {}", "service": "service {} not found",
    "task": "task {} not found", "secret": "secret {} not found", "config": "config {} not found",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Claim:
    """What belongs to whoever asks once the host has said yes. `keys` () are in the answer: its Id.

    `is_shared_with`: it is there and somebody's; it is shown to one more.
    """

    kind: Kind
    keys: tuple[str, ...] = ()
    is_shared_with: bool = False


@dataclass(frozen=True, slots=True)
class Looked:
    """`target` is what to send in place of the target's reference, "" for the reference itself."""

    target: str = ""
    claims: tuple[Claim, ...] = ()
    releases: tuple[Kind, str] | None = None
    renames: tuple[Kind, str] | None = None
    exec_of: str = ""
    new_volumes: int = 0
    # What is sent in place of the body that came; None for that itself.
    body: bytes | None = None
    # The container whose successor is made: it belongs to whom that does.
    succeeds: str = ""
    # What a container that is being made names, to be looked at again when it is there.
    judged: tuple[Judged, ...] = ()
    # What the ledger was at (its serial) when it was looked whether a name is free.
    since: int = -1
    # Whoever asks rules the host: they may use what others have.
    sees_all: bool = False


def concerns(operation: Operation, sight: Sight) -> bool:
    """Whether `look` has anything to look at."""
    if operation in touching.REDEPLOYS:
        return True
    if operation in touching.MAKES | touching.ALSO_MAKE | touching.REMOVES | touching.RENAMES:
        return True
    return not sight.sees_all and operation not in touching.FREE


def look(
    actor: Actor, host: "Host", rule: Rule, operation: Operation, *, target: str, query: Query,
    body: Mapping[str, Any], made_before: Collection[Kind] = (),
) -> Looked:  # fmt: skip
    """Raises NotVisible, Refused, or HostUnreachable where the host had to be asked and did not answer.

    `made_before`: for a request that is only thought of, the kinds of which what is not there yet would be by then.
    """
    sight = actor.sight(host, operation)
    LEDGER.refresh()
    _, since = LEDGER.version
    one = _Looking(sight, References(host), actor, host, operation, query, body, made_before)
    if operation in touching.REDEPLOYS:
        said = redeployed(one, rule, target, query, body)
        gone = (Kind.CONTAINER, said.removes) if said.removes else None
        named = (Kind.CONTAINER, said.target) if said.target else None
        return Looked(said.target, releases=gone, renames=named, body=said.body, succeeds=said.succeeds)
    found = one.target(rule, target)
    judged = () if sight.sees_all else one.judged()
    if found and not sight.sees_all and operation in {Operation.CONTAINER_START, Operation.CONTAINER_RESTART}:
        one.check_networks_of(found.sent)
    claims = tuple(one.claims()) if actor.user_id is not None else ()
    releases = renames = None
    if operation in touching.REMOVES | touching.RENAMES:
        named = (touching.KINDS[rule.resource], found.thing.keys[0] if found else target)
        releases, renames = (named, None) if operation in touching.REMOVES else (None, named)
    makes_exec = operation is Operation.CONTAINER_EXEC and rule.resource == "container"
    exec_of = found.thing.keys[0] if found and makes_exec else ""
    # What somebody runs by a token is hung up when the token ends; a console marks its own.
    is_marked = makes_exec and actor.scope is not None
    sent = marked(body, mark_of_token(actor.scope.token_id, host.pk)) if is_marked and actor.scope else None
    if (pinned := with_ids(operation, body, judged)) is not None:
        sent = orjson.dumps(pinned)
    # What is kept by its name is judged again when it is there.
    kept = judged if operation is Operation.CONTAINER_CREATE else ()
    return Looked(
        found.sent if found else "", claims, releases, renames, exec_of, one.new_volumes(claims), sent,
        judged=tuple(kept), since=since, sees_all=sight.sees_all,
    )  # fmt: skip


def may_stay(actor: Actor, host: "Host", method: str, path: str, query: Query) -> bool:
    """Whether a stream that was let through once may go on: asked again and again while it lasts. For threads.

    What is gone, or a host that does not say whose it is now, leaves it open: the host ends it, in its own way.
    """
    match = ROWS.match(method, read_path(path).path)
    if match is None or not isinstance(match.rule, Rule):
        return False
    rule, operation = match.rule, match.rule.operation_for(query)
    sight, reference = actor.sight(host, operation), match.parts.get(rule.target, "")
    if operation not in actor.on(host).operations:
        return False
    if sight.sees_all or not reference or operation not in touching.READS | touching.WRITES:
        return True
    LEDGER.refresh()
    one = _Looking(sight, References(host), actor, host, operation, query, {})
    wanted = Level.READ if operation in touching.READS else Level.WRITE
    try:
        found = one.references.find(touching.KINDS[rule.resource], reference, resource=rule.resource)
    except HostUnreachable:
        return True
    return found is None or one.level(found.thing, wanted) >= wanted


def require_on(actor: Actor, host: "Host", operation: str, kind: Kind, reference: str) -> str:
    """For what is shown from a shared upstream: may this be done to this thing? Returns the thing's full id.

    For threads. Raises NotVisible, Refused, or HostUnreachable where the host had to be asked.
    """
    wanted = Operation(operation)
    require(actor, host, wanted)
    sight = actor.sight(host, wanted)
    if sight.sees_all:
        return reference
    LEDGER.refresh()
    looking = _Looking(sight, References(host), actor, host, wanted, {}, {})
    return looking.must(kind, reference, is_written=wanted not in touching.READS).sent


@dataclass(frozen=True, slots=True)
class _Looking:
    sight: Sight
    references: References
    actor: Actor
    host: "Host"
    operation: Operation
    query: Query
    body: Mapping[str, Any]
    made_before: Collection[Kind] = ()
    # What was found to be new stays so for the whole look: what is not judged must be claimed.
    new: dict[Named, bool] = field(default_factory=dict)

    def target(self, rule: Rule, target: str) -> Found | None:
        """The thing that the path names, if whoever asks may do this to it."""
        operation = self.operation
        if self.sight.sees_all or operation in touching.FREE | touching.LISTS | touching.MAKES:
            return None
        if why := touching.TO_EVERYTHING.get(operation):
            raise Refused(f"{operation} on {self.host.name} is not for you: {why}.", rule="ownership")
        if operation not in touching.READS | touching.WRITES:
            raise Refused(f"Nobody has decided whose things {operation} touches.", rule="ownership")
        kind, is_written = touching.KINDS[rule.resource], operation in touching.WRITES
        if rule.target == "?names":
            # Not the target: that is cut short, for the log.
            for name in self.query.get("names", "").split(","):
                self.must(kind, name, is_written=is_written)
            return None
        return self.must(kind, target, is_written=is_written, resource=rule.resource)

    def must(self, kind: Kind, reference: str, *, is_written: bool, resource: str = "") -> Found:
        """The thing of that reference. Raises NotVisible for one that is not there or not to be seen."""
        found = self.references.find(kind, reference, resource=resource)
        wanted = Level.WRITE if is_written else Level.READ
        level = self.level(found.thing, wanted) if found else Level.NOTHING
        if found is None or level is Level.NOTHING:
            raise NotVisible(_NOT_THERE[resource or kind.value].format(reference[:200]))
        if level < wanted:
            words = f"{self.operation} is refused: the {kind.value} {reference[:200]} is shared with you to be read."
            raise Refused(words, rule="ownership")
        return found

    def level(self, thing: Thing, wanted: Level = Level.WRITE) -> Level:
        """What was not known a moment ago may have been made by another process: before a no, look again."""
        level = self.sight.level(thing, self.references.users_of)
        if level < wanted:
            LEDGER.refresh(older_than_s=0)
            level = self.sight.level(thing, self.references.users_of)
        return level

    def judged(self) -> Sequence[Judged]:
        """What the body names beside the target, each found and for their eyes or hands. Raises as `must` does."""
        judged = []
        for named in named_in(self.operation, self.query, self.body):
            may_be_new = named.may_be_new or named.kind in self.made_before
            if may_be_new and self._is_new(named):
                continue
            found = self.must(named.kind, named.reference, is_written=named.is_written)
            if found.thing.is_everybodys and not is_own_network_of_host(named.reference):
                # By its id, or the beginning of one, the host's own network would come in past the rules.
                words = f"{self.operation} is refused: {named.reference[:80]} is a network of the host; give its name."
                raise Refused(words, rule="ownership")
            judged.append(Judged(named, found.id or found.sent))
        return judged

    def check_networks_of(self, container_id: str) -> None:
        """Engines join a network that a container has never been in by its name, when it starts: by then that may be
        another's. One whose id is known and there is the one that it was.
        """
        raw = self.references.asked(f"/containers/{container_id}/json") or {}
        joined = (raw.get("NetworkSettings") or {}).get("Networks") or {}
        fresh = References(self.host, asks=True)
        for name, endpoint in joined.items():
            known = str((endpoint or {}).get("NetworkID") or "")
            if is_own_network_of_host(name) or (known and fresh.id_of(Kind.NETWORK, known) == known):
                continue
            found = fresh.find(Kind.NETWORK, name)
            if found is not None and self.level(found.thing, Level.READ) is Level.NOTHING:
                words = f"{self.operation} is refused: the network {name[:80]} that it joins by name is not yours now."
                raise Refused(words, rule="ownership")

    def _is_new(self, named: Named) -> bool:
        if named not in self.new:
            self.new[named] = not named.reference or self.references.find(named.kind, named.reference) is None
        return self.new[named]

    def claims(self) -> Iterator[Claim]:
        operation = self.operation
        if operation in _ANSWERED:
            stack = list(self._stack())
            yield from (Claim(Kind.STACK, (name,)) for name in stack)
            is_child = bool(stack) or self._has_parent()
            if operation is Operation.VOLUME_CREATE:
                yield from self._volume(is_child=is_child)
            elif not is_child:
                yield Claim(_ANSWERED[operation])
        for named in named_in(operation, self.query, self.body):
            if named.kind is Kind.VOLUME and named.may_be_new and self._is_new(named):
                yield Claim(Kind.VOLUME, (named.reference,))
        for reference in _images_made(operation, self.query):
            yield from self._image(repository_of(reference))

    def new_volumes(self, claims: tuple[Claim, ...]) -> int:
        """How many volumes there will be more; one of a stack is nobody's claim, and new all the same."""
        if self.operation is Operation.VOLUME_CREATE:
            name = field_of(self.body, "Name")
            return int(not name or self.references.find(Kind.VOLUME, str(name)) is None)
        return sum(claim.kind is Kind.VOLUME for claim in claims)

    def _volume(self, *, is_child: bool) -> Iterator[Claim]:
        """Docker answers a create with the volume that is there already: so it must be one that they may see."""
        name = field_of(self.body, "Name")
        if not name:
            yield Claim(Kind.VOLUME)
            return
        found = self.references.find(Kind.VOLUME, str(name))
        if found is None:
            if not is_child:
                yield Claim(Kind.VOLUME, (str(name),))
        elif self.level(found.thing) is Level.NOTHING:
            raise Refused(f"{self.operation} is refused: the name {name} is taken.", rule="ownership")

    def _image(self, key: str) -> Iterator[Claim]:
        """A name for an image: new, or theirs. What somebody pulls themselves they may see, whoever pulled it first."""
        if not key:
            return
        if not self.references.has_repository(key):
            yield Claim(Kind.IMAGE, (key,))
            return
        level = self.level(Thing(Kind.IMAGE, (key,)))
        if level is Level.WRITE:
            return
        if self.operation is Operation.IMAGE_PULL and not self.references.is_built_here(key):
            if level is Level.NOTHING:
                yield Claim(Kind.IMAGE, (key,), is_shared_with=True)
            return
        raise Refused(f"{self.operation} is refused: the name {key} belongs to an image of others.", rule="ownership")

    def _stack(self) -> Iterator[str]:
        """The stack that this begins; one that is somebody else's is refused."""
        in_swarm = self.operation not in {Operation.CONTAINER_CREATE, Operation.NETWORK_CREATE, Operation.VOLUME_CREATE}
        for kind, name in parents_of(labels_in(self.body)):
            is_theirs = self.level(Thing(kind, (name,))) is Level.WRITE
            is_known = LEDGER.access(self.host.pk, kind, name) is not None
            if is_theirs and is_known:
                continue
            if kind is Kind.STACK and not self.references.has_stack(name, in_swarm=in_swarm):
                yield name
            elif not is_theirs:
                words = (
                    f"{self.operation} is refused: its labels put it into the {kind.value} {name}, which is not yours."
                )
                raise Refused(words, rule="ownership")

    def _has_parent(self) -> bool:
        return any(LEDGER.access(self.host.pk, *parent) for parent in parents_of(labels_in(self.body)))


# What is made and named by the answer.
_ANSWERED: Final[Mapping[Operation, Kind]] = {
    Operation.CONTAINER_CREATE: Kind.CONTAINER, Operation.NETWORK_CREATE: Kind.NETWORK,
    Operation.SERVICE_CREATE: Kind.SERVICE, Operation.SECRET_CREATE: Kind.SECRET,
    Operation.CONFIG_CREATE: Kind.CONFIG, Operation.VOLUME_CREATE: Kind.VOLUME,
}  # fmt: skip


def _images_made(operation: Operation, query: Query) -> list[str]:
    """The names under which an image will be there."""
    match operation:
        case Operation.IMAGE_PULL:
            return [query.get("fromImage", "")]
        case Operation.IMAGE_IMPORT | Operation.CONTAINER_COMMIT | Operation.IMAGE_TAG:
            return [query.get("repo", "")]
        case Operation.BUILD_RUN:
            return [name for name in query.get("t", "").split(",") if name]
        case _:
            return []
