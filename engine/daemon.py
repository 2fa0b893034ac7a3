"""The whole engine: every room built, opened from the bottom up, and let go in the other order.

The only module that knows them all. Containers outlive it: closing lets go, it stops nothing.
"""

import asyncio
import contextlib
import fcntl
import gc
import logging
import os
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from engine.api.routes import archive as archive_routes
from engine.api.routes import containers as container_routes
from engine.api.routes import distribution as distribution_routes
from engine.api.routes import events as event_routes
from engine.api.routes import exec as exec_routes
from engine.api.routes import images as image_routes
from engine.api.routes import networks as network_routes
from engine.api.routes import system as system_routes
from engine.api.routes import volumes as volume_routes
from engine.api.server import ApiServer, Route
from engine.apparmor import load_default
from engine.config import EngineConfig
from engine.containers import Containers
from engine.errors import Unavailable
from engine.events import EventBus
from engine.images import Images
from engine.layers import Layers
from engine.network import NetworkController
from engine.runtime import Runtime, detect_runtime
from engine.seccomp import SeccompProfiles
from engine.stats import StatsSampler
from engine.system import Parts, System
from engine.volumes import VolumeStore

log = logging.getLogger(__name__)


async def run(config: EngineConfig) -> None:
    """Serve until SIGTERM or SIGINT. Raises Unavailable when the engine cannot run here; the text says what to do."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    _make_folders(config)
    with contextlib.ExitStack() as stack:
        stack.enter_context(_only_daemon(config))
        async with _opened(config) as routes:
            server = ApiServer(routes)
            await server.start(config)
            log.info("ready")
            # What was imported and restored stays: looking through it, now or at every later collection, finds nothing.
            gc.freeze()
            gc.enable()
            await stop.wait()
            await server.stop()


def _make_folders(config: EngineConfig) -> None:
    config.root.mkdir(parents=True, exist_ok=True, mode=0o711)
    config.exec_root.mkdir(parents=True, exist_ok=True, mode=0o711)


@contextlib.contextmanager
def _only_daemon(config: EngineConfig) -> Any:
    """Hold the root for this process: two daemons on one root would take each other's containers for orphans."""
    path = config.root / "engine.lock"
    with path.open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Unavailable(f"another engine runs on {config.root}: stop it first, or give another --root") from None
        if config.pidfile:
            config.pidfile.write_text(f"{os.getpid()}\n")
        try:
            yield
        finally:
            if config.pidfile:
                config.pidfile.unlink(missing_ok=True)


@asynccontextmanager
async def _opened(config: EngineConfig) -> AsyncIterator[list[Route]]:
    """Every room, restored from what the last daemon left; the routes that serve them."""
    async with AsyncExitStack() as stack:
        events = EventBus()
        apparmor_profile = await asyncio.to_thread(load_default)
        choice = await detect_runtime(config)
        log.info("runtime: %s", choice.reason)
        runtime = Runtime(config, choice)
        await runtime.start_up()
        stack.push_async_callback(runtime.shut_down)
        layers = Layers(config)
        await layers.start()
        stack.push_async_callback(layers.stop)
        images = Images(config, layers, events.publish)
        await images.start()
        stack.push_async_callback(images.close)
        volumes = VolumeStore(config, events.publish)
        await volumes.start()
        network = NetworkController(config, events.publish)
        await network.start()
        stack.push_async_callback(network.stop)
        stats = StatsSampler(runtime.hierarchies)
        stack.push_async_callback(stats.close)
        containers = Containers(
            config,
            images=images,
            layers=layers,
            runtime=runtime,
            network=network,
            volumes=volumes,
            seccomp=SeccompProfiles(),
            stats=stats,
            publish=events.publish,
        )
        images.in_use, volumes.in_use = containers.uses_of_image, containers.uses_of_volume
        await containers.restore()
        stack.push_async_callback(containers.close)
        system = System(
            config,
            Parts(
                containers=containers,
                images=images,
                layers=layers,
                volumes=volumes,
                runtime=choice,
                conmon_version=choice.conmon_version,
                cgroup_mode=runtime.hierarchies.mode,
                has_apparmor=apparmor_profile is not None,
                has_selinux=containers.has_selinux,
                listener_count=lambda: events.listener_count,
                check_credentials=images.check_credentials,
            ),
        )
        yield [
            *system_routes.routes(system),
            *event_routes.routes(events),
            *container_routes.routes(containers),
            *archive_routes.routes(containers.files),
            *exec_routes.routes(containers),
            *image_routes.routes(images),
            *distribution_routes.routes(images),
            *network_routes.routes(network, containers),
            *volume_routes.routes(volumes),
        ]
