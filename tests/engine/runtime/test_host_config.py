"""What HostConfig asks for, seen from inside real containers."""

import asyncio
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.config import EngineConfig
from engine.linux import mounts
from engine.runtime import Runtime
from engine.spec import HostFacts, MountSpec, find_init

pytestmark = pytest.mark.real

MakeTrial = Callable[..., Any]


async def output_of(container: Any, **options: Any) -> str:
    status, text = await container.run(**options)
    assert status.code == 0, text
    return str(text)


@pytest.fixture
def mounted(config: EngineConfig) -> Iterator[Path]:
    """A file system mounted below the engine's root while the engine runs, as layers are."""
    target = config.root / "mounted"
    target.mkdir(parents=True)
    mounts.mount("tmpfs", target, "tmpfs")
    (target / "file").write_text("from the mount")
    yield target
    mounts.unmount(target)
    target.rmdir()


async def test_what_the_engine_mounts_below_its_root_reaches_containers(trial: MakeTrial, mounted: Path) -> None:
    await trial(["true"]).run()
    volume = MountSpec("/tmp/here", str(mounted))
    assert await output_of(trial(["cat", "/tmp/here/file"], mounts=(volume,))) == "from the mount"


async def test_what_is_mounted_elsewhere_on_the_host_reaches_containers(trial: MakeTrial, tmp_path: Path) -> None:
    await trial(["true"]).run()
    target = tmp_path / "disk"
    target.mkdir()
    mounts.mount("tmpfs", target, "tmpfs")
    try:
        (target / "file").write_text("from the disk\n")
        volume = MountSpec("/tmp/here", str(target), read_only=True)
        command = ["sh", "-c", "cat /tmp/here/file; touch /tmp/here/new 2>/dev/null || echo read-only"]
        assert await output_of(trial(command, mounts=(volume,))) == "from the disk\nread-only"
    finally:
        mounts.unmount(target, lazy=True)


async def test_a_container_lets_go_of_the_mounts_of_others(trial: MakeTrial, mounted: Path) -> None:
    """Its conmon holds a mount namespace; what the engine unmounts must go from there too, or layers stay busy."""
    container = trial(["sleep", "600"])
    await container.start()
    second = mounted.parent / "second"
    second.mkdir()
    mounts.mount("tmpfs", second, "tmpfs")
    shim = int((container.runtime.attach_path(container.id).parent / "conmon.pid").read_text())
    seen = Path(f"/proc/{shim}/mountinfo")
    assert str(second) in seen.read_text()
    mounts.unmount(second)
    assert str(second) not in seen.read_text()
    second.rmdir()


@pytest.fixture
def netns() -> Iterator[Path]:
    """A pinned network namespace with an interface named test7."""
    name = "quayside-test-runtime"
    subprocess.run(["ip", "netns", "add", name], check=True)
    subprocess.run(["ip", "-n", name, "link", "add", "test7", "type", "bridge"], check=True)
    yield Path("/run/netns") / name
    subprocess.run(["ip", "netns", "del", name], check=True)


async def test_a_container_joins_a_pinned_network_namespace(trial: MakeTrial, netns: Path) -> None:
    assert "test7" in await output_of(trial(["cat", "/proc/net/dev"], netns=netns))


async def test_hostname_environment_user_and_folder_are_as_asked(trial: MakeTrial) -> None:
    from engine.spec import ProcessUser

    container = trial(
        ["sh", "-c", "hostname; echo $A $HOME; id -u; ls -d $PWD"],
        env=["A=b"],
        hostname="box",
        user=ProcessUser(1000, 1000, (), "/home/olga"),
        cwd="/tmp",
    )
    assert (await output_of(container)).split() == ["box", "b", "/home/olga", "1000", "/tmp"]


async def test_the_root_can_be_read_only_with_a_tmpfs_to_write_to(trial: MakeTrial) -> None:
    command = ["sh", "-c", "touch /x 2>/dev/null || echo refused; touch /tmp/x && echo written; mount | grep ' /tmp '"]
    text = await output_of(trial(command, {"ReadonlyRootfs": True, "Tmpfs": {"/tmp": "size=1m"}}))
    assert text.split("\n")[:2] == ["refused", "written"]
    assert "size=1024k" in text
    assert "noexec" in text


async def test_shared_memory_has_its_size(trial: MakeTrial) -> None:
    assert "size=4096k" in await output_of(trial(["grep", " /dev/shm ", "/proc/mounts"], {"ShmSize": 4 << 20}))


