"""What a body names goes out by the id that was judged; what hosts keep by name is judged again when it is there."""

import functools
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from docker.errors import APIError, NotFound

from tests.daemons import Daemon
from webui.access import Operation, Role
from webui.accounts.models import User
from webui.audit.models import Entry
from webui.gate import Refused, actor_of, docker_client
from webui.gate.naming import named_in
from webui.gate.pinning import Judged, with_ids
from webui.gate.references import References
from webui.hosts.models import Host
from webui.ownership import Kind
from webui.ownership.changes import give_access, set_policy
from webui.ownership.ledger import owner_of
from webui.ownership.rules import Rules

CREATE, CONNECT, SERVICE = Operation.CONTAINER_CREATE, Operation.NETWORK_CONNECT, Operation.SERVICE_CREATE


def pinned(operation: Operation, body: dict[str, Any]) -> Any:
    """As if each thing's id were its name with "id-" before it."""
    named = [one for one in named_in(operation, {}, body) if one.reference]
    return with_ids(operation, body, [Judged(one, f"id-{one.reference}") for one in named])


@pytest.mark.parametrize(
    ("operation", "body", "sent"),
    [
        (CREATE, {"HostConfig": {"NetworkMode": "container:web", "PidMode": "container:web", "Memory": 5}},
         {"HostConfig": {"NetworkMode": "container:id-web", "PidMode": "container:id-web", "Memory": 5}}),
        (CREATE, {"hostconfig": {"ipcmode": "container:web"}}, {"hostconfig": {"ipcmode": "container:id-web"}}),
        (CREATE, {"HostConfig": {"NetworkMode": "shop"}},
         {"HostConfig": {"NetworkMode": "shop"},
          "NetworkingConfig": {"EndpointsConfig": {"shop": {"NetworkID": "id-shop"}}}}),
        (CREATE, {"NetworkingConfig": {"EndpointsConfig": {"shop": {"Aliases": ["a"]}, "bridge": None}}},
         {"NetworkingConfig": {"EndpointsConfig": {"shop": {"Aliases": ["a"], "NetworkID": "id-shop"},
                                                   "bridge": None}}}),
        # One endpoint is what older engines take.
        (CREATE, {"HostConfig": {"NetworkMode": "a"}, "NetworkingConfig": {"EndpointsConfig": {"bridge": {}}}}, None),
        (CREATE, {"HostConfig": {"VolumesFrom": ["web:ro"], "Binds": ["data:/d"], "NetworkMode": "bridge"}}, None),
        (CREATE, {"Image": "busybox"}, None),
        (CONNECT, {"Container": "web", "EndpointConfig": {}}, {"Container": "id-web", "EndpointConfig": {}}),
        (CONNECT, {"container": "web"}, {"container": "id-web"}),
        (SERVICE, {"Networks": [{"Target": "shop", "Aliases": ["a"]}], "TaskTemplate": {"Networks": [{"target": "b"}]}},
         {"Networks": [{"Target": "id-shop", "Aliases": ["a"]}], "TaskTemplate": {"Networks": [{"target": "id-b"}]}}),
    ],
)  # fmt: skip
def test_names_become_the_ids_that_were_judged(operation: Operation, body: Any, sent: Any) -> None:
    assert pinned(operation, body) == sent


@pytest.fixture(params=["engine", "dockerd"])
def quay(request: pytest.FixtureRequest) -> Iterator[Daemon]:
    daemon: Daemon = request.getfixturevalue(request.param)
    yield daemon
    daemon.remove_all_containers()
    daemon.api("POST", "/networks/prune")
    daemon.api("DELETE", "/volumes/ledger")


@pytest.fixture
def host(quay: Daemon, db: None) -> Host:
    made = Host.objects.create(slug="quay", name="Quay", url=quay.url)
    give_access(made.pk, Kind.IMAGE, "busybox", owner_id=None, visibility="public", shares=[])
    set_policy(made.pk, is_unowned_public=False, rules=Rules(joins_containers=True))
    return made


@pytest.fixture
def of(host: Host) -> Iterator[Callable[[str], Any]]:
    clients: list[Any] = []

    def client_of(name: str) -> Any:
        user = User.objects.filter(username=name).first() or User.objects.create_user(name, role=Role.STANDARD)
        clients.append(docker_client(actor_of(user), host))
        return clients[-1].api

    yield client_of
    for client in clients:
        client.close()


def create(api: Any, name: str, **host_config: Any) -> str:
    body = {"Image": "busybox", "Cmd": ["sleep", "600"], "StopTimeout": 0, "HostConfig": host_config}
    return str(api.create_container_from_config(body, name=name)["Id"])


real = [pytest.mark.real, pytest.mark.django_db(transaction=True)]


