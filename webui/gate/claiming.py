"""What becomes of belongings once the host has said yes: what was made is its maker's, what was removed is nobody's."""

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import orjson
from django.db import DatabaseError

from webui.access import Operation
from webui.gate.actors import Actor, asking_actor
from webui.gate.answers import FILTERED, AnswerFilter
from webui.gate.belongings import Looked
from webui.gate.errors import Refused
from webui.gate.pinning import still_judged
from webui.gate.references import References, forget_name, remember_exec
from webui.ownership import Kind

if TYPE_CHECKING:
    from webui.hosts.models import Host

logger = logging.getLogger(__name__)

_ID_FIELDS: Final = ("Id", "ID", "Name")


@dataclass(frozen=True, slots=True)
class Belongings:
    """What a request that is on its way makes and removes, and how its answer is cut down."""

    host: "Host"
    user_id: int | None
    looked: Looked
    cut: AnswerFilter | None = None
    # What was taken of a quota, to be settled under the id of what was made or given back.
    taken: int | None = None

    @property
    def host_id(self) -> int:
        return int(self.host.pk)

    @property
    def cuts_lines(self) -> bool:
        return self.cut is not None and self.cut.operation is Operation.SYSTEM_EVENTS

    @property
    def reads_whole(self) -> bool:
        is_named_by_answer = any(not claim.keys for claim in self.looked.claims)
        return (
            is_named_by_answer
            or bool(self._volumes)
            or bool(self.looked.exec_of)
            or bool(self.looked.succeeds)
            or bool(self.looked.judged)
            or self.taken is not None
            or (self.cut is not None and not self.cuts_lines)
        )

    def answered(self, body: bytes) -> bytes:
        """What the host answered with success. Claims what the answer names, before anybody reads it.

        Raises Refused where a name that the request used had come to mean another thing: what was made is removed.
        """
        made = _id_in(body)
        if made and self.looked.judged:
            self._judge_again(made)
        if made and self._volumes:
            self._claim_volumes(made)
        if made and self.looked.exec_of:
            remember_exec(self.host_id, made, self.looked.exec_of)
        if made and self.looked.succeeds:
            self._succeed(made)
        if made:
            self._claim(made)
            self._settle(made)
        return self.cut.whole(body) if self.cut is not None else body

    def done(self) -> None:
        """The host has said yes."""
        self._claim("")
        # What an update changed has no id in its answer.
        self._settle(self.looked.target)
        _forget_name(self.host, self.looked)
        if self.looked.releases is not None:
            from webui.ownership.changes import release
            from webui.ownership.quotas import forget

            release(self.host_id, self.looked.releases[0], [self.looked.releases[1]])
            forget(self.host_id, [self.looked.releases[1]])

    def failed(self) -> None:
        """The host has said no, or nothing."""
        if self.taken is not None:
            from webui.ownership.quotas import give_back

            give_back(self.taken)

    def _settle(self, key: str) -> None:
        if self.taken is not None and key:
            from webui.ownership.quotas import settle

            settle(self.taken, key)

    def _judge_again(self, made: str) -> None:
        other = still_judged(References(self.host, asks=True), self.looked.judged)
        if other is None:
            return
        self._remove(made)
        words = f"the {other.kind.value} {other.reference[:80]} was another one when it was made, so it was removed"
        raise Refused(f"{Operation.CONTAINER_CREATE} is refused: {words}. Try again.", rule="ownership")

    @property
    def _volumes(self) -> tuple[str, ...]:
        """The names of the volumes that are new by this request."""
        return tuple(key for one in self.looked.claims if one.kind is Kind.VOLUME for key in one.keys)

    def _claim_volumes(self, made: str) -> None:
        """Whoever makes a volume of a name that is there already gets the one that is there: so of two who make one at
        the same moment the first has it. A container that was made with it is removed.
        """
        from webui.ownership.changes import claim

        try:
            taken = claim(self.host_id, Kind.VOLUME, self._volumes, self.user_id, since=self.looked.since)
        except DatabaseError:
            logger.exception("what user %s made on host %s could not be given to them", self.user_id, self.host_id)
            return
        if not taken or self.looked.sees_all:
            return
        name = taken[0][:80]
        if made == taken[0]:
            words = f"{Operation.VOLUME_CREATE} is refused: the name {name} was taken by somebody else just now."
        else:
            self._remove(made)
            words = (
                f"{Operation.CONTAINER_CREATE} is refused: the name {name} of its new volume was taken by somebody "
                "else just now, so it was removed. Try again."
            )
        raise Refused(words, rule="ownership")

    def _remove(self, container_id: str) -> None:
        from webui.gate.clients import docker_client

        client = docker_client(asking_actor(), self.host)
        try:
            client.api.remove_container(container_id, v=True, force=True)
        finally:
            client.close()

    def _succeed(self, made: str) -> None:
        """It is another's place that it takes: their things stay theirs, and count for them."""
        from webui.ownership.changes import carry_over
        from webui.ownership.quotas import carry

        carry_over(self.host_id, Kind.CONTAINER, self.looked.succeeds, to=made)
        if self.taken is None:
            carry(self.host_id, self.looked.succeeds, to=made)

    def _claim(self, made: str) -> None:
        """The claims that are named by the answer, or with "" the others."""
        from webui.ownership.changes import add_reader, claim

        if self.user_id is None:
            return
        try:
            for one in self.looked.claims:
                if bool(made) == bool(one.keys) or (one.keys and one.kind is Kind.VOLUME):
                    continue
                for key in one.keys or (made,):
                    since = self.looked.since if one.keys else None
                    is_shared = one.is_shared_with
                    if not is_shared:
                        taken = claim(self.host_id, one.kind, [key], self.user_id, since=since)
                        is_shared = bool(taken) and one.kind is Kind.IMAGE
                    if is_shared:
                        add_reader(self.host_id, one.kind, key, self.user_id)
        except DatabaseError:
            # It is there, and for administrators only until one of them gives it away.
            logger.exception("what user %s made on host %s could not be given to them", self.user_id, self.host_id)


def belongings_of(
    actor: Actor, host: "Host", operation: Operation, looked: Looked, taken: int | None = None
) -> Belongings:
    # Now and when it is done: whoever asked may have their answer before we come to that.
    _forget_name(host, looked)
    sight = actor.sight(host, operation)
    is_cut = not sight.sees_all and operation in FILTERED | {Operation.SYSTEM_EVENTS}
    cut = AnswerFilter(operation, sight, References(host)) if is_cut else None
    return Belongings(host, actor.user_id, looked, cut, taken)


def _forget_name(host: "Host", looked: Looked) -> None:
    if (named := looked.releases or looked.renames) is not None:
        forget_name(host.pk, *named)


def _id_in(body: bytes) -> str:
    try:
        answer = orjson.loads(body)
    except ValueError:
        return ""
    if not isinstance(answer, dict):
        return ""
    return next((str(answer[name]) for name in _ID_FIELDS if answer.get(name)), "")
