"""The life of a container, on the real kernel."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from engine.cgroups import CgroupMode
from engine.config import EngineConfig
from engine.errors import Conflict, NotFound
from engine.linux.processes import is_running
from engine.runtime import Runtime, RuntimeChoice, StartFailed

pytestmark = pytest.mark.real

MakeTrial = Callable[..., Any]


async def test_a_container_runs_and_leaves_its_exit_code_and_its_output(trial: MakeTrial) -> None:
    status, output = await trial(["sh", "-c", "echo out; echo err >&2; exit 7"]).run()
    assert status.code == 7
    assert not status.oom_killed
    assert sorted(output.split()) == ["err", "out"]


async def test_nothing_runs_before_start(trial: MakeTrial) -> None:
    container = trial(["echo", "hello"])
    pid = await container.create()
    assert is_running(pid)
    assert container.output() == ""
    await container.runtime.start(container.id)
    await container.end()
    assert container.output() == "hello"


async def test_starting_twice_is_a_conflict(trial: MakeTrial) -> None:
    container = trial(["sleep", "600"])
    await container.start()
    with pytest.raises(Conflict, match="already started"):
        await container.runtime.start(container.id)


@pytest.mark.parametrize(
    ("command", "exit_code", "words"),
    [
        (["/nowhere"], 127, "no such file or directory"),
        (["nowhere"], 127, "executable file not found in \\$PATH"),
        (["/etc/passwd"], 126, "permission denied"),
        (["/etc"], 126, "permission denied"),
    ],
)
async def test_a_command_that_cannot_run_says_so_and_leaves_nothing(
    trial: MakeTrial, command: list[str], exit_code: int, words: str, config: EngineConfig
) -> None:
    container = trial(command)
    with pytest.raises(StartFailed, match=words) as failure:
        await container.create()
    assert failure.value.exit_code == exit_code
    assert not list(config.exec_root.rglob(container.id))
    assert not container.runtime.cgroup(container.id).exists()


async def test_what_on_created_raises_undoes_the_create(trial: MakeTrial, config: EngineConfig) -> None:
    seen: list[int] = []

    async def refuse(pid: int) -> None:
        seen.append(pid)
        raise Conflict("no network")

    container = trial(["sleep", "600"])
    with pytest.raises(Conflict, match="no network"):
        await container.create(on_created=refuse)
    assert not is_running(seen[0])
    assert not list(config.exec_root.rglob(container.id))


async def test_delete_kills_and_leaves_nothing(trial: MakeTrial, config: EngineConfig) -> None:
    container = trial(["sh", "-c", "sleep 600 & sleep 600"])
    pid = await container.start()
    group = container.runtime.cgroup(container.id)
    await container.runtime.delete(container.id)
    assert not is_running(pid)
    assert not group.exists()
    assert not list(config.exec_root.rglob(container.id))
    await container.runtime.delete(container.id)


async def test_an_id_can_be_created_again_after_its_end(trial: MakeTrial) -> None:
    container = trial(["sh", "-c", "exit 3"])
    assert (await container.run())[0].code == 3
    assert (await container.run())[0].code == 3


async def test_a_signal_ends_the_container_with_128_and_its_number(trial: MakeTrial) -> None:
    container = trial(["sh", "-c", "kill -TERM $$; sleep 600"], {"PidMode": "host"})
    status, _ = await container.run()
    assert status.code == 128 + signal.SIGTERM


async def test_kill_signals_the_first_process(trial: MakeTrial) -> None:
    container = trial(["sh", "-c", "trap 'exit 5' USR1; echo ready; while :; do sleep 0.05; done"])
    await container.start()
    await _until(lambda: container.output() == "ready")
    await container.runtime.kill(container.id, signal.SIGUSR1)
    assert (await container.end()).code == 5
    with pytest.raises(Conflict, match="not running"):
        await container.runtime.kill(container.id, signal.SIGUSR1)


async def test_a_paused_container_stands_still_and_can_be_killed(trial: MakeTrial) -> None:
    container = trial(["sleep", "600"])
    await container.start()
    await container.runtime.pause(container.id)
    assert container.runtime.cgroup(container.id).is_frozen()
    await container.runtime.resume(container.id)
    assert not container.runtime.cgroup(container.id).is_frozen()
    await container.runtime.pause(container.id)
    await container.runtime.kill(container.id, signal.SIGKILL)
    assert (await container.end()).code == 137


async def test_pids_names_every_process(trial: MakeTrial) -> None:
    container = trial(["sh", "-c", "sleep 600 & sleep 600 & echo ready; wait"])
    pid = await container.start()
    await _until(lambda: container.output() == "ready")
    pids = await container.runtime.pids(container.id)
    assert pid in pids
    assert len(pids) == 3


async def test_a_container_over_its_memory_limit_is_oom_killed(trial: MakeTrial) -> None:
    host_config = {"Memory": 16 * 1024 * 1024, "MemorySwap": 16 * 1024 * 1024}
    status, _ = await trial(["sh", "-c", "tail /dev/zero"], host_config).run()
    assert status.oom_killed
    assert status.code != 0


async def test_limits_reach_the_kernel_and_can_be_changed(trial: MakeTrial) -> None:
    container = trial(["sleep", "600"], {"Memory": 64 << 20, "NanoCpus": 500_000_000, "PidsLimit": 20})
    await container.start()
    group = container.runtime.cgroup(container.id)
    before = group._memory_limit()
    await container.runtime.update_resources(container.id, {"Memory": 128 << 20, "MemorySwap": 256 << 20})
    assert (before, group._memory_limit()) == (64 << 20, 128 << 20)
    await container.runtime.update_resources(container.id, {"Memory": 32 << 20, "MemorySwap": 32 << 20})
    assert group._memory_limit() == 32 << 20
    assert (group.folder("pids") / "pids.max").read_text().strip() == "20"


async def test_containers_are_filtered(trial: MakeTrial) -> None:
    container = trial(["sh", "-c", "grep ^Seccomp: /proc/self/status; sleep 600"])
    await container.start()
    await _until(lambda: "Seccomp:" in container.output())
    assert container.output().split() == ["Seccomp:", "2"]


async def test_unconfined_is_only_what_was_asked_for(trial: MakeTrial) -> None:
    options = {"SecurityOpt": ["seccomp=unconfined"]}
    _, output = await trial(["grep", "^Seccomp:", "/proc/self/status"], options).run()
    assert output.split() == ["Seccomp:", "0"]


async def test_a_privileged_container_runs_here(trial: MakeTrial) -> None:
    status, output = await trial(["sh", "-c", "mount -t tmpfs x /tmp && echo mounted"], {"Privileged": True}).run()
    assert (status.code, output) == (0, "mounted")


async def test_signals_that_the_daemon_ignores_are_not_ignored_in_the_container(trial: MakeTrial) -> None:
    _, output = await trial(["grep", "SigIgn", "/proc/self/status"]).run()
    # 32 and 33 are the C library's own: no program can reset them, whatever it inherited.
    of_the_c_library = 1 << 31 | 1 << 32
    assert int(output.split()[1], 16) & ~of_the_c_library == 0


async def test_a_container_outlives_a_killed_daemon(
    trial: MakeTrial, config: EngineConfig, choice: RuntimeChoice, tmp_path: Path
) -> None:
    """Another process creates and starts it, and is killed; this one finds it running, and its exit code."""
    container = trial(["sh", "-c", "while [ ! -e /tmp/go-on ]; do sleep 0.05; done; echo survived; exit 42"])
    go_on = Path(container.bundle.spec["root"]["path"]) / "tmp/go-on"
    daemon = await _start_in_another_process(container, config, choice, tmp_path)
    daemon.kill()
    daemon.wait()
    runtime = Runtime(config, choice)
    await runtime.start_up()
    try:
        state = await runtime.restore(container.id)
        assert (state.is_running, state.is_started, state.exit) == (True, True, None)
        assert state.pid is not None
        assert is_running(state.pid)
        go_on.touch()
        async with asyncio.timeout(90):
            assert (await runtime.wait_exit(container.id)).code == 42
        assert container.output() == "survived"
    finally:
        go_on.unlink(missing_ok=True)
        await runtime.delete(container.id)
        await runtime.shut_down()


async def test_a_container_that_ended_while_no_daemon_ran_is_told_at_restore(
    trial: MakeTrial, config: EngineConfig, choice: RuntimeChoice, tmp_path: Path
) -> None:
    container = trial(["sh", "-c", "while [ ! -e /tmp/go-on ]; do sleep 0.05; done; exit 9"])
    daemon = await _start_in_another_process(container, config, choice, tmp_path)
    daemon.kill()
    daemon.wait()
    go_on = Path(container.bundle.spec["root"]["path"]) / "tmp/go-on"
    go_on.touch()
    await _until((config.exec_root / "exits" / container.id).exists)
    go_on.unlink()
    state = await container.runtime.restore(container.id)
    assert state.exit is not None
    assert (state.is_running, state.exit.code) == (False, 9)
    assert (await container.end()).code == 9


async def test_the_death_of_conmon_ends_the_container(trial: MakeTrial, config: EngineConfig) -> None:
    container = trial(["sleep", "600"])
    pid = await container.start()
    os.kill(int((config.exec_root / "containers" / container.id / "conmon.pid").read_text()), signal.SIGKILL)
    assert (await container.end()).code == 137
    assert not is_running(pid)


async def test_orphans_are_removed_and_the_known_are_kept(trial: MakeTrial) -> None:
    kept, orphan = trial(["sleep", "600"]), trial(["sleep", "600"])
    kept_pid, orphan_pid = await kept.start(), await orphan.start()
    assert await kept.runtime.orphans({kept.id}) == [orphan.id]
    assert is_running(kept_pid)
    assert not is_running(orphan_pid)


async def test_waiting_for_a_container_that_never_was_says_so(runtime: Runtime) -> None:
    with pytest.raises(NotFound):
        await runtime.wait_exit("0" * 64)


async def test_ten_containers_start_at_once(trial: MakeTrial) -> None:
    containers = [trial(["sh", "-c", f"exit {number}"]) for number in range(10)]
    results = await asyncio.gather(*(container.run() for container in containers))
    assert [status.code for status, _ in results] == list(range(10))


async def _until(condition: Callable[[], bool], timeout_s: float = 90) -> None:
    async with asyncio.timeout(timeout_s):
        while not condition():
            await asyncio.sleep(0.01)


_DAEMON = """
import asyncio, pickle, sys, time
from engine.runtime import Runtime
async def main():
    config, choice, container_id, bundle, log_path = pickle.load(open(sys.argv[1], "rb"))
    runtime = Runtime(config, choice)
    await runtime.start_up()
    await runtime.create(container_id, bundle, log_path=log_path)
    await runtime.start(container_id)
    print("started", flush=True)
    await runtime.wait_exit(container_id)
    time.sleep(60)
