"""Containers whose root is nobody on the host, and devices of vendors: both are options of a daemon of their own."""

import json
import subprocess
import tarfile
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest

from tests.conformance.conftest import DockerCli
from tests.daemons import Daemon, running_engine

pytestmark = pytest.mark.real

_START = 200_000
_CDI = {
    "cdiVersion": "0.6.0",
    "kind": "nvidia.com/gpu",
    "containerEdits": {"env": ["DRIVER=made-up"]},
    "devices": [
        {"name": "0", "containerEdits": {"deviceNodes": [{"path": "/dev/gpu0", "hostPath": "/dev/null"}]}},
        {
            "name": "all",
            "containerEdits": {
                "deviceNodes": [{"path": "/dev/gpu0", "hostPath": "/dev/zero"}],
                "mounts": [{"hostPath": "/etc/passwd", "containerPath": "/opt/gpu/lib", "options": ["ro", "bind"]}],
            },
        },
    ],
}


@pytest.fixture(scope="module")
def daemon(busybox_tar: Path) -> Iterator[Daemon]:
    with tempfile.TemporaryDirectory(prefix="qs-") as name:
        folder = Path(name)
        folder.chmod(0o711)  # the root of a container is somebody else, and has to come to its files
        (folder / "cdi").mkdir()
        (folder / "cdi/gpu.json").write_text(json.dumps(_CDI))
        options = ("--userns-remap", f"start={_START}", "--cdi-spec-dir", str(folder / "cdi"))
        with running_engine(folder, *options) as running:
            running.load(busybox_tar)
            yield running


@pytest.fixture
def docker(daemon: Daemon, tmp_path: Path) -> Iterator[DockerCli]:
    yield DockerCli("docker", daemon, tmp_path)
    daemon.remove_all_containers()


def _sleeping(docker: DockerCli, *options: str) -> tuple[str, int]:
    name = docker.ok("run", "-d", *options, "busybox", "sleep", "600")
    return name, int(docker.ok("inspect", "-f", "{{.State.Pid}}", name))


def test_root_of_a_container_is_nobody_on_the_host_and_owns_its_files(docker: DockerCli) -> None:
    container, pid = _sleeping(docker, "-v", "made:/data")
    assert Path(f"/proc/{pid}").stat().st_uid == _START
    seen = docker.ok(
        "exec", container, "sh", "-c", "touch /data/x; stat -c %u /bin /etc/hosts /data /data/x /.dockerenv"
    )
    assert seen.split() == ["0"] * 5
    assert (
        docker.ok("exec", "-u", "33", container, "sh", "-c", "id -u; touch /bin/x 2>/dev/null || echo no") == "33\nno"
    )
    assert docker("exec", container, "ip", "link", "add", "d", "type", "dummy").code != 0
    assert "name=userns" in docker.ok("info", "-f", "{{.SecurityOptions}}")


def test_the_network_works_and_another_container_can_join_it(docker: DockerCli) -> None:
    serve = "echo page > /www/index.html; httpd -h /www; sleep 600"
    docker.ok("run", "-d", "--name", "web", "-p", "127.0.0.1::80", "busybox", "sh", "-c", serve)
    port = docker.ok("port", "web", "80").rpartition(":")[2]
    deadline = time.monotonic() + 90
    while (page := _page(port)) != "page\n" and time.monotonic() < deadline:
        time.sleep(0.05)
    assert page == "page\n"
    join = ("run", "--rm", "--network", "container:web")
    assert docker.ok(*join, "busybox", "wget", "-qO-", "127.0.0.1") == "page"
    refused = docker(*join, "--userns", "host", "busybox", "true")
    assert "whose users are mapped otherwise" in refused.err


def _page(port: str) -> str:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=90) as answer:
            return str(answer.read().decode())
    except OSError:
        return ""


@pytest.mark.parametrize("is_running", [True, False], ids=["running", "stopped"])
def test_files_keep_their_owners_on_the_way_in_and_out(docker: DockerCli, *, is_running: bool) -> None:
    container, _ = _sleeping(docker)
    if not is_running:
        docker.ok("stop", "-t", "0", container)
    given = BytesIO()
    with tarfile.open(fileobj=given, mode="w") as archive:
        member = tarfile.TarInfo("new/file")
        member.uid, member.gid, member.size = 7, 8, 2
        archive.addfile(member, BytesIO(b"hi"))
    docker.ok("cp", "-", f"{container}:/tmp", stdin=given.getvalue())
    command = [docker.path, "-H", docker.daemon.url, "cp", f"{container}:/tmp/new", "-"]
    taken = subprocess.run(command, capture_output=True, check=True).stdout
    with tarfile.open(fileobj=BytesIO(taken)) as archive:
        assert [(m.name, m.uid, m.gid) for m in archive] == [("new", 0, 0), ("new/file", 7, 8)]


