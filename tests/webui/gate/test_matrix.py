"""Every role against every row of the table: allowed exactly where the role holds the row's operation."""

import pytest

from tests.webui.gate.api_operations import operations
from webui.access import Operation, Role, operations_of
from webui.gate import TABLE, Actor, decide
from webui.gate.rules import Rule
from webui.hosts.models import Host

HOST = Host(slug="local", name="Local", url="unix:///nowhere")
QUERY = {"fromImage": "busybox"}


def _path(rule: Rule) -> str:
    return rule.path.replace(":.*", "").replace("{id}", "4be2c0ffee12").replace("{name}", "web-1")


@pytest.mark.parametrize("role", [*Role, ""], ids=lambda role: str(role) or "stranger")
@pytest.mark.parametrize("rule", TABLE, ids=lambda rule: f"{rule.method} {rule.path}")
def test_a_role_may_exactly_what_it_holds(role: str, rule: Rule) -> None:
    query = QUERY if "fromImage" in rule.target else {}
    decision = decide(Actor(1, "somebody", role), HOST, rule.method, _path(rule), query=query)
    held, operation = operations_of(role), rule.operation_for(query)
    if operation not in held and rule.lesser in held:
        operation = rule.lesser
    assert decision.operation == operation
    assert decision.is_allowed == (operation in held), decision.refusal


# The rows that are a part of redeploying where the query says what is redeployed.
PARTS = [("POST", "/containers/create"), ("DELETE", "/containers/c1"), ("POST", "/containers/c1/rename"),
         ("POST", "/networks/n1/connect")]  # fmt: skip


@pytest.mark.parametrize("role", [*Role, ""], ids=lambda role: str(role) or "stranger")
@pytest.mark.parametrize(("method", "path"), [*PARTS, ("POST", "/services/s1/update")], ids=str)
def test_who_may_do_no_more_may_redeploy_where_the_role_says_so(role: str, method: str, path: str) -> None:
    actor = Actor(1, "somebody", role)
    whole = decide(actor, HOST, method, path)
    part = decide(actor, HOST, method, path, query={"redeploys": "c1"})
    is_service = "services" in path
    held = operations_of(role)
    if is_service:
        # By its body it is told apart: the whole thing is for who may do that.
        assert (whole.is_allowed, part.is_allowed) == ("service.redeploy" in held,) * 2
        assert whole.operation == ("service.redeploy" if role in {Role.OPERATOR, Role.STANDARD} else "service.update")
        return
    assert (part.operation, part.is_allowed) == ("container.redeploy", "container.redeploy" in held)
    assert whole.is_allowed == (whole.operation in held)
    assert (role == Role.OPERATOR) <= (part.is_allowed and not whole.is_allowed)


@pytest.mark.parametrize("left_out", TABLE, ids=lambda rule: f"{rule.method} {rule.path}")
def test_without_any_one_row_an_operation_of_the_api_would_be_missing(left_out: Rule) -> None:
    rows = {(rule.method, rule.path.replace(":.*", "")) for rule in TABLE if rule is not left_out}
    assert rows != set(operations())


@pytest.mark.parametrize(
    ("smaller", "larger"),
    [(Role.NONE, Role.READER), (Role.READER, Role.OPERATOR), (Role.OPERATOR, Role.STANDARD),
     (Role.STANDARD, Role.HOST_ADMINISTRATOR), (Role.HELPDESK, Role.OPERATOR)],
)  # fmt: skip
def test_each_larger_role_holds_the_smaller_one(smaller: str, larger: str) -> None:
    assert operations_of(smaller) <= operations_of(larger)


def test_standard_users_have_nothing_whose_body_could_rule_the_host() -> None:
    kept_away = ("plugin.create", "plugin.install", "service.create", "service.update", "swarm.", "secret.", "config.")
    assert not [one for one in operations_of(Role.STANDARD) if one.startswith(kept_away)]
    assert Operation.BUILD_SESSION not in operations_of(Role.STANDARD)
