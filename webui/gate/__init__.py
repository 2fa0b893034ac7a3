"""The one way to a host: who asks, may they, what did they do. Everything that is sent to a host passes here.

    docker_client(actor, host)                     docker-py for pages and jobs; one per thread, close it
    await request(actor, host, "GET", "/info")     a Reply: status, headers, body, json()
    async with stream(actor, host, "GET", path, query=...) as chunks:
    async with hijack(actor, host, "POST", path, json=...) as duplex:

Each decides by `TABLE` before it sends, sends the very path that was matched, and writes the audit entry. What is not
in the table is refused by name. `may` and `require` ask the same question without sending anything.

What belongs to others (webui.ownership) reads as not there: docker-py raises NotFound, `request` answers 404, streams
raise HostRefused. Whoever shows something from an upstream that is shared asks `require_on` first.
"""

from webui.access import Operation
from webui.gate.actors import Actor, Scope, actor_of, system_actor
from webui.gate.belongings import require_on
from webui.gate.clients import docker_client
from webui.gate.decision import Decision, decide, may, require
from webui.gate.errors import HostRefused, HostUnreachable, NotVisible, Refused
from webui.gate.hijacking import Duplex, hijack
from webui.gate.passage import in_thread, judge
from webui.gate.streams import Reply, request, stream
from webui.gate.table import TABLE

__all__ = [
    "TABLE",
    "Actor",
    "Decision",
    "Duplex",
    "HostRefused",
    "HostUnreachable",
    "NotVisible",
    "Operation",
    "Refused",
    "Reply",
    "Scope",
    "actor_of",
    "decide",
    "docker_client",
    "hijack",
    "in_thread",
    "judge",
    "may",
    "request",
    "require",
    "require_on",
    "stream",
    "system_actor",
]
