"""From a data folder to a running console: check, start in order, say where it is, watch."""

import importlib
import os
import socket
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from webui.environment import read_environment
from webui.supervisor import processes
from webui.supervisor.children import Child, Function, freeze_memory, run_once
from webui.supervisor.leftovers import end_leftovers
from webui.supervisor.lock import AlreadyRunning, DataLock, bind, lock_data
from webui.supervisor.watch import block_signals, stop_all, watch

# A busy or small machine is slow, not broken. Who has ended is not waited for.
_STORE_START_S = 120.0
# After this it is said that the console does not answer yet.
_WEB_START_S = 30.0
_ASK_AGAIN_S = 0.5


@dataclass(frozen=True, slots=True)
class UpOptions:
    data: Path
    bind: str
    has_engine: bool
    proxy_bind: str = ""


def up(options: UpOptions) -> int:
    """Run until told to stop; returns the exit code. Prints what a person needs: where, and how to get in."""
    try:
        options.data.mkdir(parents=True, exist_ok=True, mode=0o700)
        (options.data / "run").mkdir(exist_ok=True, mode=0o700)
        lock = lock_data(options.data)
        end_leftovers(options.data / "run", say=_say)
        listener = bind(options.bind)
        proxy_listener = bind(options.proxy_bind) if options.proxy_bind else None
    except (AlreadyRunning, ValueError, OSError) as error:
        _say(str(error))
        return 1
    block_signals()
    children: list[Child] = []
    try:
        return _run(options, lock, _Listeners(listener, proxy_listener), children)
    finally:
        stop_all(children)


@dataclass(frozen=True, slots=True)
class _Listeners:
    """The sockets that this process keeps: while a child is started again, callers wait."""

    web: socket.socket
    proxy: socket.socket | None

    def close_all_but(self, kept: socket.socket | None) -> None:
        for listener in (self.web, self.proxy):
            if listener is not None and listener is not kept:
                listener.close()


def _run(options: UpOptions, lock: DataLock, listeners: _Listeners, children: list[Child]) -> int:
    def start(child: Child) -> None:
        child.pid_file = options.data / "run" / f"{child.name}.pid"
        child.start()
        children.append(child)

    reason = processes.why_no_engine() if options.has_engine else None
    has_engine = options.has_engine and reason is None
    if reason:
        _say(f"going on without the bundled engine: {reason}")
    if has_engine:
        start(processes.engine(options.data))
    environment = read_environment()
    if not environment.redis_url:
        store = processes.store(options.data / "store", environment.store_socket)
        start(store)
        if not _wait_for_socket(environment.store_socket, store, _STORE_START_S):
            _say(f"the store did not start: see {options.data / 'store' / 'valkey.log'}")
            return 1
    if run_once(lambda: _prepare_database(has_engine=has_engine)) != 0:
        _say("the database could not be brought up to date: see the lines above")
        return 1
    _import_everything()
    freeze_memory()
    start(processes.web(listeners.web, lambda: _leave(lock, listeners, listeners.web)))
    start(processes.worker(lambda: _leave(lock, listeners)))
    start(processes.beat(options.data, lambda: _leave(lock, listeners)))
    start(processes.keeper(lambda: _leave(lock, listeners)))
    if listeners.proxy is not None:
        start(processes.proxy(listeners.proxy, lambda: _leave(lock, listeners, listeners.proxy)))
        _say(f"the proxy for docker CLI and others listens on {options.proxy_bind}")
    _welcome(listeners.web, lambda: _leave(lock, listeners))
    watch(children, say=_say)
    return 0


def _leave(lock: DataLock, listeners: _Listeners, kept: socket.socket | None = None) -> None:
    lock.close_in_child()
    listeners.close_all_but(kept)


def _prepare_database(*, has_engine: bool) -> int:
    """Migrations, the bundled host, the first administrator. In a child: the parent never opens a connection."""
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0, interactive=False)
    call_command("prepare", no_engine=not has_engine)
    return 0


# What Celery and its broker's client import only when a worker or a beat begins.
_LATE: Final = (
    "celery.apps.beat", "celery.apps.worker", "celery.bin.beat", "celery.bin.celery", "celery.bin.worker",
    "celery.concurrency.thread", "celery.worker.components", "celery.worker.consumer", "celery.worker.worker",
    "channels_redis.pubsub", "django.core.cache.backends.redis", "kombu.transport.redis", "redis.asyncio",
)  # fmt: skip


def _import_everything() -> None:
    """Once, before the fork: what web, worker and beat share afterwards costs memory once. Starts no thread."""
    import django
    from django.urls import get_resolver

    django.setup()
    import webui.asgi
    import webui.celery
    import webui.history.keeper  # noqa: F401

    # Importing the views is what takes long.
    get_resolver().url_patterns  # noqa: B018
    for name in _LATE:
        importlib.import_module(name)


def _wait_for_socket(path: Path, child: Child, timeout_s: float) -> bool:
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline and not _has_ended(child):
        with socket.socket(socket.AF_UNIX) as probe:
            if probe.connect_ex(str(path)) == 0:
                return True
        time.sleep(0.02)
    return False


def _has_ended(child: Child) -> bool:
    """Without taking note of it: that is for whoever stops or watches it."""
    options = os.WEXITED | os.WNOHANG | os.WNOWAIT
    return child.pid is None or os.waitid(os.P_PID, child.pid, options) is not None


def _welcome(listener: socket.socket, leave: Callable[[], None]) -> None:
    """Say where the console is, once it answers; on first start, how to become its administrator.

    In a child that nobody waits for: whoever does not answer yet may have to be started again first.
    """
    host, port = listener.getsockname()[:2]
    shown = "127.0.0.1" if host in ("0.0.0.0", "::") else host  # noqa: S104 - compared, not bound
    url = f"http://{f'[{shown}]' if ':' in shown else shown}:{port}"

    def say() -> None:
        leave()
        _say_welcome(url, shown, port)

    Function(say).start("welcome")


def _say_welcome(url: str, host: str, port: int) -> None:
    failure = _failure_of(host, port)
    if failure:
        _say(f"the console does not answer on {url} yet: {failure}")
    while failure:
        time.sleep(_ASK_AGAIN_S)
        failure = _failure_of(host, port)
    _say(f"running on {url}")
    from webui.accounts.first_run import set_up_path

    path = set_up_path()
    if path:
        _say(f"first start: make your administrator at {url}{path}")


def _failure_of(host: str, port: int) -> str:
    """Why no page comes from there; "" where one does."""
    import http.client

    connection = http.client.HTTPConnection(host, port, timeout=_WEB_START_S)
    try:
        connection.request("GET", "/sign-in/")
        connection.getresponse().read()
    except (OSError, http.client.HTTPException) as error:
        return str(error) or type(error).__name__
    finally:
        connection.close()
    return ""


def _say(words: str) -> None:
    print(f"quayside: {words}", file=sys.stderr, flush=True)
