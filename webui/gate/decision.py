"""May this actor do this on this host? Decided by the table and the actor's role; what may not is refused by name."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from webui.access import Operation
from webui.gate.actors import Actor
from webui.gate.bodies import read_body
from webui.gate.errors import Refused
from webui.gate.paths import ApiPath, read_path
from webui.gate.rules import Audit, BodyRule, Match, Never, Rule
from webui.gate.table import ROWS
from webui.gate.touching import REDEPLOYS
from webui.ownership import LEDGER
from webui.ownership.rules import Rules

if TYPE_CHECKING:
    from webui.hosts.models import Host

Body = bytes | str | Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class Decision:
    """What a request means and whether it may pass. `path` is what must be sent; `refusal` is "" where it is allowed.

    `operation` is "" for a path that is not in the table. `rule` names what decided.
    """

    method: str
    path: str
    operation: str
    resource: str
    target: str
    audit: Audit
    rule: str
    refusal: str = ""
    row: Rule | None = None

    @property
    def is_allowed(self) -> bool:
        return not self.refusal

    def aimed_at(self, target: str) -> "Decision":
        """The same with another word for its target: the full id of what was asked for by a name."""
        row = self.row
        if row is None or not target or target == self.target or row.target.startswith("?"):
            return self
        made = re.sub(rf"\{{{row.target}(:\.\*)?\}}", lambda _match: target, row.path)
        version = read_path(self.path).version
        return replace(self, path=ApiPath(version, made).sent, target=target)


def decide(
    actor: Actor, host: "Host", method: str, path: str, *, query: Mapping[str, str] | None = None, body: Body = None,
    is_streamed: bool = False,
) -> Decision:  # fmt: skip
    """The decision on one request; writes and sends nothing. `is_streamed`: the body cannot be looked at first."""
    method = method.upper()
    try:
        api_path = read_path(path)
    except Refused as refused:
        return Decision(method, path[:200], "", "", "", Audit.NOTHING, refused.rule, str(refused))
    match = ROWS.match(method, api_path.path)
    if match is None or isinstance(match.rule, Never):
        return _unknown(method, api_path.path, match)
    rule = match.rule
    operation = _operation_for(actor, host, rule, query or {})
    target = _target(rule, match.parts, query or {})
    try:
        _check_role(actor, host, operation)
        # What is redeployed is held against what is there, which the rules may have come after.
        rules = None if actor.on(host).rules(operation) or operation in REDEPLOYS else rules_on(host)
        if rules is not None:
            _complain([check(rules) for check in rule.restricted_query], query or {}, operation)
        _check_body(rule, body, operation, is_streamed=is_streamed, rules=rules)
    except Refused as refused:
        return Decision(
            method, api_path.sent, operation, rule.resource, target, rule.audit, refused.rule, str(refused), rule
        )  # fmt: skip
    because = f"role {actor.on(host).role}"
    return Decision(method, api_path.sent, operation, rule.resource, target, rule.audit, because, row=rule)


def _operation_for(actor: Actor, host: "Host", rule: Rule, query: Mapping[str, str]) -> Operation:
    """What the request is for this actor: the lesser of two where they may not do the other."""
    operation = rule.operation_for(query)
    if rule.lesser is None or may(actor, host, operation) or not may(actor, host, rule.lesser):
        return operation
    return rule.lesser


def may(actor: Actor, host: "Host", operation: str) -> bool:
    """Whether an actor may do an operation on a host. Raises ValueError for a name that the table does not know."""
    return Operation(operation) in actor.on(host).operations


def require(actor: Actor, host: "Host", operation: str) -> None:
    """Raises Refused when the actor may not do the operation on the host."""
    _check_role(actor, host, Operation(operation))


def _check_role(actor: Actor, host: "Host", operation: Operation) -> None:
    if not may(actor, host, operation):
        if actor.scope is not None and actor.is_held_back(host, operation):
            words = f"{operation} on {host.name} is outside of what the token {actor.scope.token} is for."
            raise Refused(words, rule=f"token {actor.scope.token}")
        role = actor.on(host).role
        who = f"the role {role}" if role else "somebody who is not signed in"
        raise Refused(f"{operation} on {host.name} is not for {who}.", rule=f"role {role or 'none'}")


def rules_on(host: "Host") -> Rules:
    """The rules of a host for who does not rule it, as this process knows them."""
    return replace(LEDGER.rules(host.pk), is_here=host.url.startswith("unix://"))


def _check_body(rule: Rule, body: Body, operation: Operation, *, is_streamed: bool, rules: Rules | None) -> None:
    """`rules` None: they do not bind whoever asks."""
    if not rule.is_json:
        return
    if is_streamed:
        raise Refused("The body of this request must be given whole, so that it can be looked at.", rule="body")
    fields = read_body(body)
    restricted = [] if rules is None else [check(rules) for check in rule.restricted_rules]
    _complain([*rule.body_rules, *restricted], fields, operation)


def _complain(rules: Sequence[BodyRule], fields: Mapping[str, Any], operation: Operation) -> None:
    for body_rule in rules:
        complaint = body_rule(fields)
        if complaint:
            raise Refused(f"{operation} is refused: {complaint}.", rule=f"body {complaint.split(': ')[0]}"[:200])


def _target(rule: Rule, parts: Mapping[str, str], query: Mapping[str, str]) -> str:
    if rule.target.startswith("?"):
        return str(query.get(rule.target[1:], ""))[:300]
    return parts.get(rule.target, "")


def _unknown(method: str, path: str, match: Match | None) -> Decision:
    if match is not None and isinstance(match.rule, Never):
        words, rule = (
            f"{method} {path} is for nobody: {match.rule.why}.",
            f"never {match.rule.method} {match.rule.path}",
        )
    else:
        words, rule = f"{method} {path[:200]} is not in the table of what may be asked of a host.", "not in the table"
    return Decision(method, path, "", "", "", Audit.NOTHING, rule, words)
