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
    operation = rule.operation_for(query)
    assert decision.operation == operation
    assert decision.is_allowed == (operation in operations_of(role)), decision.refusal


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
