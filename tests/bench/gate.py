"""What the gate adds to a request, on a host of 1,000 containers: deciding, looking whose it is, cutting answers down.

No host is asked: the lists are in memory, as the live picture keeps them. The bar for a request is 2 ms; cutting down
a whole list grows with the list.
"""

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Coroutine, Iterator
from statistics import median
from types import SimpleNamespace
from typing import Any

from tests.bench.figures import Figure, heading

_CONTAINERS = 1000
_OWN = 50
_ROUNDS = 400
_BAR_MS = 2.0


def measure() -> Iterator[str]:
    yield heading(f"The gate, {_CONTAINERS} containers")
    # A data folder of its own, and no store beside it.
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings"}
    command = [sys.executable, "-m", "tests.bench.gate"]
    done = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE)
    for work, ms in json.loads(done.stdout).items():
        is_whole_list = work.endswith("cut down")
        bar = f"{ms * 1000 / _CONTAINERS:.1f} µs a row" if is_whole_list else f"{ms:.3f}; bar {_BAR_MS:.0f}"
        yield Figure(work, "ms", ms, note=bar if is_whole_list or ms <= _BAR_MS else f"{bar}: MISSED").line()


def _taken() -> dict[str, float]:
    """Medians in milliseconds, by what was asked. For a process of its own, with a fresh data folder."""
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)
    from webui.accounts.models import User
    from webui.gate import actor_of
    from webui.gate.references import register_lists
    from webui.hosts.models import Host
    from webui.ownership import LEDGER, Kind
    from webui.ownership.changes import claim

    host = Host.objects.create(slug="local", name="Local", url="unix:///nowhere")
    ids = [f"{number:064x}" for number in range(1, _CONTAINERS + 1)]
    lists = SimpleNamespace(containers={key: _listed(key) for key in ids}, images={}, volumes={}, networks={})
    register_lists(lambda _host: lists)
    sam = User.objects.create_user("sam", role="standard")
    claim(host.pk, Kind.CONTAINER, ids[-_OWN:], sam.pk)
    LEDGER.refresh(older_than_s=0)
    administrator = actor_of(User.objects.create_user("olga", role="administrator"))
    standard = actor_of(sam)
    listed = json.dumps(list(lists.containers.values())).encode()
    own, name = ids[-1], f"c-{int(ids[-1], 16)}"
    works = {
        "administrator, inspect": _begun(administrator, host, "GET", f"/containers/{own}/json"),
        "administrator, stop (written to the audit log)": _begun(
            administrator, host, "POST", f"/containers/{own}/stop"
        ),
        "standard user, inspect by id": _begun(standard, host, "GET", f"/containers/{own}/json"),
        "standard user, inspect by name": _begun(standard, host, "GET", f"/containers/{name}/json"),
        "standard user, another's by name (refused, written)": _refused(standard, host, "GET", "/containers/c-1/json"),
    }
    taken = asyncio.run(_medians(works))
    taken["standard user, a list of 1,000 read, and to 50 cut down"] = asyncio.run(
        _medians({"": _cut(standard, host, listed)})
    )[""]  # fmt: skip
    return taken


def _listed(key: str) -> dict[str, Any]:
    return {
        "Id": key, "Names": [f"/c-{int(key, 16)}"], "Image": "busybox", "State": "running", "Labels": {"a": "b"},
        "Mounts": [], "Ports": [], "Status": "Up 5 minutes", "Created": 1_700_000_000,
    }  # fmt: skip


Work = Callable[[], Coroutine[Any, Any, object]]


def _begun(actor: Any, host: Any, method: str, path: str) -> Work:
    from webui.gate.passage import begin_async, end_async

    async def work() -> None:
        passage = await begin_async(actor, host, method, path, query={}, body=None)
        await end_async(passage, 200)

    return work


def _refused(actor: Any, host: Any, method: str, path: str) -> Work:
    from webui.gate import NotVisible

    begun = _begun(actor, host, method, path)

    async def work() -> None:
        try:
            await begun()
        except NotVisible:
            return
        raise AssertionError(f"{path} is somebody else's")

    return work


def _cut(actor: Any, host: Any, answer: bytes) -> Work:
    from webui.gate.passage import answered_async, begin_async

    async def work() -> None:
        passage = await begin_async(actor, host, "GET", "/containers/json", query={"all": "1"}, body=None)
        assert len(json.loads(await answered_async(passage, answer))) == _OWN

    return work


async def _medians(works: dict[str, Work]) -> dict[str, float]:
    """In turns, so that noise of the machine falls on all alike."""
    taken: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(_ROUNDS):
        for name, work in works.items():
            began = time.perf_counter()
            await work()
            taken[name].append((time.perf_counter() - began) * 1000)
    return {name: median(values) for name, values in taken.items()}


if __name__ == "__main__":
    print(json.dumps(_taken()))
