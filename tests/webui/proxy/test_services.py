"""The docker CLI's own update of a service, by who may redeploy and no more."""

from collections.abc import Iterator

import pytest

from tests.daemons import Daemon
from tests.webui.proxy.conftest import CLIS, Cli, Proxy
from webui.access import Role
from webui.accounts.models import User
from webui.hosts.models import Host

pytestmark = [pytest.mark.real, pytest.mark.peer]

SPEC = {
    "Name": "web", "Mode": {"Replicated": {"Replicas": 0}},
    "TaskTemplate": {"ContainerSpec": {"Image": "busybox:latest", "Env": ["A=b"]}},
}  # fmt: skip


@pytest.fixture
def service(swarm: Daemon, proxy: Proxy) -> Iterator[str]:
    Host.objects.filter(pk=proxy.host.pk).update(url=swarm.url)
    proxy.host.refresh_from_db()
    made = str(swarm.json("POST", "/services/create", SPEC)["ID"])
    yield made
    swarm.api("DELETE", f"/services/{made}")


@pytest.mark.parametrize("path", CLIS)
def test_an_operator_redeploys_a_service_and_scales_none(path: str, swarm: Daemon, proxy: Proxy, service: str) -> None:
    operator = User.objects.create_user("oscar", role=Role.OPERATOR)
    docker = Cli(path, proxy, proxy.files(proxy.token(operator)))
    update = ("service", "update", "--detach", "--no-resolve-image")
    docker.ok(*update, "--force", "web")
    assert swarm.json("GET", f"/services/{service}")["Spec"]["TaskTemplate"]["ForceUpdate"] == 1
    for change in (("--replicas", "3"), ("--image", "busybox:other"), ("--env-add", "A=c")):
        assert b"This is no redeployment" in docker(*update, *change, "web").stderr
    assert b"This is no redeployment" in docker("service", "rollback", "--detach", "web").stderr
