"""Asking a real host through the gate: docker-py, requests, streams, terminals; and what is written down of it."""

import asyncio
from collections.abc import Iterator

import pytest
import requests
from docker.errors import NotFound

from tests.daemons import Daemon
from webui.audit.models import Entry
from webui.gate import Actor, HostRefused, HostUnreachable, Refused, clients, docker_client, hijack, request, stream
from webui.hosts.models import Host

pytestmark = [pytest.mark.real, pytest.mark.peer, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def container(dockerd: Daemon) -> Iterator[str]:
    body = {"Image": "busybox", "Cmd": ["sleep", "600"], "HostConfig": {"NetworkMode": "none"}}
    container_id = dockerd.json("POST", "/containers/create", body)["Id"]
    yield container_id
    dockerd.api("DELETE", f"/containers/{container_id}?force=1")


def test_docker_py_works_through_the_gate_and_what_it_changes_is_written_down(
    dockerd_host: Host, administrator: Actor, container: str
) -> None:
    client = docker_client(administrator, dockerd_host)
    client.containers.get(container).start()
    code, output = client.containers.get(container).exec_run(["echo", "hello"])
    client.api.kill(container)
    client.close()
    assert (code, output) == (0, b"hello\n")
    entries = Entry.objects.order_by("pk")
    done = ["container.start", "container.exec", "container.exec", "container.kill"]
    assert [entry.operation for entry in entries] == done
    first = entries[0]
    assert (first.username, first.host, first.target, first.status) == ("olga", "docks", container, 204)
    assert first.is_allowed
    assert first.duration_ms is not None


def test_a_host_is_asked_for_its_version_by_what_costs_it_nothing(
    dockerd_host: Host, administrator: Actor, dockerd: Daemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    # `GET /version` takes a busy Podman half a minute: no act may have to wait for it.
    monkeypatch.setattr(clients, "_versions", {})
    monkeypatch.setattr(clients.GatedClient, "version", None)
    client = docker_client(administrator, dockerd_host)
    assert client.api.api_version == dockerd.json("GET", "/version")["ApiVersion"]
    client.close()


def test_a_reader_sees_containers_but_nothing_is_sent_that_changes_one(
    dockerd_host: Host, reader: Actor, container: str, dockerd: Daemon
) -> None:
    client = docker_client(reader, dockerd_host)
    assert [one["Id"] for one in client.api.containers(all=True)] == [container]
    with pytest.raises(Refused, match=r"container\.start on Docks is not for the role helpdesk"):
        client.api.start(container)
    with pytest.raises(Refused):
        client.api.exec_create(container, "sh")
    client.close()
    assert dockerd.json("GET", f"/containers/{container}/json")["State"]["Status"] == "created"
    refusals = Entry.objects.filter(is_allowed=False).order_by("pk")
    assert [entry.operation for entry in refusals] == ["container.start", "container.exec"]
    assert all(entry.status is None for entry in refusals)


def test_what_the_host_says_no_to_is_an_answer_and_its_status_is_kept(dockerd_host: Host, administrator: Actor) -> None:
    client = docker_client(administrator, dockerd_host)
    with pytest.raises(NotFound):
        client.api.start("nobody")
    client.close()
    assert Entry.objects.get().status == 404


def test_docker_pys_own_websockets_and_redirects_lead_nowhere(dockerd_host: Host, administrator: Actor) -> None:
    client = docker_client(administrator, dockerd_host)
    with pytest.raises(Refused):
        client.api.attach_socket("c1", ws=True)
    with pytest.raises((Refused, requests.RequestException)):
        client.api.get("http://127.0.0.1:1/somewhere-else")
    client.close()


async def test_async_requests_answer_whole_and_record_changes(
    dockerd_host: Host, administrator: Actor, container: str
) -> None:
    listed = await request(administrator, dockerd_host, "GET", "/containers/json", query={"all": "1"})
    assert [one["Id"] for one in listed.json()] == [container]
    started = await request(administrator, dockerd_host, "POST", f"/containers/{container}/start")
    assert started.status == 204
    assert (await request(administrator, dockerd_host, "GET", "/containers/nobody/json")).status == 404
    entry = await Entry.objects.aget()
    assert (entry.operation, entry.status) == ("container.start", 204)


async def test_a_stream_gives_what_comes_and_ends_when_it_is_left(
    dockerd_host: Host, administrator: Actor, container: str
) -> None:
    async with asyncio.timeout(90), stream(administrator, dockerd_host, "GET", "/events") as chunks:
        await request(administrator, dockerd_host, "POST", f"/containers/{container}/start")
        seen = b""
        while b'"start"' not in seen:
            seen += await anext(chunks)


async def test_a_stream_as_it_was_sent_has_the_chunks_of_the_host(
    dockerd_host: Host, reader: Actor, dockerd: Daemon
) -> None:
    long = "x" * 20_000
    # A terminal's log has no frames: only the chunks tell where each of its pieces begins.
    body = {"Image": "busybox", "Cmd": ["sh", "-c", f"echo one; echo {long}"], "Tty": True}
    container_id = dockerd.json("POST", "/containers/create", {**body, "HostConfig": {"NetworkMode": "none"}})["Id"]
    try:
        dockerd.api("POST", f"/containers/{container_id}/start")
        dockerd.api("POST", f"/containers/{container_id}/wait")
        path = f"/containers/{container_id}/logs"
        async with stream(reader, dockerd_host, "GET", path, query={"stdout": "1"}, as_sent=True) as chunks:
            sent = [chunk async for chunk in chunks]
    finally:
        dockerd.api("DELETE", f"/containers/{container_id}?force=1")
    assert [sent[0], *map(len, sent[1:])] == [b"one\r\n", 16 * 1024, 20_002 - 16 * 1024]


async def test_a_stream_that_the_host_refuses_says_why(dockerd_host: Host, administrator: Actor) -> None:
    with pytest.raises(HostRefused, match="No such container: nobody") as refused:
        async with stream(administrator, dockerd_host, "GET", "/containers/nobody/logs", query={"stdout": "1"}):
            pass
    assert refused.value.status == 404


async def test_a_terminal_is_handed_over_in_both_directions(
    dockerd_host: Host, administrator: Actor, container: str
) -> None:
    await request(administrator, dockerd_host, "POST", f"/containers/{container}/start")
    body = {"AttachStdin": True, "AttachStdout": True, "AttachStderr": True, "Tty": True, "Cmd": ["sh"]}
    made = await request(administrator, dockerd_host, "POST", f"/containers/{container}/exec", json=body)
    path = f"/exec/{made.json()['Id']}/start"
    async with asyncio.timeout(90):
        async with hijack(administrator, dockerd_host, "POST", path, json={"Detach": False, "Tty": True}) as duplex:
            await duplex.write(b"echo $((6*7)); exit\n")
            seen = b""
            while data := await duplex.read(4096):
                seen += data
    assert b"42" in seen


async def test_a_terminal_that_the_host_refuses_says_why(dockerd_host: Host, administrator: Actor) -> None:
    with pytest.raises(HostRefused, match="No such exec instance"):
        async with hijack(administrator, dockerd_host, "POST", "/exec/nobody/start", json={"Tty": True}):
            pass


async def test_a_reader_gets_no_terminal(dockerd_host: Host, reader: Actor) -> None:
    with pytest.raises(Refused):
        async with hijack(reader, dockerd_host, "POST", "/exec/e1/start", json={}):
            pass


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("unix:///nowhere/docker.sock", "there is no such socket"),
        ("tcp://127.0.0.1:9", "nothing listens there"),
        ("tcp://no-such-name.invalid:2375", "its name is not known"),
    ],
)
async def test_a_host_that_is_down_is_told_with_its_address_and_what_to_do(
    administrator: Actor, url: str, words: str
) -> None:
    host = Host(slug="down", name="Down", url=url)
    with pytest.raises(HostUnreachable, match=f"Down cannot be reached at {url}: {words}"):
        await asyncio.to_thread(docker_client, administrator, host)
    with pytest.raises(HostUnreachable, match=words):
        await request(administrator, host, "POST", "/containers/c1/start")
    with pytest.raises(HostUnreachable, match=words):
        async with stream(administrator, host, "GET", "/events"):
            pass
    with pytest.raises(HostUnreachable, match=words):
        async with hijack(administrator, host, "POST", "/exec/e1/start", json={}):
            pass
    entry = await Entry.objects.filter(operation="container.start").aget()
    assert entry.status is None
    assert words in entry.message
