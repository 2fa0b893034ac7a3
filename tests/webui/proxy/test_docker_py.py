"""docker-py through the proxy, with the files that somebody downloads."""

from collections.abc import Iterator

import docker
import pytest
from docker.tls import TLSConfig

from tests.webui.proxy.conftest import Proxy
from webui.accounts.models import User
from webui.hosts.models import Host
from webui.tokens.models import Token

pytestmark = pytest.mark.real


@pytest.fixture
def client(proxy: Proxy, admin: User) -> Iterator[docker.DockerClient]:
    folder = proxy.files(proxy.token(admin))
    tls = TLSConfig(
        client_cert=(str(folder / "cert.pem"), str(folder / "key.pem")), ca_cert=str(folder / "ca.pem"), verify=True
    )
    made = docker.DockerClient(base_url=f"tcp://127.0.0.1:{proxy.port}", tls=tls, version="1.41")
    made.api.trust_env = False
    yield made
    made.close()


def test_containers_run_are_attached_to_and_executed_in(client: docker.DockerClient) -> None:
    assert client.containers.run("busybox", ["echo", "hello"], remove=True) == b"hello\n"
    web = client.containers.run("busybox", ["sleep", "600"], detach=True)
    assert web.exec_run(["sh", "-c", "echo out; echo err >&2"], demux=True).output == (b"out\n", b"err\n")
    stream = web.exec_run(["cat"], stdin=True, socket=True).output
    stream.sendall(b"over\n")
    assert stream.recv(13)[8:] == b"over\n"
    assert next(web.stats(stream=True, decode=True))["id"] == web.id
    web.remove(force=True)


def test_images_are_saved_and_loaded_and_volumes_made(client: docker.DockerClient) -> None:
    saved = b"".join(client.images.get("busybox").save(named=True))
    assert client.images.load(saved)[0].tags == ["busybox:latest"]
    volume = client.volumes.create("cargo")
    assert "cargo" in [one.name for one in client.volumes.list()]
    volume.remove()


def test_a_certificate_opens_only_the_host_that_it_was_made_for(
    proxy: Proxy, admin: User, client: docker.DockerClient
) -> None:
    other = Host.objects.create(slug="other", name="Other", url="unix:///nowhere/docker.sock")
    assert client.ping()
    token: Token = proxy.token(admin, name="narrow", hosts=[other])
    answer = proxy.send(token, b"GET /_ping HTTP/1.1\r\nHost: quay\r\nConnection: close\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 404 ")
