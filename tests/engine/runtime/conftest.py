"""A real runtime on the host's own busybox, without images, network or daemon."""

import asyncio
import secrets
import shutil
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from engine.cgroups import ContainerCgroup, Hierarchies, container_cgroup_path, engine_cgroup_path
from engine.config import EngineConfig
from engine.linux import mounts
from engine.runtime import Bundle, ExitStatus, Runtime, RuntimeChoice, detect_runtime
from engine.seccomp import SeccompProfiles
from engine.spec import HostFacts, MountSpec, ProcessUser, SpecRequest, build_spec, effective_capabilities

_APPLETS = "sh cat echo env sleep true ls id stty dd mount seq grep hostname ps head touch kill nproc yes tail mknod"


@pytest.fixture(scope="session")
def rootfs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    busybox = shutil.which("busybox")
    if busybox is None:
        pytest.skip("busybox is not installed")
    folder = tmp_path_factory.mktemp("rootfs")
    folder.chmod(0o755)  # it becomes /, which every user must be able to enter
    for name in ("bin", "dev", "etc", "proc", "root", "sys", "tmp"):
        (folder / name).mkdir()
    shutil.copy(busybox, folder / "bin/busybox")
    for applet in _APPLETS.split():
        (folder / "bin" / applet).symlink_to("busybox")
    (folder / "etc/passwd").write_text("root:x:0:0:root:/root:/bin/sh\nolga:x:1000:1000::/home/olga:/bin/sh\n")
    (folder / "etc/group").write_text("root:x:0:\nolga:x:1000:\naudio:x:29:olga\n")
    return folder


@pytest.fixture(scope="session", params=["crun", "runc"])
def config(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[EngineConfig]:
    """Each runtime that is installed passes the same tests."""
    if shutil.which(request.param) is None:
        pytest.skip(f"{request.param} is not installed")
    base = tmp_path_factory.mktemp("engine")
    config = EngineConfig(
        root=base / "root", exec_root=base / "run", cgroup_parent="/quayside-test", runtime=request.param
    )
    yield config
    for folder in (config.exec_root, config.root):
        mounts.unmount_under(folder)
    asyncio.run(_remove_groups(config))


async def _remove_groups(config: EngineConfig) -> None:
    await ContainerCgroup(Hierarchies.read(), engine_cgroup_path(config)).remove()


@pytest.fixture(scope="session")
def choice(config: EngineConfig) -> RuntimeChoice:
    return asyncio.run(detect_runtime(config))


@pytest.fixture
async def runtime(config: EngineConfig, choice: RuntimeChoice) -> AsyncIterator[Runtime]:
    runtime = Runtime(config, choice)
    await runtime.start_up()
    yield runtime
    await runtime.orphans(())
    await runtime.shut_down()


class Trial:
    """One container to try something with."""

    def __init__(self, runtime: Runtime, bundle: Bundle, container_id: str, log_path: Path) -> None:
        self.runtime, self.bundle, self.id, self.log_path = runtime, bundle, container_id, log_path

    async def create(self, **options: Any) -> int:
        return await self.runtime.create(self.id, self.bundle, log_path=self.log_path, **options)

    async def start(self, **options: Any) -> int:
        pid = await self.create(**options)
        await self.runtime.start(self.id)
        return pid

    async def end(self) -> ExitStatus:
        async with asyncio.timeout(90):
            return await self.runtime.wait_exit(self.id)

    async def run(self, **options: Any) -> tuple[ExitStatus, str]:
        """Start it, wait for its end, and return the status and all of its output."""
        await self.start(**options)
        return await self.end(), self.output()

    def output(self) -> str:
        # conmon's lines: time, stream, F or P, text.
        return "\n".join(line.split(" ", 3)[3] for line in self.log_path.read_text().splitlines())


@pytest.fixture
def trial(runtime: Runtime, config: EngineConfig, rootfs: Path, tmp_path: Path) -> Callable[..., Trial]:
    facts, profiles = HostFacts.read(), SeccompProfiles()

    def make(
        args: Sequence[str],
        host_config: Mapping[str, Any] | None = None,
        *,
        mounts: tuple[MountSpec, ...] = (),
        **request: Any,
    ) -> Trial:
        host = host_config or {}
        container_id = secrets.token_hex(32)
        capabilities = effective_capabilities(host, facts.capabilities)
        request = {"env": [], "user": ProcessUser(), "hostname": container_id[:12]} | request
        spec = build_spec(
            SpecRequest(
                container_id=container_id,
                rootfs=rootfs,
                args=args,
                host_config=host,
                cgroup_path=container_cgroup_path(config, container_id),
                facts=facts,
                mounts=mounts,
                seccomp=profiles.resolve(
                    host.get("SecurityOpt") or [], capabilities, privileged=bool(host.get("Privileged"))
                ),
                **request,
            )
        )
        return Trial(
            runtime, Bundle(spec, container_cgroup_path(config, container_id)), container_id, tmp_path / container_id
        )

    return make
