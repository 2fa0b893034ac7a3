"""One request on its way through the gate: decided, recorded before it is sent, completed when the answer is there."""

import asyncio
import contextvars
import functools
import logging
import time
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Final, ParamSpec, TypeVar

from django.db import DatabaseError, connection, connections

from webui.access import Operation
from webui.audit import complete, record
from webui.gate.actors import Actor
from webui.gate.answers import whole_lines
from webui.gate.belongings import concerns, look
from webui.gate.bodies import read_body
from webui.gate.claiming import Belongings, belongings_of
from webui.gate.decision import Body, Decision, decide
from webui.gate.errors import Refused
from webui.gate.rules import Audit, Query
from webui.gate.taking import take
from webui.ownership import LEDGER, Kind

if TYPE_CHECKING:
    from webui.hosts.models import Host

P = ParamSpec("P")
T = TypeVar("T")

logger = logging.getLogger(__name__)

# Opening SQLite costs ten times what writing an entry does; closing the last connection moves its log into the file.
# Enough threads that a slow host, which some of them wait for, does not keep the others from writing.
_threads: Final = ThreadPoolExecutor(16, thread_name_prefix="gate")


@dataclass(frozen=True, slots=True)
class Passage:
    """What may now be sent: to `path`, and nowhere else, with `body` where it is given. `entry_id` is None where
    nothing is recorded.

    Whoever sends it hands a good answer to `answered` where `reads_whole` says so, and passes on what that returns;
    lines of an endless answer go through `lines`. In the end `end` is called.
    """

    path: str
    entry_id: int | None
    began: float
    belongings: Belongings | None = None
    # What is sent in place of the body that came; None for that itself.
    body: bytes | None = None

    @property
    def reads_whole(self) -> bool:
        """Whether a good answer must be read whole and looked at before anybody gets it."""
        return self.belongings is not None and self.belongings.reads_whole

    @property
    def cuts_lines(self) -> bool:
        """Whether the answer is a stream of events of which not every line is for whoever asked."""
        return self.belongings is not None and self.belongings.cuts_lines

    def answered(self, body: bytes) -> bytes:
        """Note what was made, and cut a good answer down to what may be seen. For threads."""
        return self.belongings.answered(body) if self.belongings else body

    async def lines(self, chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """The event stream without what may not be seen."""
        assert self.belongings is not None and self.belongings.cut is not None  # noqa: S101, PT018 - `cuts_lines`
        async for chunk in whole_lines(chunks):
            if seen := self.belongings.cut.lines(chunk):
                yield seen

    def end(self, status: int | None, message: str = "") -> None:
        """Complete the audit entry, if there is one. The thing is done: a database that fails now is only logged."""
        try:
            if self.belongings is not None:
                is_done = status is not None and status < HTTPStatus.BAD_REQUEST
                (self.belongings.done if is_done else self.belongings.failed)()
            if self.entry_id is not None:
                complete(self.entry_id, status=status, duration_s=time.monotonic() - self.began, message=message)
        except DatabaseError:
            logger.exception("audit entry %s could not be completed (status %s)", self.entry_id, status)


def begin(
    actor: Actor, host: "Host", method: str, path: str, *, query: Mapping[str, str], body: Body,
    is_streamed: bool = False, content_type: str = "",
) -> Passage:  # fmt: skip
    """Decide, and record what changes something and what is refused. Raises Refused; then nothing may be sent."""
    said = functools.partial(_decided, actor, host, method, path, query=query, body=body, is_streamed=is_streamed,
                             kind=content_type)  # fmt: skip
    decision = said()
    if _is_bound(actor, host, decision):
        known = LEDGER.version
        LEDGER.refresh()
        # Whoever rules the host changed its rules in another process.
        decision = decision if LEDGER.version == known else said()
    return _looked(actor, host, decision, query, body)


async def begin_async(
    actor: Actor,
    host: "Host",
    method: str,
    path: str,
    *,
    query: Mapping[str, str],
    body: Body,
    is_streamed: bool = False,
    content_type: str = "",
) -> Passage:
    """The same for async code: only what is recorded or looked into leaves the loop."""
    decision = _decided(actor, host, method, path, query=query, body=body, is_streamed=is_streamed, kind=content_type)
    if decision.is_allowed and decision.audit is Audit.NOTHING and not _concerns(actor, host, decision):
        return Passage(decision.path, None, time.monotonic())
    if _is_bound(actor, host, decision):
        again = functools.partial(begin, query=query, body=body, is_streamed=is_streamed, content_type=content_type)
        return await in_thread(again, actor, host, method, path)
    return await in_thread(_looked, actor, host, decision, query, body)


def judge(
    actor: Actor, host: "Host", method: str, path: str, *, query: Mapping[str, str], body: Body,
    made_before: Collection[Kind] = (),
) -> Decision:  # fmt: skip
    """What `begin` would decide. Sends nothing that changes anything, and writes nothing down.

    `made_before`: kinds of which what is not there yet would be by then, by requests before this one. Whose things a
    request touches may have to be asked of the host: raises HostUnreachable.
    """
    decision = _decided(actor, host, method, path, query=query, body=body, is_streamed=False, kind="")
    if decision.is_allowed and decision.row is not None and _concerns(actor, host, decision):
        operation = Operation(decision.operation)
        fields = read_body(body) if decision.row.is_json else {}
        try:
            look(
                actor, host, decision.row, operation, target=decision.target, query=query, body=fields,
                made_before=made_before,
            )  # fmt: skip
        except Refused as refused:
            return replace(decision, rule=refused.rule, refusal=str(refused))
    return decision


async def end_async(passage: Passage, status: int | None, message: str = "") -> None:
    # What makes or removes something is recorded too.
    if passage.entry_id is not None:
        await in_thread(passage.end, status, message)


async def answered_async(passage: Passage, body: bytes) -> bytes:
    return await in_thread(passage.answered, body)


async def in_thread(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run code that uses the database in one of the gate's own threads, which keep their connections to SQLite."""
    context = contextvars.copy_context()
    call = functools.partial(context.run, functools.partial(_with_connection, work, *args, **kwargs))
    return await asyncio.get_running_loop().run_in_executor(_threads, call)


def _with_connection(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    is_kept = connection.vendor == "sqlite"
    try:
        return work(*args, **kwargs)
    except DatabaseError:
        is_kept = False
        raise
    finally:
        if not is_kept:  # PostgreSQL's go back to their pool
            connections.close_all()


def _decided(
    actor: Actor, host: "Host", method: str, path: str, *, query: Mapping[str, str], body: Body,
    is_streamed: bool, kind: str,
) -> Decision:  # fmt: skip
    decision = decide(actor, host, method, path, query=query, body=body, is_streamed=is_streamed)
    # Docker's daemon (Go) lets form fields in a body win over the query, which is what we have looked at.
    if decision.is_allowed and kind.lower().startswith(("application/x-www-form-urlencoded", "multipart/form-data")):
        words = "Parameters belong in the address, not in the body."
        return Decision(
            decision.method, decision.path, decision.operation, decision.resource, decision.target, decision.audit,
            "body", words,
        )  # fmt: skip
    return decision


def _is_bound(actor: Actor, host: "Host", decision: Decision) -> bool:
    """Whether the host's rules had a say in it."""
    row = decision.row
    has_rules = row is not None and bool(row.restricted_rules or row.restricted_query)
    return has_rules and not actor.on(host).rules(Operation(decision.operation))


def _concerns(actor: Actor, host: "Host", decision: Decision) -> bool:
    operation = Operation(decision.operation)
    return concerns(operation, actor.sight(host, operation))


def _looked(actor: Actor, host: "Host", decision: Decision, query: Query, body: Body) -> Passage:
    """See whose things are touched, then record."""
    belongings, sent = None, None
    if decision.is_allowed and decision.row is not None and _concerns(actor, host, decision):
        operation = Operation(decision.operation)
        # A tar has no fields, and what they say stands in the query.
        fields = read_body(body) if decision.row.is_json else {}
        try:
            looked = look(actor, host, decision.row, operation, target=decision.target, query=query, body=fields)
            taken = take(actor, host, operation, looked, fields)
        except Refused as refused:
            _recorded(actor, host, replace(decision, rule=refused.rule, refusal=str(refused)))
            raise
        decision = decision.aimed_at(looked.target)
        belongings, sent = belongings_of(actor, host, operation, looked, taken), looked.body
    entry_id = _recorded(actor, host, decision)
    if not decision.is_allowed:
        raise Refused(decision.refusal, rule=decision.rule)
    return Passage(decision.path, entry_id, time.monotonic(), belongings, sent)


def _recorded(actor: Actor, host: "Host", decision: Decision) -> int | None:
    if decision.is_allowed and decision.audit is Audit.NOTHING:
        return None
    return record(
        # The log says as what somebody acted there.
        replace(actor, role=actor.on(host).role),
        decision.operation,
        is_allowed=decision.is_allowed,
        host=host.slug,
        resource=decision.resource,
        target=decision.target,
        method=decision.method,
        path=decision.path,
        rule=decision.rule,
        message=decision.refusal,
    )