asyncio.run(main())
"""


async def _start_in_another_process(
    container: Any, config: EngineConfig, choice: RuntimeChoice, tmp_path: Path
) -> subprocess.Popen[bytes]:
    import pickle

    order = tmp_path / "order"
    order.write_bytes(pickle.dumps((config, choice, container.id, container.bundle, container.log_path)))
    daemon = subprocess.Popen([sys.executable, "-c", _DAEMON, str(order)], stdout=subprocess.PIPE)
    assert daemon.stdout is not None
    assert await asyncio.to_thread(daemon.stdout.readline) == b"started\n"
    return daemon


async def test_what_outlives_the_first_process_is_killed(trial: MakeTrial) -> None:
    container = trial(["sh", "-c", "sleep 600 & exit 3"], {"PidMode": "host"})
    status, _ = await container.run()
    assert status.code == 3


async def test_who_waits_learns_the_end_also_when_the_container_is_deleted(trial: MakeTrial) -> None:
    container = trial(["sleep", "600"])
    await container.start()
    waiting = asyncio.create_task(container.end())
    await asyncio.sleep(0)
    await container.runtime.delete(container.id)
    assert (await waiting).code == 137


async def test_a_create_that_is_cancelled_leaves_nothing(trial: MakeTrial, config: EngineConfig) -> None:
    container = trial(["sleep", "600"])
    for turns in (1, 2, 5, 20):
        creating = asyncio.create_task(container.create())
        for _ in range(turns):
            await asyncio.sleep(0)
        creating.cancel()
        with pytest.raises(asyncio.CancelledError):
            await creating
        assert not list(config.exec_root.rglob(container.id))
        assert not container.runtime.cgroup(container.id).exists()


async def test_a_shim_is_in_the_group_of_shims_and_the_daemon_is_not(trial: MakeTrial, config: EngineConfig) -> None:
    container = trial(["sleep", "600"])
    await container.start()
    shim = int((config.exec_root / "containers" / container.id / "conmon.pid").read_text())
    groups = [line.split(":", 2) for line in Path(f"/proc/{shim}/cgroup").read_text().splitlines()]
    inside = {controllers for _, controllers, path in groups if path.endswith("/shims")}
    # A cpuset takes nobody before it has processors; that of the daemon is kept.
    assert inside >= {controllers for _, controllers, _ in groups} - {"cpuset"}
    assert "/shims" not in Path("/proc/self/cgroup").read_text()


async def test_shims_weigh_more_than_a_container(trial: MakeTrial) -> None:
    container = trial(["sleep", "600"])
    await container.start()
    hierarchies = container.runtime.hierarchies
    own = hierarchies.folder("cpu", container.runtime.cgroup(container.id).path)
    file = "cpu.weight" if hierarchies.mode is CgroupMode.V2 else "cpu.shares"
    assert int((own.parent / "shims" / file).read_text()) == 10 * int((own / file).read_text())
