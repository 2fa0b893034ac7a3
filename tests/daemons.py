"""Real daemons for tests: our engine, a dockerd beside it, a registry. Each cleans up, also when a test fails."""

import contextlib
import hashlib
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.ports import free_port

if TYPE_CHECKING:
    from tests.peers import Certificates

_START_S = 180
_CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "quayside-tests"


class UnixConnection(http.client.HTTPConnection):
    """HTTP over a unix socket, for fixtures that must not depend on the client under test."""

    def __init__(self, path: Path, timeout_s: float = 60) -> None:
        super().__init__("docker", timeout=timeout_s)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


@dataclass(slots=True)
class Daemon:
    """A running daemon that speaks the Docker API on `socket`."""

    name: str
    socket: Path
    process: subprocess.Popen[bytes]
    argv: list[str]
    log: Path

    @property
    def url(self) -> str:
        return f"unix://{self.socket}"

    @property
    def prefix(self) -> list[str]:
        """What a command is started with to share the daemon's network; nothing where that is the machine's."""
        return self.argv[:2] if self.argv[:1] == ["nsenter"] else []

    def api(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, bytes]:
        """One request; returns status and body. `body` is bytes, or goes as JSON."""
        connection = UnixConnection(self.socket)
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        kind = {} if data is None else {"Content-Type": "application/json"}
        try:
            connection.request(method, path, data, {**kind, **{k.replace("_", "-"): v for k, v in headers.items()}})
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    def json(self, method: str, path: str, body: Any = None) -> Any:
        status, data = self.api(method, path, body)
        if status >= 400:
            raise AssertionError(f"{method} {path}: {status} {data!r}")
        return json.loads(data) if data else None

    def load(self, tar: Path) -> None:
        status, data = self.api("POST", "/images/load", tar.read_bytes(), Content_Type="application/x-tar")
        if status != 200 or b"errorDetail" in data:
            raise AssertionError(f"load {tar}: {status} {data!r}")

    def remove_all_containers(self) -> None:
        for container in self.json("GET", "/containers/json?all=1"):
            self.api("DELETE", f"/containers/{container['Id']}?force=1&v=1")

    def clear(self) -> None:
        """Remove containers, volumes and networks; what the daemon cannot do without it refuses to remove."""
        self.remove_all_containers()
        for volume in self.json("GET", "/volumes")["Volumes"] or []:
            self.api("DELETE", f"/volumes/{volume['Name']}?force=1")
        for network in self.json("GET", "/networks"):
            self.api("DELETE", f"/networks/{network['Id']}")

    def kill(self) -> None:
        """kill -9: what the daemon leaves behind is what a crash leaves behind."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(_START_S)

    def start_again(self) -> None:
        self.process = _spawn(self.argv, self.log)
        wait_for_ping(self)

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(_START_S)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


def _spawn(argv: list[str], log: Path) -> subprocess.Popen[bytes]:
    # An installed engine has its bytecode; ours is kept out of the tree, whatever this shell says about writing it.
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    env = {**kept, "PYTHONPYCACHEPREFIX": str(_CACHE / "bytecode")}
    with log.open("ab") as output:
        return subprocess.Popen(
            argv, stdout=output, stderr=output, stdin=subprocess.DEVNULL, start_new_session=True, env=env
        )


def wait_for_ping(daemon: Daemon) -> None:
    deadline = time.monotonic() + _START_S
    while time.monotonic() < deadline:
        if daemon.process.poll() is not None:
            break
        with contextlib.suppress(OSError, http.client.HTTPException):
            if daemon.api("GET", "/_ping")[0] == 200:
                return
        time.sleep(0.02)
    daemon.stop()
    raise AssertionError(f"{daemon.name} did not start:\n" + daemon.log.read_text(errors="replace")[-4000:])


@contextlib.contextmanager
def running_engine(folder: Path, *options: str) -> Iterator[Daemon]:
    """Our engine with everything below `folder`; afterwards no container, mount, link or rule of it is left."""
    mark = hashlib.sha256(str(folder).encode()).hexdigest()[:8]
    exec_root = Path("/run") / f"qs-{mark}"  # short: unix socket paths end at 108 bytes
    root, sock = folder / "root", exec_root / "docker.sock"
    exec_root.mkdir(parents=True)
    argv = [
        *(sys.executable, "-m", "engine", "--root", str(root), "--exec-root", str(exec_root), "-H", f"unix://{sock}"),
        *("--cgroup-parent", f"/qs-{mark}", *options),
    ]
    daemon = Daemon("engine", sock, _spawn(argv, folder / "engine.log"), argv, folder / "engine.log")
    try:
        wait_for_ping(daemon)
        yield daemon
    finally:
        if daemon.process.poll() is not None:
            with contextlib.suppress(AssertionError):
                daemon.start_again()
        with contextlib.suppress(OSError, AssertionError):
            daemon.remove_all_containers()
        daemon.stop()
        _remove_kernel_objects(root)
        unmount_below(folder)
        unmount_below(exec_root)
        remove_cgroups(f"qs-{mark}")
        shutil.rmtree(exec_root, ignore_errors=True)
        shutil.rmtree(root, ignore_errors=True)


def instance_of(root: Path) -> str:
    """How the engine on `root` marks what it makes in the kernel."""
    return hashlib.sha256(str(root.absolute()).encode()).hexdigest()[:6]


def _remove_kernel_objects(root: Path) -> None:
    """Links and the rule table that carry the mark of the engine on `root`."""
    instance = instance_of(root)
    links = json.loads(subprocess.run(["ip", "-j", "link"], capture_output=True, check=True).stdout)
    for link in links:
        if str(link.get("ifalias", "")).startswith(f"quayside:{instance}"):
            subprocess.run(["ip", "link", "delete", link["ifname"]], check=False, capture_output=True)
    tables = subprocess.run(["nft", "list", "tables"], capture_output=True, text=True, check=False).stdout
    for line in tables.splitlines():
        if line.endswith(f"quayside-{instance}"):
            subprocess.run(["nft", "delete", *line.split()], check=False)


def unmount_below(folder: Path) -> None:
    lines = Path("/proc/self/mountinfo").read_text().splitlines()
    points = [line.split()[4] for line in lines]
    for point in sorted((p for p in points if Path(p).is_relative_to(folder)), reverse=True):
        subprocess.run(["umount", "-l", point], check=False)


def remove_cgroups(name: str, *, with_children: bool = True) -> None:
    """Remove a group from each hierarchy; one in which something runs, or has a group of its own, stays."""
    for top in (*Path("/sys/fs/cgroup").glob(f"*/{name}"), *Path("/sys/fs/cgroup").glob(name)):
        for folder in [folder for folder, _, _ in os.walk(top, topdown=False)] if with_children else [top]:
            with contextlib.suppress(OSError):
                Path(folder).rmdir()


@contextlib.contextmanager
def running_dockerd(folder: Path, *options: str) -> Iterator[Daemon]:
    """Debian's dockerd in a network namespace of its own: its bridge and iptables stay off the machine's."""
    mark = hashlib.sha256(str(folder).encode()).hexdigest()[:8]
    exec_root, netns = Path("/run") / f"dk-{mark}", f"dk-{mark}"
    sock = exec_root / "docker.sock"
    exec_root.mkdir(parents=True)
    subprocess.run(["ip", "netns", "add", netns], check=True)
    subprocess.run(["ip", "-n", netns, "link", "set", "lo", "up"], check=True)
    argv = [
        # nsenter, not `ip netns exec`: that remounts /sys and hides the cgroups.
        *("nsenter", f"--net=/run/netns/{netns}", "dockerd", "--data-root", str(folder / "root")),
        *("--exec-root", str(exec_root), "--pidfile", str(exec_root / "pid"), "-H", f"unix://{sock}"),
        *("--cgroup-parent", f"/dk-{mark}", *options),
    ]
    daemon = Daemon("dockerd", sock, _spawn(argv, folder / "dockerd.log"), argv, folder / "dockerd.log")
    try:
        wait_for_ping(daemon)
        yield daemon
    finally:
        with contextlib.suppress(OSError, AssertionError):
            daemon.remove_all_containers()
        daemon.stop()
        unmount_below(folder)
        unmount_below(exec_root)
        subprocess.run(["ip", "netns", "delete", netns], check=False)
        remove_cgroups(f"dk-{mark}")
        shutil.rmtree(exec_root, ignore_errors=True)
        shutil.rmtree(folder / "root", ignore_errors=True)


@dataclass(frozen=True, slots=True)
class Registry:
    """A real registry on loopback, where plain HTTP is allowed."""

    address: str


@contextlib.contextmanager
def running_registry(
    folder: Path, *prefix: str, more: str = "", certificates: "Certificates | None" = None
) -> Iterator[Registry]:
    """`prefix` is a command that starts it elsewhere, in a network namespace; `more` is YAML for its configuration."""
    port = free_port()
    config = folder / "registry.yml"
    config.write_text(
        "version: 0.1\nlog: {level: error}\n"
        f"storage: {{filesystem: {{rootdirectory: {folder / 'registry'}}}, delete: {{enabled: true}}}}\n"
        f"http: {{addr: '127.0.0.1:{port}'{_tls_of(certificates)}}}\n{more}"
    )
    process = _spawn([*prefix, "docker-registry", "serve", str(config)], folder / "registry.log")
    try:
        deadline = time.monotonic() + _START_S
        while time.monotonic() < deadline:
            # Asked of the kernel: its loopback may be another than ours. 0A is listening.
            if f"0100007F:{port:04X} 00000000:0000 0A" in Path(f"/proc/{process.pid}/net/tcp").read_text():
                break
            time.sleep(0.02)
        yield Registry(f"127.0.0.1:{port}")
    finally:
        process.terminate()
        process.wait(_START_S)


def _tls_of(certificates: "Certificates | None") -> str:
    if certificates is None:
        return ""
    return f", tls: {{certificate: {certificates.certificate}, key: {certificates.key}}}"
