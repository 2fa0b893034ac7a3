"""Each role by the docker CLI through the proxy and by the pages: the same is possible, and impossible, in both.

What counts is what became of the container on the engine, not what either way said.
"""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from django.test import Client

from tests.daemons import Daemon
from tests.waiting import until
from tests.webui.proxy.conftest import CLIS, Cli, Proxy
from webui.access import Role
from webui.accounts.models import User
from webui.hosts.models import Host
from webui.jobs import tasks as job_tasks
from webui.jobs.models import Job
from webui.live import forget, picture, picture_after
from webui.ownership import Kind
from webui.ownership.changes import claim, give_access
from webui.ownership.kinds import Visibility
from webui.tokens.models import Token

pytestmark = pytest.mark.real

_PAGES = "/h/local/containers/"
_EVERYTHING = {"see", "logs", "stop", "start", "limit", "redeploy", "remove", "create"}
_OPERATES = _EVERYTHING - {"remove", "create"}
# What each role can do to a container of somebody else, and to one of its own.
_EXPECTED: dict[Role, tuple[set[str], set[str]]] = {
    Role.ADMINISTRATOR: (_EVERYTHING, _EVERYTHING),
    Role.HOST_ADMINISTRATOR: (_EVERYTHING, _EVERYTHING),
    Role.STANDARD: ({"create"}, _EVERYTHING),
    Role.OPERATOR: (_OPERATES, _OPERATES),
    Role.HELPDESK: ({"see", "logs"}, {"see", "logs"}),
    Role.READER: (set(), {"see", "logs"}),
    Role.NONE: (set(), set()),
}


@dataclass(frozen=True, slots=True)
class Ways:
    """One person's docker CLI and browser, on one engine."""

    engine: Daemon
    person: User
    other: User
    host_id: int
    proxy: Proxy
    token: Token
    cli: Cli
    browser: Client

    def container(self, *, is_own: bool, is_running: bool = True) -> str:
        """The id of a new one."""
        body = {"Image": "busybox", "Cmd": ["sh", "-c", "echo ready; sleep 600"], "StopTimeout": 0}
        container_id = str(self.engine.json("POST", "/containers/create", body)["Id"])
        if is_running:
            assert self.engine.api("POST", f"/containers/{container_id}/start")[0] == 204
            until(lambda: b"ready" in self.engine.api("GET", f"/containers/{container_id}/logs?stdout=1")[1])
        claim(self.host_id, Kind.CONTAINER, [container_id], (self.person if is_own else self.other).pk)
        return container_id

    def state(self, reference: str) -> str:
        """ "" for one that is not there."""
        status, _ = self.engine.api("GET", f"/containers/{reference}/json")
        return self.engine.json("GET", f"/containers/{reference}/json")["State"]["Status"] if status == 200 else ""

    def limit(self, container_id: str) -> int:
        return int(self.engine.json("GET", f"/containers/{container_id}/json")["HostConfig"].get("PidsLimit") or 0)

    def redeploy_by_api(self, container_id: str) -> None:
        self.engine.api("POST", f"/containers/{container_id}/rename?name={container_id[:12]}")
        asked = f"/v1.41/containers/create?redeploys={container_id}&name={container_id[:12]}-next-0a1b2c"
        head = f"POST {asked} HTTP/1.1\r\nHost: docker\r\nContent-Type: application/json\r\nContent-Length: 2"
        self.proxy.send(self.token, f"{head}\r\nConnection: close\r\n\r\n{{}}".encode())

    def act(self, action: str, container_id: str) -> None:
        picture_holds(self, container_id)
        sent = {"action": action, "id": container_id[:12], "confirmed": "1"}
        self.browser.post(f"{_PAGES}act/", sent, headers={"HX-Request": "true"})


def picture_holds(ways: Ways, container_id: str) -> None:
    """The console has heard of the container."""
    host = Host.objects.get(pk=ways.host_id)
    if container_id not in picture(host).containers:
        picture_after(host, "containers", container_id, before=None, timeout_s=60)


