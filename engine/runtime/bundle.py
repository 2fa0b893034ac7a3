"""What conmon and the runtime are given for one container: its folder with config.json, and conmon's arguments."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson
from msgspec import Struct


class Bundle(Struct, frozen=True):
    """What a container is made from: its OCI document (engine.spec) and the group that this names as `cgroupsPath`."""

    spec: dict[str, Any]
    cgroup_path: str


def write_bundle(folder: Path, spec: Mapping[str, Any]) -> None:
    """Make the container's folder, with its document in it."""
    # EXEC_ROOT is in memory (/run): this does not wait for a disk.
    folder.mkdir(parents=True, mode=0o700)
    (folder / "config.json").write_bytes(orjson.dumps(spec))


def create_arguments(exits: Path, container_id: str, log_path: Path | None) -> list[str]:
    """Where conmon leaves the exit code and the log."""
    log = "none" if log_path is None else f"k8s-file:{log_path}"
    return ["-u", container_id, "--exit-dir", str(exits), "-l", log]


def stream_arguments(*, tty: bool, open_stdin: bool, stdin_once: bool) -> list[str]:
    """What conmon does with the container's streams."""
    arguments = ["-t"] if tty else []
    if open_stdin:
        arguments.append("-i")
        if not stdin_once:
            arguments.append("--leave-stdin-open")
    return arguments


def needed_paths(spec: Mapping[str, Any]) -> list[Path]:
    """Host paths that the runtime must see as we do: the root, what is bound into it, pinned namespaces."""
    paths = [spec["root"]["path"]]
    paths += [mount["source"] for mount in spec["mounts"] if mount["type"] == "bind"]
    paths += [namespace["path"] for namespace in spec["linux"]["namespaces"] if "path" in namespace]
    return [Path(path) for path in paths if not path.startswith("/proc/")]
