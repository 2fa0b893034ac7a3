"""Which runtime is chosen, and what is said when there is none."""

import shutil
from pathlib import Path

import pytest

from engine.config import EngineConfig
from engine.errors import Unavailable
from engine.linux import mounts
from engine.runtime import RuntimeChoice, detect_runtime

pytestmark = pytest.mark.real


def test_the_choice_says_why(choice: RuntimeChoice) -> None:
    assert choice.reason.startswith(f"{choice.name} {choice.version}")
    assert "runs containers here" in choice.reason
    assert choice.conmon_version[0].isdigit()


async def test_crun_is_preferred_where_it_works(tmp_path: Path) -> None:
    if shutil.which("crun") is None:
        pytest.skip("crun is not installed")
    config = EngineConfig(root=tmp_path / "root", exec_root=tmp_path / "run", cgroup_parent="/quayside-test")
    choice = await detect_runtime(config)
    assert (choice.name, choice.takes_compiled_seccomp) == ("crun", True)
    assert not mounts.mountpoints_under(tmp_path)


async def test_a_runtime_that_does_not_work_is_named_with_what_to_install(tmp_path: Path) -> None:
    broken = tmp_path / "crun"
    broken.write_text("#!/bin/sh\n[ $1 = --version ] && { echo crun version 0; exit; }\necho broken >&2; exit 1\n")
    broken.chmod(0o755)
    config = EngineConfig(
        root=tmp_path / "root", exec_root=tmp_path / "run", cgroup_parent="/quayside-test", runtime=str(broken)
    )
    with pytest.raises(Unavailable, match=r"crun.*install the package crun") as failure:
        await detect_runtime(config)
    assert "broken" in str(failure.value)


async def test_a_runtime_that_is_not_there_is_named_too(tmp_path: Path) -> None:
    config = EngineConfig(root=tmp_path / "root", exec_root=tmp_path / "run", runtime="/no/such/runtime")
    with pytest.raises(Unavailable, match="/no/such/runtime is not installed"):
        await detect_runtime(config)