class TestOnHosts:
    pytestmark = real

    def test_what_people_see_is_what_the_host_would_have_said(
        self, quay: Daemon, host: Host, of: Callable[[str], Any]
    ) -> None:
        sam = of("sam")
        web = create(sam, "web", IpcMode="shareable")
        sam.start(web)
        sam.create_network("shop")
        config = {"NetworkMode": "container:web", "IpcMode": "container:web", "VolumesFrom": ["web:ro"]}
        through, plain = create(sam, "through", **config), quay.json(
            "POST", "/containers/create", {"Image": "busybox", "HostConfig": config}
        )["Id"]  # fmt: skip
        for field in config:
            seen = [quay.json("GET", f"/containers/{one}/json")["HostConfig"][field] for one in (through, plain)]
            assert seen[0] == seen[1], field
        joined = create(sam, "joined", NetworkMode="shop")
        sam.start(joined)
        found = quay.json("GET", f"/containers/{joined}/json")
        assert (found["HostConfig"]["NetworkMode"], set(found["NetworkSettings"]["Networks"])) == ("shop", {"shop"})

    def test_a_network_that_is_anothers_by_the_time_of_the_start_is_not_joined(
        self, quay: Daemon, host: Host, of: Callable[[str], Any]
    ) -> None:
        sam, tess = of("sam"), of("tess")
        sam.create_network("shop")
        trap = create(sam, "trap", NetworkMode="shop")
        sam.remove_network("shop")
        theirs = tess.create_network("shop")["Id"]
        for act in (sam.start, sam.restart):
            with pytest.raises((Refused, APIError)):
                act(trap)
        assert quay.json("GET", f"/networks/{theirs}")["Containers"] == {}
        assert not quay.json("GET", f"/containers/{trap}/json")["State"]["Running"]
        tess.remove_network("shop")
        with pytest.raises(APIError):
            sam.start(trap)

    def test_one_that_was_stopped_in_between_joins_no_other_network_of_the_name(
        self, quay: Daemon, host: Host, of: Callable[[str], Any]
    ) -> None:
        sam, tess = of("sam"), of("tess")
        sam.create_network("shop")
        trap = create(sam, "trap", NetworkMode="shop")
        sam.start(trap)
        sam.stop(trap)
        sam.start(trap)
        sam.stop(trap)
        sam.remove_network("shop")
        theirs = tess.create_network("shop")["Id"]
        with pytest.raises((Refused, APIError)):
            sam.start(trap)
        assert quay.json("GET", f"/networks/{theirs}")["Containers"] == {}

    @pytest.mark.parametrize("what", ["image", "volumes", "network"])
    def test_what_became_another_while_it_was_made_is_removed_again(
        self, what: str, quay: Daemon, host: Host, of: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        sam = of("sam")
        web = create(sam, "web", NetworkMode="none")
        sam.create_network("shop")
        asked = References.id_of

        def another(self: References, kind: Kind, reference: str) -> str:
            is_it = kind == {"image": Kind.IMAGE, "volumes": Kind.CONTAINER, "network": Kind.NETWORK}[what]
            return "another" if is_it and self._asks else asked(self, kind, reference)

        monkeypatch.setattr(References, "id_of", another)
        with pytest.raises(Refused, match="was another one when it was made, so it was removed"):
            create(sam, "trap", NetworkMode="shop", VolumesFrom=[web])
        with pytest.raises(NotFound):
            sam.inspect_container("trap")
        entry = Entry.objects.filter(username="sam", operation="container.create").latest("pk")
        assert "so it was removed" in entry.message
        assert Entry.objects.filter(username="quayside", operation="container.remove", status=204).exists()

    @pytest.mark.parametrize("what", ["volume", "container"])
    def test_of_two_who_make_a_volume_of_one_name_at_once_the_first_has_it(
        self, what: str, quay: Daemon, host: Host, of: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        sam, tess = of("sam"), of("tess")
        found = References.find
        looked = []

        def late(self: References, kind: Kind, reference: str, **words: Any) -> Any:
            # Sam has looked; before he asks the host, Tess makes it.
            seen = found(self, kind, reference, **words)
            if kind is Kind.VOLUME and not looked:
                looked.append(seen)
                tess.create_volume("ledger")
            return seen

        monkeypatch.setattr(References, "find", late)
        ask = functools.partial(sam.create_volume, "ledger")
        if what == "container":
            ask = functools.partial(create, sam, "trap", Binds=["ledger:/data"])
        with pytest.raises(Refused, match="taken by somebody else just now"):
            ask()
        assert looked == [None]
        assert owner_of(host.pk, Kind.VOLUME, "ledger") == "tess"
        with pytest.raises(NotFound):
            sam.inspect_container("trap")
        assert quay.json("GET", "/volumes/ledger")["Name"] == "ledger"