def _by_cli(ways: Ways, what: str, *, is_own: bool) -> bool:
    if what == "create":
        name = f"made-{uuid.uuid4().hex[:8]}"
        ways.cli("create", "--name", name, "busybox", "true")
        return bool(ways.state(name))
    container_id = ways.container(is_own=is_own, is_running=what != "start")
    match what:
        case "see":
            return ways.cli("inspect", container_id).returncode == 0 and container_id[:12] in ways.cli.ok("ps", "-q")
        case "logs":
            return b"ready" in ways.cli("logs", container_id).stdout
        case "limit" | "redeploy":
            return _changed_by_cli(ways, what, container_id)
        case "remove":
            ways.cli("rm", "-f", container_id)
            return ways.state(container_id) == ""
        case _:
            ways.cli(what, container_id)
            return ways.state(container_id) == {"stop": "exited", "start": "running"}[what]


def _by_pages(ways: Ways, what: str, *, is_own: bool) -> bool:
    if what == "create":
        name = f"made-{uuid.uuid4().hex[:8]}"
        ways.browser.post(f"{_PAGES}run/", {"image": "busybox:latest", "name": name, "command": "true"})
        return bool(ways.state(name))
    container_id = ways.container(is_own=is_own, is_running=what != "start")
    picture_holds(ways, container_id)
    page = f"{_PAGES}{container_id[:12]}/"
    match what:
        case "see":
            listed = ways.browser.get(_PAGES)
            is_listed = listed.status_code == 200 and container_id[:12] in listed.content.decode()
            return is_listed and ways.browser.get(page).status_code == 200
        case "logs":
            return _text(ways.browser.get(f"{page}logs/download/")).find("ready") >= 0
        case "limit" | "redeploy":
            return _changed_by_pages(ways, what, container_id)
        case "remove":
            ways.act("remove", container_id)
            return ways.state(container_id) == ""
        case _:
            ways.act(what, container_id)
            return ways.state(container_id) == {"stop": "exited", "start": "running"}[what]


def _changed_by_cli(ways: Ways, what: str, container_id: str) -> bool:
    if what == "limit":
        ways.cli("update", "--pids-limit", "77", container_id)
        return ways.limit(container_id) == 77
    # The docker CLI has no word for it: by the API, as a script asks.
    ways.redeploy_by_api(container_id)
    return bool(ways.state(f"{container_id[:12]}-next-0a1b2c"))


def _changed_by_pages(ways: Ways, what: str, container_id: str) -> bool:
    if what == "limit":
        page = f"{_PAGES}{container_id[:12]}/configuration/limits/"
        ways.browser.post(page, {"pids": "77", "restart": "no", "tries": "0"})
        return ways.limit(container_id) == 77
    ways.act("recreate", container_id)
    return Job.objects.filter(params__container=container_id).exists()


def _text(response: Any) -> str:
    if response.status_code != 200:
        return ""
    if not response.streaming:
        return str(response.content.decode())
    return b"".join(response).decode()


@pytest.fixture
def ways_of(
    proxy: Proxy, engine: Daemon, signed_in: Callable[[User], Client], admin: User, monkeypatch: pytest.MonkeyPatch
) -> Callable[[Role], Ways]:
    # What the job then does is looked at elsewhere (tests/webui/gate/test_redeploying.py).
    monkeypatch.setattr(job_tasks.carry_out, "delay", lambda _id: None)

    def make(role: Role) -> Ways:
        forget(proxy.host.slug)
        person = User.objects.create_user("pat", None, role=role)
        # An image that everybody may use: what nobody has given away is for those who see everything.
        give_access(proxy.host.pk, Kind.IMAGE, "busybox", owner_id=admin.pk, visibility=Visibility.PUBLIC, shares=[])
        token = proxy.token(person)
        cli = Cli(CLIS[0], proxy, proxy.files(token))
        return Ways(engine, person, admin, proxy.host.pk, proxy, token, cli, signed_in(person))

    return make


@pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume")
@pytest.mark.parametrize("role", list(_EXPECTED))
def test_a_role_can_do_the_same_by_the_docker_cli_and_by_the_pages(role: Role, ways_of: Callable[[Role], Ways]) -> None:
    ways = ways_of(role)
    others, own = _EXPECTED[role]
    for is_own, expected in ((False, others), (True, own)):
        by_cli = {what for what in sorted(_EVERYTHING) if _by_cli(ways, what, is_own=is_own)}
        by_pages = {what for what in sorted(_EVERYTHING) if _by_pages(ways, what, is_own=is_own)}
        assert (by_cli, by_pages) == (expected, expected)
    forget("local")
