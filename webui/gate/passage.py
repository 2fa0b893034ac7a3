"""One request on its way through the gate: decided, recorded before it is sent, completed when the answer is there."""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from django.db import DatabaseError, connections

from webui.audit import complete, record
from webui.gate.actors import Actor
from webui.gate.decision import Body, Decision, decide
from webui.gate.errors import Refused
from webui.gate.rules import Audit

if TYPE_CHECKING:
    from webui.hosts.models import Host

P = ParamSpec("P")
T = TypeVar("T")

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Passage:
    """What may now be sent: to `path`, and nowhere else. `entry_id` is None where nothing is recorded."""

    path: str
    entry_id: int | None
    began: float

    def end(self, status: int | None, message: str = "") -> None:
        """Complete the audit entry, if there is one. The thing is done: a database that fails now is only logged."""
        if self.entry_id is None:
            return
        try:
            complete(self.entry_id, status=status, duration_s=time.monotonic() - self.began, message=message)
        except DatabaseError:
            logger.exception("audit entry %s could not be completed (status %s)", self.entry_id, status)


def begin(
    actor: Actor, host: "Host", method: str, path: str, *, query: Mapping[str, str], body: Body,
    is_streamed: bool = False, content_type: str = "",
) -> Passage:  # fmt: skip
    """Decide, and record what changes something and what is refused. Raises Refused; then nothing may be sent."""
    decision = _decided(actor, host, method, path, query=query, body=body, is_streamed=is_streamed, kind=content_type)
    return _recorded(actor, host, decision)


async def begin_async(
    actor: Actor,
    host: "Host",
    method: str,
    path: str,
    *,
    query: Mapping[str, str],
    body: Body,
    is_streamed: bool = False,
) -> Passage:
    """The same for async code: only what is recorded leaves the loop."""
    decision = _decided(actor, host, method, path, query=query, body=body, is_streamed=is_streamed, kind="")
    if decision.is_allowed and decision.audit is Audit.NOTHING:
        return Passage(decision.path, None, time.monotonic())
    return await in_thread(_recorded, actor, host, decision)


async def end_async(passage: Passage, status: int | None, message: str = "") -> None:
    if passage.entry_id is not None:
        await in_thread(passage.end, status, message)


async def in_thread(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run code that uses the database in a thread, and close the connection that it opened there."""

    def closing() -> T:
        try:
            return work(*args, **kwargs)
        finally:
            connections.close_all()

    return await asyncio.to_thread(closing)


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


def _recorded(actor: Actor, host: "Host", decision: Decision) -> Passage:
    entry_id = None
    if not decision.is_allowed or decision.audit is not Audit.NOTHING:
        entry_id = record(
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
    if not decision.is_allowed:
        raise Refused(decision.refusal, rule=decision.rule)
    return Passage(decision.path, entry_id, time.monotonic())
