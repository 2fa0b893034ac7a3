"""Containers on a real host, made behind the console's back."""

import json
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.daemons import Daemon
from webui.hosts.models import Host
from webui.live import picture, picture_after

Make = Callable[..., str]


@pytest.fixture
def make_container(dockerd: Daemon, dockerd_host: Host) -> Iterator[Make]:
    """Creates a container, starts it unless told otherwise, and returns its id once the console's picture holds it."""
    made: list[str] = []

    def make(name: str = "", *, start: bool = True, **body: Any) -> str:
        picture(dockerd_host)
        wanted = {"Image": "busybox:latest", "Cmd": ["sleep", "600"], "StopTimeout": 0, **body}
        status, reply = dockerd.api("POST", f"/containers/create?name={name or f'c-{uuid.uuid4().hex[:8]}'}", wanted)
        assert status == 201, reply
        container_id = str(json.loads(reply)["Id"])
        made.append(container_id)
        if start:
            assert dockerd.api("POST", f"/containers/{container_id}/start")[0] == 204
        wait_for(dockerd_host, container_id, "running" if start else "created")
        return container_id

    yield make
    for container_id in made:
        dockerd.api("DELETE", f"/containers/{container_id}?force=1&v=1")


def wait_for(host: Host, container_id: str, state: str) -> None:
    """Until the picture shows the container in this state ("" for gone)."""
    raw = picture(host).containers.get(container_id)
    for _change in range(20):
        if (raw["State"] if raw else "") == state:
            return
        raw = picture_after(host, "containers", container_id, before=raw, timeout_s=5).containers.get(container_id)
    raise AssertionError(f"{container_id} is {raw and raw['State']}, not {state}")
