"""Every filter of `docker ps` and `docker events`."""

import time
from collections.abc import Iterator

import pytest

from tests.conformance.conftest import DockerCli
from tests.daemons import Daemon

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def zoo(engine: Daemon) -> Iterator[Daemon]:
    """`one` was only made, `two` runs on a network with a volume and a port, `three` ended with 3."""
    engine.json("POST", "/networks/create", {"Name": "reef"})
    host = {"Binds": ["kelp:/kelp"], "PortBindings": {"80/tcp": [{"HostPort": ""}]}, "NetworkMode": "reef"}
    bodies = {
        "one": {"Cmd": ["true"], "Labels": {"fish": "cod", "deep": ""}},
        "two": {
            "Cmd": ["sleep", "600"],
            "ExposedPorts": {"80/tcp": {}},
            "HostConfig": host,
            "Labels": {"fish": "eel"},
            "Healthcheck": {"Test": ["CMD", "true"], "Interval": 3600 * 10**9},
        },
        "three": {"Cmd": ["sh", "-c", "exit 3"]},
    }
    for name, body in bodies.items():
        engine.json("POST", f"/containers/create?name={name}", {"Image": "busybox", **body})
    engine.json("POST", "/containers/two/start")
    engine.json("POST", "/containers/three/start")
    engine.json("POST", "/containers/three/wait")
    yield engine
    engine.remove_all_containers()
    engine.api("DELETE", "/networks/reef")
    engine.api("DELETE", "/volumes/kelp")


@pytest.fixture
def cli(zoo: Daemon, tmp_path_factory: pytest.TempPathFactory) -> DockerCli:
    return DockerCli("docker", zoo, tmp_path_factory.mktemp("config"))


@pytest.mark.parametrize(
    ("filters", "names"),
    [
        ("status=created", "one"),
        ("status=running", "two"),
        ("status=exited status=created", "one three"),
        ("exited=3", "three"),
        ("exited=4", ""),
        ("label=fish", "one two"),
        ("label=fish=eel", "two"),
        ("label=fish label=deep", "one"),
        ("name=t", "three two"),
        ("name=^two$", "two"),
        ("name=^/two$", "two"),
        ("ancestor=busybox", "one three two"),
        ("ancestor=busybox:latest status=running", "two"),
        ("ancestor=nothing", ""),
        ("before=two", "one"),
        ("since=two", "three"),
        ("network=reef", "two"),
        ("network=bridge", "one three"),
        ("volume=kelp", "two"),
        ("volume=/kelp", "two"),
        ("expose=80", "two"),
        ("expose=79-81/tcp", "two"),
        ("expose=80/udp", ""),
        ("publish=1-65535", "two"),
        ("publish=80", ""),
        ("health=starting", "two"),
        ("health=none", "one three"),
        ("is-task=false", "one three two"),
        ("is-task=true", ""),
        ("isolation=default", "one three two"),
    ],
)
def test_the_list_can_be_cut_by(cli: DockerCli, filters: str, names: str) -> None:
    options = [word for one in filters.split() for word in ("--filter", one)]
    assert " ".join(sorted(cli.ok("ps", "-a", *options, "--format", "{{.Names}}").split())) == names


def test_by_id_by_number_and_by_what_is_wrong(cli: DockerCli) -> None:
    two = cli.ok("inspect", "-f", "{{.Id}}", "two")
    assert cli.ok("ps", "-aq", "--no-trunc", "--filter", f"id={two[:10]}") == two
    assert cli.ok("ps", "-l", "--format", "{{.Names}}") == "three"
    assert cli.ok("ps", "-n", "2", "--format", "{{.Names}}").split() == ["three", "two"]
    assert "virtual" in cli.ok("ps", "-s", "--format", "{{.Size}}")
    for wrong in ("nothing=1", "status=odd", "health=odd", "exited=x", "publish=x", "expose=x", "before=nobody"):
        assert cli("ps", "-a", "--filter", wrong).code == 1, wrong


@pytest.fixture(scope="module")
def told(zoo: Daemon) -> tuple[Daemon, float, float]:
    """Something happens to each kind of object between two moments."""
    began = time.time()
    body = {"Image": "busybox", "Cmd": ["true"], "Labels": {"tide": "low"}}
    zoo.json("POST", "/containers/create?name=passing", body)
    zoo.json("POST", "/containers/passing/start")
    zoo.json("POST", "/containers/passing/wait")
    zoo.api("DELETE", "/containers/passing")
    zoo.json("POST", "/volumes/create", {"Name": "shell"})
    zoo.api("DELETE", "/volumes/shell")
    zoo.json("POST", "/networks/create", {"Name": "current"})
    zoo.api("DELETE", "/networks/current")
    zoo.json("POST", "/containers/prune?filters=%7B%22label%22%3A%5B%22nobody%22%5D%7D")
    return zoo, began, time.time()


@pytest.mark.parametrize(
    ("filters", "events"),
    [
        ("container=passing event=create event=die event=destroy", "create die destroy"),
        ("container=passing type=network", ""),
        ("type=container label=tide=low event=start", "start"),
        ("image=busybox event=die", "die"),
        ("image=other", ""),
        ("volume=shell", "create destroy"),
        ("type=volume event=destroy", "destroy"),
        ("network=current", "create destroy"),
        ("container=pass event=die", "die"),
        ("network=bridge", "connect disconnect"),
        ("type=container event=prune", "prune"),
        ("scope=local network=current event=create", "create"),
        ("scope=swarm", ""),
        ("daemon=nothing", ""),
        ("plugin=x", ""),
    ],
)
def test_events_can_be_cut_by(told: tuple[Daemon, float, float], cli: DockerCli, filters: str, events: str) -> None:
    _, began, ended = told
    options = [word for one in filters.split() for word in ("--filter", one)]
    window = ("--since", f"{began:.6f}", "--until", f"{ended:.6f}")
    assert cli.ok("events", *window, *options, "--format", "{{.Action}}").split() == events.split()


def test_an_unknown_filter_of_events_is_refused(cli: DockerCli) -> None:
    outcome = cli("events", "--until", "0s", "--filter", "nothing=1")
    assert outcome.code == 1
    assert "invalid filter" in outcome.err
