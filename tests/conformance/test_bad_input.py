"""What no well-meaning client sends: a clear 4xx, and nothing half made."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.daemons import Daemon

pytestmark = [pytest.mark.real, pytest.mark.beside]


@pytest.fixture(autouse=True)
def nothing_left(engine: Daemon) -> Iterator[None]:
    yield
    assert {c["State"] for c in engine.json("GET", "/containers/json?all=1")} <= {"created", "running", "exited"}
    engine.remove_all_containers()


def message(body: bytes) -> str:
    return str(json.loads(body)["message"])


def containers(engine: Daemon) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = engine.json("GET", "/containers/json?all=1")
    return found


@pytest.mark.parametrize(
    "body", [b"{", b"[]", b'"text"', b'{"Image": "busybox"} more', b"\xff\xfe", b'{"Image": NaN}', b"[" * 100_000]
)
def test_what_is_no_json_object_is_refused(engine: Daemon, body: bytes) -> None:
    status, answer = engine.api("POST", "/containers/create", body)
    assert (status, "invalid JSON" in message(answer)) == (400, True)


@pytest.mark.parametrize(
    "field",
    [
        {"Cmd": 5},
        {"Env": "A=1"},
        {"Labels": ["a"]},
        {"Tty": "yes"},
        {"HostConfig": []},
        {"HostConfig": {"Memory": "1g"}},
        {"HostConfig": {"Binds": {"a": "b"}}},
        {"HostConfig": {"PortBindings": {"80/tcp": "8080"}}},
        {"HostConfig": {"RestartPolicy": "always"}},
        {"ExposedPorts": {"http": {}}},
        {"ExposedPorts": {"99999/tcp": {}}},
        {"NetworkingConfig": {"EndpointsConfig": ["bridge"]}},
        {"Healthcheck": {"Test": "CMD true"}},
        {"StopSignal": "SIGNONSENSE"},
    ],
    ids=json.dumps,
)
def test_a_field_of_the_wrong_kind_is_refused_and_makes_nothing(engine: Daemon, field: dict[str, Any]) -> None:
    status, answer = engine.api("POST", "/containers/create?name=odd", {"Image": "busybox", **field})
    assert status == 400, answer
    assert message(answer)
    assert containers(engine) == []
    assert engine.api("POST", "/containers/create?name=odd", {"Image": "busybox"})[0] == 201


@pytest.mark.parametrize("name", ["..", "../x", "a/b", "-a", "a b", "a%00b", "ä"])
def test_a_name_that_is_none_is_refused(engine: Daemon, name: str) -> None:
    path = "/containers/create?name=" + name.replace(" ", "%20").replace("ä", "%C3%A4")
    status, answer = engine.api("POST", path, {"Image": "busybox"})
    assert (status, "Invalid container name" in message(answer)) == (400, True)


def test_a_body_over_the_bound_is_refused_and_the_engine_goes_on(engine: Daemon) -> None:
    body = b'{"Image": "busybox", "Labels": {"x": "' + b"y" * (20 << 20) + b'"}}'
    status, answer = engine.api("POST", "/containers/create", body)
    assert status in (400, 413)
    assert "over" in message(answer)
    assert engine.api("GET", "/_ping")[0] == 200


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", "/containers/odd/kill?signal=NONSENSE", 400),
        ("POST", "/containers/odd/kill", 409),
        ("POST", "/containers/odd/stop?t=soon", 400),
        ("POST", "/containers/odd/resize?h=-1&w=9999999", 400),
        ("GET", "/containers/odd/logs", 400),
        ("GET", "/containers/odd/logs?stdout=1&since=yesterday", 400),
        ("GET", "/containers/json?filters=nonsense", 400),
        ("GET", '/containers/json?filters={"what":["x"]}', 400),
        ("GET", "/containers/json?limit=few", 400),
        ("POST", "/containers/odd/wait?condition=never", 400),
        ("POST", "/containers/odd/rename?name=a/b", 400),
        ("GET", "/containers/nobody/json", 404),
        ("DELETE", "/containers/..%2F..%2Fetc", 404),
        ("GET", "/exec/nobody/json", 404),
        ("GET", "/nothing/here", 404),
        ("GET", "/v9.99/containers/json", 400),
    ],
)
def test_odd_requests_get_a_plain_answer(engine: Daemon, method: str, path: str, status: int) -> None:
    engine.json("POST", "/containers/create?name=odd", {"Image": "busybox"})
    found, answer = engine.api(method, path.replace("{", "%7B").replace("}", "%7D").replace('"', "%22"))
    assert found == status, answer
    assert message(answer)


def test_of_many_creates_of_one_name_at_once_exactly_one_wins(engine: Daemon) -> None:
    def create(_: int) -> int:
        return engine.api("POST", "/containers/create?name=wanted", {"Image": "busybox"})[0]

    with ThreadPoolExecutor(20) as pool:
        outcomes = list(pool.map(create, range(20)))
    assert sorted(outcomes) == [201, *[409] * 19]
    assert len(containers(engine)) == 1


def test_a_container_started_a_hundred_times_at_once_runs_once(engine: Daemon) -> None:
    container = engine.json("POST", "/containers/create", {"Image": "busybox", "Cmd": ["sleep", "600"]})["Id"]
    with ThreadPoolExecutor(20) as pool:
        outcomes = list(pool.map(lambda _: engine.api("POST", f"/containers/{container}/start")[0], range(100)))
    assert sorted(outcomes) == [204, *[304] * 99]


def test_a_hundred_containers_start_at_once(engine: Daemon) -> None:
    def start(number: int) -> int:
        body = {"Image": "busybox", "Cmd": ["sleep", "600"]}
        engine.json("POST", f"/containers/create?name=many{number}", body)
        return engine.api("POST", f"/containers/many{number}/start")[0]

    with ThreadPoolExecutor(100) as pool:
        assert set(pool.map(start, range(100))) == {204}
    found = containers(engine)
    addresses = [c["NetworkSettings"]["Networks"]["bridge"]["IPAddress"] for c in found]
    assert len({*addresses}) == 100
    assert {c["State"] for c in found} == {"running"}


def test_a_start_that_fails_leaves_nothing_of_it(engine: Daemon) -> None:
    body = {
        "Image": "busybox",
        "Cmd": ["no-such-program"],
        "ExposedPorts": {"80/tcp": {}},
        "HostConfig": {"PortBindings": {"80/tcp": [{"HostPort": "18932"}]}},
    }
    for name in ("one", "two"):  # the second would find the port taken if the first had kept it
        engine.json("POST", f"/containers/create?name={name}", body)
        status, answer = engine.api("POST", f"/containers/{name}/start")
        assert (status, "executable file not found" in message(answer)) == (400, True)
