"""Finding the fastest OCI runtime that really runs a container on this machine, by running one."""

import asyncio
import contextlib
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from msgspec.structs import replace

from engine.cgroups import CgroupMode, Hierarchies, container_cgroup_path
from engine.config import EngineConfig
from engine.errors import EngineError, Unavailable
from engine.linux.processes import run
from engine.runtime.bundle import Bundle
from engine.runtime.choice import RuntimeChoice
from engine.runtime.failures import StartFailed
from engine.runtime.remembered import RememberedChoice
from engine.runtime.runtime import Runtime
from engine.seccomp import SeccompProfiles
from engine.spec import HostFacts, MountSpec, ProcessUser, SpecRequest, build_spec, effective_capabilities

_SEARCH_PATH = "/usr/local/libexec:/usr/libexec/podman:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_PROBE_TIMEOUT_S = 20.0
_NO_FILTER_EXIT_CODE = 9
# Only words of the shell itself: a root file system of bind mounts may not have grep where we look for it.
_PROBE = f"""while read -r name value; do [ "$name" = Seccomp: ] && [ "$value" = 2 ] && exit 0; done </proc/self/status
exit {_NO_FILTER_EXIT_CODE}"""


async def detect_runtime(config: EngineConfig) -> RuntimeChoice:
    """Try crun, crun without the version 2 hierarchy (on hybrid hosts), runc; or only what `config.runtime` names.

    What an earlier start of the daemon has found out is taken as it is while nothing of it has changed. Raises
    Unavailable when nothing works, with each reason and what to install; nothing of the trials is left.
    """
    names = {"conmon", config.runtime or "crun", config.runtime or "runc"}
    remembered = RememberedChoice(config, programs={name: shutil.which(name, path=_SEARCH_PATH) for name in names})
    choice = await asyncio.to_thread(remembered.load)
    if choice is None:
        choice = await _tried(config)
        await asyncio.to_thread(remembered.save, choice)
    return choice


async def _tried(config: EngineConfig) -> RuntimeChoice:
    conmon = shutil.which("conmon", path=_SEARCH_PATH)
    if conmon is None:
        raise Unavailable("conmon is not installed: install the package conmon")
    refusals: list[str] = []
    for candidate in await _candidates(config, Path(conmon), refusals):
        label = candidate.name + (" in a private mount namespace" if candidate.has_private_mounts else "")
        try:
            return await _proven(config, candidate, label, refusals)
        except StartFailed as error:
            refusals.append(f"{label}: {error.reason}")
        except (EngineError, OSError) as error:
            refusals.append(f"{label}: {error}")
    raise Unavailable(f"no OCI runtime works here ({'; '.join(refusals)}): install the package crun, or runc")


async def _candidates(config: EngineConfig, conmon: Path, refusals: list[str]) -> list[RuntimeChoice]:
    """What is installed, fastest first; what is not, or cannot tell its version, goes to `refusals`."""
    is_hybrid = Hierarchies.read().mode is CgroupMode.HYBRID
    conmon_version = await _version(conmon)
    found: list[RuntimeChoice] = []
    for name in [config.runtime] if config.runtime else ["crun", "runc"]:
        path = shutil.which(name, path=_SEARCH_PATH)
        if path is None:
            refusals.append(f"{name} is not installed")
            continue
        try:
            version = await _version(Path(path))
        except OSError as error:
            refusals.append(str(error))
            continue
        plain = RuntimeChoice(Path(name).name, Path(path), version, conmon, conmon_version=conmon_version)
        found.append(plain)
        if plain.is_crun and is_hybrid:
            found.append(replace(plain, has_private_mounts=True))
    return found


async def _version(path: Path) -> str:
    """The last word of the first line: `crun version 1.8.1`."""
    finished = await run([path, "--version"], timeout_s=_PROBE_TIMEOUT_S)
    lines = finished.stdout.decode(errors="replace").splitlines()
    return lines[0].split()[-1] if lines else "unknown"


async def _proven(config: EngineConfig, choice: RuntimeChoice, label: str, refusals: list[str]) -> RuntimeChoice:
    """The choice with its reason, after containers of it have run. Raises EngineError or OSError."""
    await _probe(config, choice)
    is_compiled = choice.is_crun and await _takes_compiled(config, choice)
    reason = f"{choice.name} {choice.version}{label.removeprefix(choice.name)} runs containers here"
    if refusals:
        reason += f"; tried before: {'; '.join(refusals)}"
    return replace(choice, reason=reason, takes_compiled_seccomp=is_compiled)


async def _takes_compiled(config: EngineConfig, choice: RuntimeChoice) -> bool:
    """Whether containers are filtered by a compiled filter too: the first run compiles it, the second is given it."""
    try:
        await _probe(config, replace(choice, takes_compiled_seccomp=True), runs=2)
    except (EngineError, OSError):
        return False
    return True


async def _probe(config: EngineConfig, choice: RuntimeChoice, *, runs: int = 1) -> None:
    """Run a small shell script in a container made of the host's own programs. Raises when it does not end well."""
    runtime = Runtime(config, choice)
    await runtime.start_up()
    try:
        for _ in range(runs):
            with _host_rootfs(config) as (rootfs, mounts):
                await _run_once(config, runtime, rootfs, mounts)
    finally:
        await runtime.shut_down()


async def _run_once(config: EngineConfig, runtime: Runtime, rootfs: Path, mounts: tuple[MountSpec, ...]) -> None:
    container_id = secrets.token_hex(32)
    facts = HostFacts.read()
    profiles = SeccompProfiles()
    has_profile = profiles.source is not None
    capabilities = effective_capabilities({}, facts.capabilities)
    request = SpecRequest(
        container_id=container_id,
        rootfs=rootfs,
        args=["/bin/sh", "-c", _PROBE],
        env=[],
        user=ProcessUser(),
        host_config={},
        cgroup_path=container_cgroup_path(config, container_id),
        facts=facts,
        mounts=mounts,
        seccomp=profiles.resolve([] if has_profile else ["seccomp=unconfined"], capabilities),
    )
    try:
        await runtime.create(container_id, Bundle(build_spec(request), request.cgroup_path))
        await runtime.start(container_id)
        async with asyncio.timeout(_PROBE_TIMEOUT_S):
            status = await runtime.wait_exit(container_id)
    finally:
        await runtime.delete(container_id)
    expected = 0 if has_profile else _NO_FILTER_EXIT_CODE
    if status.code != expected:
        raise EngineError(f"a trial container ended with exit code {status.code} instead of {expected}")


@contextlib.contextmanager
def _host_rootfs(config: EngineConfig) -> Iterator[tuple[Path, tuple[MountSpec, ...]]]:
    """An empty root with the host's programs and libraries to be bound into it, read-only."""
    config.exec_root.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=config.exec_root, prefix="probe-") as folder:
        rootfs = Path(folder)
        mounts = []
        for name in ("bin", "usr", "lib", "lib64", "nix"):
            host = Path("/") / name
            if host.is_symlink():
                (rootfs / name).symlink_to(host.readlink())
            elif host.is_dir():
                (rootfs / name).mkdir()
                mounts.append(MountSpec(str(host), str(host), read_only=True))
        for name in ("proc", "sys", "dev"):
            os.mkdir(rootfs / name)  # noqa: PTH102
        yield rootfs, tuple(mounts)
