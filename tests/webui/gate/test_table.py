"""The table knows every operation of the Docker API, and nothing else gets through."""

import pytest

from tests.webui.gate.api_operations import operations
from webui.access import Operation, Role, operations_of
from webui.gate import TABLE, Actor, Refused, decide, may, require
from webui.gate.rules import Audit
from webui.gate.table import NEVER
from webui.hosts.models import Host

ADMINISTRATOR = Actor(1, "olga", Role.ADMINISTRATOR, "10.0.0.1")
READER = Actor(2, "rita", Role.READER, "10.0.0.2")
NOBODY = Actor(None, "", "")
HOST = Host(slug="local", name="Local", url="unix:///nowhere")

SAMPLE_QUERY = {"fromImage": "busybox"}


def sample(path: str) -> str:
    return path.replace("{id}", "4be2c0ffee12").replace("{name}", "web-1")


@pytest.mark.parametrize(("method", "path"), operations())
def test_every_operation_of_the_api_is_in_the_table(method: str, path: str) -> None:
    decision = decide(ADMINISTRATOR, HOST, method, f"/v1.41{sample(path)}", query=SAMPLE_QUERY)
    assert decision.is_allowed, decision.refusal
    assert decision.operation in list(Operation)
    assert decision.path == f"/v1.41{sample(path)}"


def test_the_table_has_a_row_for_each_operation_of_the_api_and_no_other() -> None:
    rows = {(rule.method, rule.path.replace(":.*", "")) for rule in TABLE}
    assert rows == set(operations())
    assert len(rows) == len(TABLE)


def test_the_operations_stand_in_alphabetical_order_and_each_is_used() -> None:
    names = [operation.name for operation in Operation]
    assert names == sorted(names)
    queries: tuple[dict[str, str], ...] = ({}, SAMPLE_QUERY, {"redeploys": "c1"})
    used = {rule.operation_for(query) for rule in TABLE for query in queries}
    lesser = {rule.lesser for rule in TABLE if rule.lesser is not None}
    assert lesser == {Operation.SERVICE_REDEPLOY}
    assert used | lesser == set(Operation)


@pytest.mark.parametrize("never", NEVER, ids=lambda never: f"{never.method} {never.path}")
def test_what_is_for_nobody_is_refused_with_its_reason(never: object) -> None:
    path = never.path.replace("{id}", "c1").replace("{rest:.*}", "pprof/heap")
    decision = decide(ADMINISTRATOR, HOST, never.method, path)
    assert never.why in decision.refusal


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/libpod/pods/json"),
        ("POST", "/v4.0.0/libpod/containers/create"),
        ("GET", "/containers"),
        ("PATCH", "/containers/c1/json"),
        ("POST", "/containers/c1/json"),
        ("GET", "/Containers/json"),
        ("GET", "/containers/JSON/"),
        ("GET", "/v1.41/v1.41/containers/json"),
        ("GET", "/v1.41"),
        ("GET", "/v1/containers/json"),
        ("GET", "/"),
        ("TRACE", "/info"),
    ],
)
def test_what_is_not_in_the_table_is_refused_by_name(method: str, path: str) -> None:
    decision = decide(ADMINISTRATOR, HOST, method, path)
    assert not decision.is_allowed
    assert decision.rule in {"not in the table", "path"}
    assert path.rstrip("/") in decision.refusal or method in decision.refusal


@pytest.mark.parametrize("method_and_path", operations(), ids=" ".join)
def test_a_reader_changes_nothing_and_a_stranger_may_do_nothing(method_and_path: tuple[str, str]) -> None:
    method, path = method_and_path
    decision = decide(READER, HOST, method, sample(path), query=SAMPLE_QUERY)
    if decision.is_allowed:
        assert method in {"GET", "HEAD"}
        assert decision.audit is Audit.NOTHING
        assert not decision.operation.startswith(("secret.", "config.", "swarm."))
    assert not decide(NOBODY, HOST, method, sample(path), query=SAMPLE_QUERY).is_allowed


@pytest.mark.parametrize(
    "operation",
    [
        Operation.CONTAINER_EXEC,
        Operation.CONTAINER_ATTACH,
        Operation.CONTAINER_FILES_READ,
        Operation.CONTAINER_EXPORT,
        Operation.IMAGE_EXPORT,
        Operation.SECRET_LIST,
        Operation.CONTAINER_START,
        Operation.IMAGE_PULL,
    ],
)
def test_a_reader_may_not(operation: Operation) -> None:
    assert not may(READER, HOST, operation)
    with pytest.raises(Refused, match=rf"{operation} on Local is not for the role reader") as refused:
        require(READER, HOST, operation)
    assert refused.value.rule == "role reader"


@pytest.mark.parametrize(
    "path", ["/containers/json", "/containers/c1/json", "/containers/c1/logs", "/containers/c1/stats", "/events"]
)
def test_a_reader_may_look(path: str) -> None:
    assert decide(READER, HOST, "GET", path).is_allowed


def test_an_unknown_role_may_do_nothing() -> None:
    assert operations_of("root") == frozenset()


def test_everything_that_changes_something_is_recorded() -> None:
    # These go along with something that is recorded itself: a terminal's size, waiting for an end.
    quiet = {"/containers/{id}/resize", "/exec/{id}/resize", "/containers/{id}/wait"}
    unrecorded = {rule.path for rule in TABLE if rule.method not in {"GET", "HEAD"} and rule.audit is Audit.NOTHING}
    assert unrecorded == quiet


def test_pulling_and_importing_are_told_apart_and_both_at_once_is_an_import() -> None:
    def operation(**query: str) -> str:
        return decide(ADMINISTRATOR, HOST, "POST", "/images/create", query=query).operation

    assert operation(fromImage="busybox", tag="latest") == Operation.IMAGE_PULL
    assert operation(fromSrc="-") == Operation.IMAGE_IMPORT
    assert operation(fromImage="busybox", fromSrc="http://evil.example/x.tar") == Operation.IMAGE_IMPORT


@pytest.mark.parametrize(
    ("method", "path", "target"),
    [
        ("GET", "/images/registry.example:5000/team/web:4.12/json", "registry.example:5000/team/web:4.12"),
        ("DELETE", "/images/sha256:abc123", "sha256:abc123"),
        ("POST", "/containers/web-1/start", "web-1"),
        ("DELETE", "/volumes/data_1.x", "data_1.x"),
        ("GET", "/images/json/json", "json"),
    ],
)
def test_the_target_is_read_from_the_path(method: str, path: str, target: str) -> None:
    assert decide(ADMINISTRATOR, HOST, method, path).target == target
