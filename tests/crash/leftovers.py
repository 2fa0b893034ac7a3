"""What an engine has in the kernel and on disk, held against what its API says that it should have."""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.daemons import Daemon, instance_of


def leftovers(engine: Daemon, root: Path) -> list[str]:
    """In words, whatever no container, network or volume of the API owns; and objects that cannot be inspected."""
    exec_root = engine.socket.parent
    unreadable: list[str] = []
    containers = _inspect_all(engine, "/containers/json?all=1", "/containers/{Id}/json", unreadable)
    networks = _inspect_all(engine, "/networks", "/networks/{Id}", unreadable)
    volumes = engine.json("GET", "/volumes")["Volumes"] or []
    names = [c["Name"] for c in containers]
    unreadable += [f"{name} is the name of several" for name in set(names) if names.count(name) > 1]
    running = {c["Id"]: c for c in containers if c["State"]["Running"] and c["State"]["Status"] != "restarting"}
    return [
        *unreadable,
        *_dead(running.values()),
        *_orphans("mount", _mounts(root, exec_root), _wanted_mounts(root, exec_root, running)),
        *_orphans("network namespace", _names(exec_root / "netns"), {i for i, c in running.items() if _has_netns(c)}),
        *_orphans("link", _links(root), _endpoints(running.values()) | {network["Id"] for network in networks}),
        *_orphans("published port", _published(root), _bound(running.values())),
        *_orphans("cgroup", _cgroups(root, exec_root), {*running, "shims"}),
        *_orphans("conmon", _shims(exec_root), set(running)),
        *(
            line
            for name in ("containers", "exits", "oci")
            for line in _orphans(f"{name} folder", _names(exec_root / name), set(running))
        ),
        *_orphans("container folder", _names(root / "containers"), {c["Id"] for c in containers}),
        *_orphans("writable layer", _names(root / "storage/overlay2/writable"), _layers_of(containers)),
        *_orphans("volume folder", _names(root / "volumes"), {volume["Name"] for volume in volumes}),
    ]


def _inspect_all(engine: Daemon, list_path: str, one_path: str, unreadable: list[str]) -> list[dict[str, Any]]:
    found = []
    for element in engine.json("GET", list_path):
        status, body = engine.api("GET", one_path.format(**element))
        if status == 200:
            found.append(json.loads(body))
        elif status != 404:  # ended and removed itself since it was listed
            unreadable.append(f"{one_path.format(**element)} answers {status}")
    return found


def _orphans(kind: str, found: set[str], wanted: set[str]) -> Iterator[str]:
    yield from (f"{kind} {name} belongs to nobody" for name in sorted(found - wanted))
    if kind in ("mount", "network namespace", "published port", "conmon", "writable layer"):
        yield from (f"{kind} {name} is missing" for name in sorted(wanted - found))


def _dead(running: Any) -> Iterator[str]:
    for container in running:
        pid = container["State"]["Pid"]
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except FileNotFoundError:
            state = "gone"
        if state in ("gone", "Z", "X"):
            yield f"container {container['Id'][:12]} is said to run, but its process {pid} is {state}"


def _names(folder: Path) -> set[str]:
    return {entry.name for entry in folder.iterdir()} if folder.is_dir() else set()


def _mounts(root: Path, exec_root: Path) -> set[str]:
    points = {line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()}
    found = {p for p in points if any(Path(p).is_relative_to(top) and p != str(top) for top in (root, exec_root))}
    # The layers as a user namespace sees them are no container's; the daemon has one such mount for each mapping.
    return {p for p in found if not Path(p).is_relative_to(root / "storage/overlay2/mapped")}


def _wanted_mounts(root: Path, exec_root: Path, running: dict[str, Any]) -> set[str]:
    wanted = {str(root / "storage/overlay2/writable" / name / "merged") for name in _layers_of(running.values())}
    wanted |= {str(exec_root / "netns" / container_id) for container_id, c in running.items() if _has_netns(c)}
    shared = [i for i, c in running.items() if c["HostConfig"]["IpcMode"] == "shareable"]
    return wanted | {str(exec_root / "shm" / container_id) for container_id in shared}


def _layers_of(containers: Any) -> set[str]:
    """Those of roots, and of images that are mounted."""
    images = {m["Name"] for c in containers for m in c["Mounts"] if m["Type"] == "image"}
    return {c["Id"] for c in containers} | images


def _has_netns(container: dict[str, Any]) -> bool:
    return container["HostConfig"]["NetworkMode"] != "host"


def _links(root: Path) -> set[str]:
    """The ids of what our links belong to."""
    mark = f"quayside:{instance_of(root)}:"
    links = json.loads(subprocess.run(["ip", "-j", "link"], capture_output=True, check=True).stdout)
    aliases = [str(link.get("ifalias", "")) for link in links]
    return {alias.removeprefix(mark) for alias in aliases if alias.startswith(mark)}


def _endpoints(running: Any) -> set[str]:
    return {e["EndpointID"] for c in running for e in c["NetworkSettings"]["Networks"].values() if e["EndpointID"]}


def _published(root: Path) -> set[str]:
    """`address:port` for each element of our maps."""
    found = set()
    for name in ("published", "published_at"):
        command = ["nft", "-j", "list", "map", "inet", f"quayside-{instance_of(root)}", name]
        listed = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
        for entry in next(part["map"] for part in listed["nftables"] if "map" in part).get("elem", ()):
            key = entry[0]["concat"]
            found.add(f"{key[0] if len(key) == 3 else '0.0.0.0'}:{key[-1]}")
    return found


def _bound(running: Any) -> set[str]:
    places = [p for c in running for bound in c["NetworkSettings"]["Ports"].values() for p in bound or ()]
    return {f"{place['HostIp']}:{place['HostPort']}" for place in places if ":" not in place["HostIp"]}


def _cgroups(root: Path, exec_root: Path) -> set[str]:
    name = f"{exec_root.name}/{instance_of(root)}"
    tops = [*Path("/sys/fs/cgroup").glob(f"*/{name}"), *Path("/sys/fs/cgroup").glob(name)]
    return {entry.name for top in tops for entry in os.scandir(top) if entry.is_dir()}


def _shims(exec_root: Path) -> set[str]:
    """The containers whose conmon, or an exec's, runs."""
    found = set()
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if words[0].endswith(b"conmon") and any(word.startswith(bytes(exec_root) + b"/") for word in words):
            found.add(words[words.index(b"-c") + 1].decode())
    return found
