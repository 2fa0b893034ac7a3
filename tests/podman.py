"""A real Podman with its Docker API, in folders and a network namespace of its own; it cleans up after itself."""

import contextlib
import hashlib
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

from tests.daemons import Daemon, remove_cgroups, unmount_below, wait_for_ping

# The defaults of Podman ask for more than a container or a small machine may give, and for systemd; its networks are
# the machine's, and would be those of every Podman on it.
_CONFIGURATION = """
[containers]
default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]
log_driver = "k8s-file"
[network]
network_backend = "netavark"
network_config_dir = "{folder}/networks"
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
runtime = "runc"
"""
# As dockerd has it: a registry on loopback may speak plain HTTP.
_REGISTRIES = """
[[registry]]
location = "127.0.0.1"
insecure = true
"""


@contextlib.contextmanager
def running_podman(folder: Path) -> Iterator[Daemon]:
    """Podman's service with everything below `folder`; its bridge and rules stay off the machine's network."""
    mark = f"pm-{hashlib.sha256(str(folder).encode()).hexdigest()[:8]}"
    exec_root = Path("/run") / mark
    exec_root.mkdir()
    sock = exec_root / "podman.sock"
    (folder / "containers.conf").write_text(_CONFIGURATION.format(folder=folder))
    (folder / "registries.conf").write_text(_REGISTRIES)
    storage = ["--root", str(folder / "root"), "--runroot", str(exec_root / "run"), "--storage-driver", "overlay"]
    argv = [
        *("nsenter", f"--net=/run/netns/{mark}", "podman", *storage, "--cgroup-manager", "cgroupfs"),
        *("system", "service", "--time=0", f"unix://{sock}"),
    ]
    subprocess.run(["ip", "netns", "add", mark], check=True)
    subprocess.run(["ip", "-n", mark, "link", "set", "lo", "up"], check=True)
    log = folder / "podman.log"
    with log.open("ab") as output:
        environment = {
            **os.environ,
            "CONTAINERS_CONF": str(folder / "containers.conf"),
            "CONTAINERS_REGISTRIES_CONF": str(folder / "registries.conf"),
        }
        process = subprocess.Popen(
            argv, stdout=output, stderr=output, stdin=subprocess.DEVNULL, env=environment, start_new_session=True
        )
    daemon = Daemon("podman", sock, process, argv, log)
    try:
        wait_for_ping(daemon)
        yield daemon
    finally:
        left: list[str] = []
        with contextlib.suppress(OSError, AssertionError):
            left = [str(one["Id"]) for one in daemon.json("GET", "/containers/json?all=1")]
            daemon.remove_all_containers()
        daemon.stop()
        _end_shims(folder / "root")
        unmount_below(folder)
        unmount_below(exec_root)
        subprocess.run(["ip", "netns", "delete", mark], check=False)
        # All Podmans of a machine share one group: what is empty in it may be another's, about to be filled.
        for container_id in left:
            remove_cgroups(f"libpod_parent/libpod-{container_id}")
        remove_cgroups("libpod_parent", with_children=False)
        shutil.rmtree(exec_root, ignore_errors=True)
        shutil.rmtree(folder / "root", ignore_errors=True)


def _end_shims(root: Path) -> None:
    """End the shims of what ran below `root`.

    Podman keeps that of an exec for five minutes after its end, so that its exit code can be asked for (conmon's
    `--exit-delay`); it would then start a Podman that makes these folders again.
    """
    for process in Path("/proc").glob("[0-9]*"):
        # What has ended meanwhile has no command line.
        with contextlib.suppress(OSError):
            words = (process / "cmdline").read_bytes().split(b"\0")
            if Path(os.fsdecode(words[0])).name == "conmon" and any(_is_below(word, root) for word in words):
                os.kill(int(process.name), signal.SIGKILL)


def _is_below(word: bytes, root: Path) -> bool:
    return Path(os.fsdecode(word)).is_relative_to(root)
