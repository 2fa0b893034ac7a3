"""Containers whose root is nobody on the host: which, what they cannot have, the namespace that they run in."""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

from engine.config import EngineConfig, IdMap
from engine.errors import InvalidArgument
from engine.linux import user_namespaces
from engine.linux.user_namespaces import HeldNamespace


def id_map_for(host_config: Mapping[str, Any], config: EngineConfig) -> IdMap | None:
    """How users of a new container are mapped. Raises InvalidArgument, in dockerd's words, for what cannot be so."""
    if config.id_map is None or host_config["UsernsMode"] == "host":
        return None
    if host_config["Privileged"]:
        raise InvalidArgument(
            "privileged mode is incompatible with user namespaces.  You must run the container in the host namespace "
            "when running privileged mode"
        )
    if host_config["NetworkMode"] == "host":
        raise InvalidArgument("cannot share the host's network namespace when user namespaces are enabled")
    if host_config["PidMode"] == "host":
        raise InvalidArgument("cannot share the host PID namespace when user namespaces are enabled")
    return config.id_map


@contextlib.asynccontextmanager
async def held_namespace(
    id_map: IdMap | None, *, joined: Path | None, with_network: bool
) -> AsyncIterator[HeldNamespace | None]:
    """The namespace for one start: held until the container's process is in it. `joined` is that of another one."""
    if id_map is None:
        yield None
        return
    held = await asyncio.to_thread(user_namespaces.hold, id_map, joined=joined, with_network=with_network)
    try:
        yield held
    finally:
        await asyncio.to_thread(held.close)


def give_files(folder: Path, id_map: IdMap) -> None:
    """Make what is in `folder` the mapped root's: the files of the network, which are mounted into the container."""
    for entry in os.scandir(folder):
        if entry.is_file(follow_symlinks=False):
            os.chown(entry.path, id_map.uid_start, id_map.gid_start, follow_symlinks=False)


def give_volume(folder: Path, id_map: IdMap) -> None:
    """Make a new volume the mapped root's. One that anything is in belongs to somebody already."""
    status = folder.stat()
    if status.st_uid == 0 and status.st_gid == 0 and not any(folder.iterdir()):
        os.chown(folder, id_map.uid_start, id_map.gid_start)
