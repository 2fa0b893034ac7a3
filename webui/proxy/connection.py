"""One client's connection: request after request, each by whoever the client still is."""

import asyncio
import contextlib
import logging
import re
from dataclasses import dataclass, field
from typing import Any, Final

from webui import audit, gate
from webui.gate import Actor, in_thread
from webui.gate.belongings import may_stay
from webui.gate.errors import NotVisible
from webui.gate.forwarding import Shape, Way, shape_of
from webui.gate.marks import mark_of_token
from webui.gate.paths import query_of
from webui.live.hanging_up import hang_up_exec
from webui.proxy.answering import answer
from webui.proxy.callers import Attempts, Caller, Callers, Unknown, Uses, note_use
from webui.proxy.client import Client
from webui.proxy.heads import BadRequest, Head, read_head

logger = logging.getLogger(__name__)

# Who has not said yet who they are may not hold a place for long.
_FIRST_WORDS_S: Final = 15.0
_IDLE_S: Final = 120.0
# With what is kept of a token (callers.KEPT_S) and of owners this is well within the five seconds that are promised.
_LOOK_S: Final = 1.0
_EXEC: Final = re.compile(r"(?:/v[0-9.]+)?/exec/([A-Za-z0-9]+)/start")
_CHALLENGE: Final = [("WWW-Authenticate", 'Bearer realm="Quayside"')]


@dataclass(slots=True)
class House:
    """What all connections of a process share."""

    callers: Callers = field(default_factory=Callers)
    attempts: Attempts = field(default_factory=Attempts)
    uses: Uses = field(default_factory=Uses)


async def serve_client(client: Client, house: House) -> None:
    """Answer until the client closes, says something that is no request, or may no longer."""
    try:
        while not client.ends_after_this and await _one(client, house):
            pass
    except (ConnectionError, TimeoutError):
        pass  # gone, or idle for too long: nothing is owed to them
    except Exception:
        logger.exception("a connection of the proxy failed")
    finally:
        with contextlib.suppress(OSError, RuntimeError):
            client.writer.close()


async def _one(client: Client, house: House) -> bool:
    """One request; whether another may follow."""
    client.has_answered = False
    head = caller = None
    try:
        async with asyncio.timeout(_IDLE_S if client.is_known else _FIRST_WORDS_S):
            head = await read_head(client.reader)
        if head is None:
            return False
        client.ends_after_this = not head.keeps_alive
        caller = await house.callers.caller(head, client.certificate, client.address)
        client.is_known = True
        await _while_allowed(client, head, caller, house)
    except BadRequest as error:
        client.ends_after_this = True
        await _note_bad_request(client, house, caller, head, str(error))
        await _fail(client, head, error.status, str(error))
    except Unknown as error:
        client.ends_after_this = True
        await _note_stranger(client, house, head, error)
        await _fail(client, head, error.status, str(error), challenges=error.status == 401)
    except gate.Refused as error:
        client.ends_after_this |= head is not None and head.has_body
        await _fail(client, head, error.status if isinstance(error, NotVisible) else 403, str(error))
    except gate.HostRefused as error:
        await _fail(client, head, error.status, str(error))
    except (gate.HostUnreachable, TimeoutError) as error:
        client.ends_after_this = True
        await _fail(client, head, 502, str(error) or "The host did not answer in time.")
    return True


async def _while_allowed(client: Client, head: Head, caller: Caller, house: House) -> None:
    """Answer, for as long as the client is there and may have what it asked for."""
    shape = shape_of(head.method, caller.path, head.query)
    program = head.headers.get("user-agent", "")
    if house.uses.is_new(caller, program):
        await note_use(caller, program)
    work = asyncio.create_task(answer(client, head, caller, shape))
    gone = asyncio.create_task(client.gone())
    ended = asyncio.create_task(_until_refused(caller, head, shape, house.callers))
    tasks: set[asyncio.Task[Any]] = {work, gone, ended}
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        if work.done():
            work.result()
        else:
            client.ends_after_this = True
            client.cut()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
    exec_id = _EXEC.fullmatch(caller.path)
    if exec_id and ended.done() and not ended.cancelled():
        await hang_up_exec(caller.host, exec_id[1], mark_of_token(caller.token_id, caller.host.pk))


async def _until_refused(caller: Caller, head: Head, shape: Shape, callers: Callers) -> None:
    """Wait until they may no longer have what they asked for: their token, a right, or the thing itself has ended."""
    query = query_of(head.query)
    while True:
        await asyncio.sleep(_LOOK_S)
        actor = await callers.still(caller)
        if actor is None or (shape.operation is not None and not gate.may(actor, caller.host, shape.operation)):
            return
        # What answers as a whole is done soon; a thing that it removes would look like one that was taken away.
        is_stream = shape.way is not Way.WHOLE
        if is_stream and not await in_thread(may_stay, actor, caller.host, head.method, caller.path, query):
            return


async def _fail(client: Client, head: Head | None, status: int, words: str, *, challenges: bool = False) -> None:
    """Say what went wrong; where an answer is on its way already, only a cut can tell."""
    if client.has_answered:
        client.ends_after_this = True
        client.cut()
        return
    is_head = head is not None and head.method == "HEAD"
    await client.send_error(status, words, _CHALLENGE if challenges else (), is_head=is_head)


async def _note_bad_request(client: Client, house: House, caller: Caller | None, head: Head | None, words: str) -> None:
    if caller is None and not house.attempts.is_new(client.address):
        return
    await _note(client, caller.actor if caller else None, head, rule="request", words=words,
                host=caller.host.slug if caller else "")  # fmt: skip


async def _note_stranger(client: Client, house: House, head: Head | None, error: Unknown) -> None:
    if house.attempts.is_new(client.address):
        await _note(client, None, head, rule="token", words=str(error))


async def _note(
    client: Client, actor: Actor | None, head: Head | None, *, rule: str, words: str, host: str = ""
) -> None:
    """Write down what never came as far as the gate."""
    await in_thread(
        audit.record, actor or Actor(None, "", "", client.address), "", is_allowed=False, host=host, rule=rule,
        method=head.method if head else "", path=head.path if head else "", message=words,
    )  # fmt: skip