def test_an_image_made_of_it_has_the_owners_that_the_container_saw(docker: DockerCli) -> None:
    change = "touch /owned; chown 5:6 /owned; chmod 4755 /owned"
    docker.ok("run", "--name", "source", "busybox", "sh", "-c", change)
    docker.ok("commit", "source", "made:latest")
    for options in ((), ("--userns", "host")):
        assert docker.ok("run", "--rm", *options, "made", "stat", "-c", "%u %g %a", "/owned") == "5 6 4755"


def test_what_needs_the_host_is_refused_unless_it_opts_out(docker: DockerCli) -> None:
    assert "privileged mode is incompatible" in docker("run", "--rm", "--privileged", "busybox", "true").err
    assert "host's network namespace" in docker("run", "--rm", "--network", "host", "busybox", "true").err
    assert "host PID namespace" in docker("run", "--rm", "--pid", "host", "busybox", "true").err
    opted_out = ("run", "--rm", "--privileged", "--userns", "host", "busybox", "cat", "/proc/self/uid_map")
    assert docker.ok(*opted_out).split() == ["0", "0", "4294967295"]


@pytest.mark.parametrize("userns", [(), ("--userns", "host")], ids=["mapped", "host"])
def test_devices_of_a_vendor_come_with_what_belongs_to_them(docker: DockerCli, userns: tuple[str, ...]) -> None:
    every = "head -c 2 /dev/gpu0 | wc -c; head -c 4 /opt/gpu/lib; echo; echo $DRIVER"
    assert docker.ok("run", "--rm", *userns, "--gpus", "all", "busybox", "sh", "-c", every) == "2\nroot\nmade-up"
    one = _with_device(docker, "nvidia.com/gpu=0", "echo x > /dev/gpu0; head -c 2 /dev/gpu0 | wc -c", userns)
    assert docker.ok("start", "-a", one) == "0"
    missing = docker("start", _with_device(docker, "nvidia.com/gpu=9", "true", userns))
    assert "unresolvable CDI devices nvidia.com/gpu=9" in missing.err


def _with_device(docker: DockerCli, name: str, script: str, userns: tuple[str, ...]) -> str:
    """A container as `docker create --device NAME` of CLI 28 makes it; that of Debian does not know such names."""
    host = {
        "DeviceRequests": [{"Driver": "cdi", "DeviceIDs": [name]}], "UsernsMode": "host" if userns else "",
    }  # fmt: skip
    body = {"Image": "busybox", "Cmd": ["sh", "-c", script], "HostConfig": host}
    return str(docker.daemon.json("POST", "/containers/create", body)["Id"])


def test_an_old_client_gets_its_gpus_too(daemon: Daemon, tmp_path: Path) -> None:
    old = DockerCli("/usr/bin/docker", daemon, tmp_path)
    assert old.ok("run", "--rm", "--gpus", "device=0", "busybox", "ls", "/dev/gpu0") == "/dev/gpu0"


def test_after_kill_9_what_runs_goes_on_and_what_is_started_is_mapped(docker: DockerCli) -> None:
    container, pid = _sleeping(docker)
    docker.daemon.kill()
    docker.daemon.start_again()
    assert docker.ok("exec", container, "id", "-u") == "0"
    assert Path(f"/proc/{pid}").stat().st_uid == _START
    docker.ok("restart", "-t", "0", container)
    assert docker.ok("exec", container, "stat", "-c", "%u", "/bin") == "0"
    assert not [folder for folder in Path("/proc").glob("[0-9]*") if _is_holder(folder, docker.daemon.process.pid)]


def _is_holder(folder: Path, daemon_pid: int) -> bool:
    """A program of this daemon that was to hold a namespace during a start."""
    try:
        is_ours = f"\nPPid:\t{daemon_pid}\n" in (folder / "status").read_text()
        return is_ours and b"echo ready; read -r _" in (folder / "cmdline").read_bytes()
    except OSError:
        return False
