"""One round: clients busy with everything at once, kill -9 at a random moment, a new start, a look at what is left."""

import http.client
import json
import random
import threading
import time
from pathlib import Path
from typing import Any

from tests.crash.leftovers import leftovers
from tests.daemons import Daemon

_CLIENTS = 4
_LONGEST_RUN_S = 0.7
_SETTLE_S = 15.0
_NAMES = [f"c{number}" for number in range(6)]


class Crashes:
    """Rounds on one engine, whose containers go on from one to the next."""

    def __init__(self, engine: Daemon, root: Path, *, seed: int) -> None:
        self._engine = engine
        self._root = root
        self._seed = seed
        self.last_story = ""
        engine.json("POST", "/networks/create", {"Name": "app"})

    def round(self, number: int) -> list[str]:
        """Returns what is left that nobody owns, in words; nothing when all is well."""
        chance = random.Random(f"{self._seed}/{number}")
        stop = threading.Event()
        clients = [
            threading.Thread(target=_work, args=(self._engine, random.Random(chance.random()), stop))
            for _ in range(_CLIENTS)
        ]
        for client in clients:
            client.start()
        run_s = chance.uniform(0.005, _LONGEST_RUN_S)
        time.sleep(run_s)
        self._engine.kill()
        stop.set()
        for client in clients:
            client.join()
        self._engine.start_again()
        left = self._settled()
        found = self._engine.json("GET", "/containers/json?all=1")
        running = sum(container["State"] == "running" for container in found)
        self.last_story = f"killed after {run_s * 1000:.0f} ms, {len(found)} containers, {running} running"
        return left

    def _settled(self) -> list[str]:
        """The kernel takes its time to let go of cables and groups: only what stays counts."""
        deadline = time.monotonic() + _SETTLE_S
        while (left := leftovers(self._engine, self._root)) and time.monotonic() < deadline:
            time.sleep(0.2)
        return left


def _work(engine: Daemon, chance: random.Random, stop: threading.Event) -> None:
    """Ask for one thing after another until the daemon is gone."""
    asks = [
        _create_and_start,
        _create_and_start,
        _create,
        _start,
        _exec,
        _stop,
        _kill,
        _remove,
        _remove,
        _run,
        _network,
    ]
    while not stop.is_set():
        try:
            chance.choice(asks)(engine, chance)
        except (OSError, http.client.HTTPException):
            stop.wait(0.005)


def _body(chance: random.Random) -> dict[str, Any]:
    host: dict[str, Any] = {"NetworkMode": chance.choice(["bridge", "bridge", "app", "none", "host"])}
    if host["NetworkMode"] in ("bridge", "app") and chance.random() < 0.5:
        host["PortBindings"] = {"80/tcp": [{"HostIp": chance.choice(["", "127.0.0.1"]), "HostPort": ""}]}
    if host["NetworkMode"] == "host" or chance.random() < 0.1:
        host["UsernsMode"] = "host"
    if chance.random() < 0.3:
        host["Binds"] = [f"{chance.choice(['data', 'other'])}:/data"]
    if chance.random() < 0.3:
        image = {"Type": "image", "Source": "busybox", "Target": "/image"}
        host["Mounts"] = [chance.choice([{"Type": "volume", "Target": "/anonymous"}, image])]
    if chance.random() < 0.2:
        host["IpcMode"] = "shareable"
    if chance.random() < 0.15:
        host["AutoRemove"] = True
    elif chance.random() < 0.2:
        host["RestartPolicy"] = {"Name": "unless-stopped"}
    command = chance.choice([["sleep", "600"], ["sleep", "600"], ["sh", "-c", "exit 3"], ["nothing-like-it"]])
    return {"Image": "busybox", "Cmd": command, "ExposedPorts": {"80/tcp": {}}, "StopTimeout": 1, "HostConfig": host}


def _create(engine: Daemon, chance: random.Random) -> None:
    engine.api("POST", f"/containers/create?name={chance.choice(_NAMES)}", _body(chance))


def _start(engine: Daemon, chance: random.Random) -> None:
    engine.api("POST", f"/containers/{chance.choice(_NAMES)}/start")


def _create_and_start(engine: Daemon, chance: random.Random) -> None:
    name = chance.choice(_NAMES)
    engine.api("POST", f"/containers/create?name={name}", _body(chance))
    engine.api("POST", f"/containers/{name}/start")


def _run(engine: Daemon, chance: random.Random) -> None:
    body = {**_body(chance), "Cmd": ["true"]}
    status, _ = engine.api("POST", "/containers/create?name=once", body)
    if status == 201:
        engine.api("POST", "/containers/once/start")
        engine.api("POST", "/containers/once/wait")
    engine.api("DELETE", "/containers/once?force=1&v=1")


def _exec(engine: Daemon, chance: random.Random) -> None:
    command = chance.choice([["true"], ["sleep", "600"]])
    status, made = engine.api("POST", f"/containers/{chance.choice(_NAMES)}/exec", {"Cmd": command})
    if status == 201:
        engine.api("POST", f"/exec/{json.loads(made)['Id']}/start", {"Detach": True})


def _stop(engine: Daemon, chance: random.Random) -> None:
    engine.api("POST", f"/containers/{chance.choice(_NAMES)}/stop?t=0")


def _kill(engine: Daemon, chance: random.Random) -> None:
    engine.api("POST", f"/containers/{chance.choice(_NAMES)}/kill")


def _remove(engine: Daemon, chance: random.Random) -> None:
    engine.api("DELETE", f"/containers/{chance.choice(_NAMES)}?force=1&v=1")


def _network(engine: Daemon, chance: random.Random) -> None:
    if chance.random() < 0.5:
        engine.api("POST", "/networks/create", {"Name": "passing"})
    else:
        engine.api("DELETE", "/networks/passing")