async def test_capabilities_are_dropped_and_added(trial: MakeTrial) -> None:
    text = await output_of(trial(["grep", "CapEff", "/proc/self/status"], {"CapDrop": ["ALL"], "CapAdd": ["CHOWN"]}))
    assert int(text.split()[1], 16) == 1


async def test_a_container_may_not_write_what_it_may_only_see(trial: MakeTrial) -> None:
    command = "mount -t tmpfs x /tmp 2>&1; echo 1 2>&1 >/proc/sys/kernel/panic; cat /proc/kcore; ls /sys/firmware"
    text = (await trial(["sh", "-c", command]).run())[1]
    assert "permission denied" in text.lower() or "not permitted" in text.lower()
    assert "read-only" in text.lower()
    assert text.count("\n") < 5


async def test_sysctls_and_ulimits_are_set(trial: MakeTrial) -> None:
    host_config = {
        "Sysctls": {"kernel.shmmax": "123456"},
        "Ulimits": [{"Name": "nofile", "Soft": 100, "Hard": 200}],
    }
    command = ["sh", "-c", "cat /proc/sys/kernel/shmmax; ulimit -Sn; ulimit -Hn"]
    assert (await output_of(trial(command, host_config))).split() == ["123456", "100", "200"]


async def test_no_new_privileges_is_on_when_asked_for(trial: MakeTrial) -> None:
    options = {"SecurityOpt": ["no-new-privileges"]}
    assert (await output_of(trial(["grep", "NoNewPrivs", "/proc/self/status"], options))).split() == [
        "NoNewPrivs:",
        "1",
    ]


async def test_an_init_is_the_first_process_when_asked_for(trial: MakeTrial) -> None:
    init = find_init()
    if init is None:
        pytest.skip("no tini or catatonit is installed")
    text = await output_of(trial(["sh", "-c", "cat /proc/1/cmdline; exit 0"], init=init))
    assert text.startswith("/sbin/docker-init")


async def test_a_container_can_share_the_namespaces_of_another(trial: MakeTrial, runtime: Runtime) -> None:
    command = ["sh", "-c", "echo shared > /dev/shm/word; echo ready; sleep 600"]
    folder = await runtime.make_shared_memory("donor", 1 << 20)
    first = trial(command, {"IpcMode": "shareable"}, shared_memory=folder)
    pid = await first.start()
    async with asyncio.timeout(90):
        while first.output() != "ready":
            await asyncio.sleep(0.01)
    joined = {"ipc": Path(f"/proc/{pid}/ns/ipc"), "pid": Path(f"/proc/{pid}/ns/pid")}
    second = trial(["sh", "-c", "cat /dev/shm/word; cat /proc/1/cmdline"], joined=joined, shared_memory=folder)
    text = await output_of(second)
    assert text.startswith("shared\nsleep")


async def test_the_processes_of_the_host_are_seen_with_its_pid_namespace(trial: MakeTrial) -> None:
    text = await output_of(
        trial(["sh", "-c", "readlink /proc/self/ns/pid || ls -l /proc/self/ns/pid"], {"PidMode": "host"})
    )
    assert str(Path("/proc/self/ns/pid").readlink()) in text


async def test_the_control_groups_are_mounted_read_only(trial: MakeTrial) -> None:
    text = await output_of(trial(["grep", "/sys/fs/cgroup", "/proc/mounts"]))
    # The folder itself may be a small tmpfs of the container's own, which it may write.
    kernel_mounts = [line.split() for line in text.splitlines() if line.split()[2] != "tmpfs"]
    assert kernel_mounts
    assert all("ro" in fields[3].split(",") for fields in kernel_mounts)


async def test_a_device_of_the_host_can_be_used(trial: MakeTrial) -> None:
    devices = [{"PathOnHost": "/dev/zero", "PathInContainer": "/dev/nil", "CgroupPermissions": "r"}]
    text = await output_of(
        trial(["sh", "-c", "head -c 3 /dev/nil | wc -c || true; ls -l /dev/nil"], {"Devices": devices})
    )
    assert "1,   5" in text


async def test_the_bounding_set_of_the_machine_is_all_that_privileged_gets(trial: MakeTrial) -> None:
    text = await output_of(trial(["grep", "CapBnd", "/proc/self/status"], {"Privileged": True}))
    from engine.spec.capabilities import names_of

    assert names_of(int(text.split()[1], 16)) == HostFacts.read().capabilities
