import os
from pathlib import Path

import pytest
from msgspec.structs import replace

from engine.config import EngineConfig
from engine.runtime.choice import RuntimeChoice
from engine.runtime.remembered import RememberedChoice


@pytest.fixture
def program(tmp_path: Path) -> Path:
    path = tmp_path / "crun"
    path.write_text("one")
    return path


@pytest.fixture
def config(tmp_path: Path) -> EngineConfig:
    return EngineConfig(root=tmp_path / "root", exec_root=tmp_path)


def remembered(config: EngineConfig, program: Path) -> RememberedChoice:
    return RememberedChoice(config, programs={"crun": str(program), "runc": None})


def test_what_was_chosen_is_found_again(config: EngineConfig, program: Path) -> None:
    choice = RuntimeChoice("crun", program, "1.8.1", Path("/usr/bin/conmon"), has_private_mounts=True, reason="it runs")
    remembered(config, program).save(choice)
    assert remembered(config, program).load() == choice


def test_another_program_or_another_wish_is_tried_out_anew(config: EngineConfig, program: Path) -> None:
    remembered(config, program).save(RuntimeChoice("crun", program, "1.8.1", Path("/usr/bin/conmon")))
    assert remembered(replace(config, runtime="runc"), program).load() is None
    program.write_text("another")
    os.utime(program, ns=(1, 1))
    assert remembered(config, program).load() is None


def test_a_file_that_makes_no_sense_is_passed_over(config: EngineConfig, program: Path) -> None:
    (config.exec_root / "runtime.json").write_text("{}")
    assert remembered(config, program).load() is None
