"""What is written as a `docker run` line is read back as what it was."""

import pytest

from tests.webui.containers.dialects.lines import LINES
from webui.containers.dialects import Raw
from webui.containers.dialects.meaning import lean
from webui.containers.dialects.run_writing import run_line
from webui.containers.docker_run import parse_run_line


def _meant(body: Raw) -> Raw:
    """What the body says; attached or not, terminals aside, is the CLI's business."""
    host = lean(body.get("HostConfig", {}))
    return {**lean({k: v for k, v in body.items() if k not in {"HostConfig", "StdinOnce"}}), "HostConfig": host}


@pytest.mark.parametrize("line", LINES)
def test_a_line_written_is_the_line_that_was_read(line: str) -> None:
    asked = parse_run_line(line)
    written = run_line(asked.body, name=asked.name, platform=asked.platform, pull=asked.pull)
    again = parse_run_line(" \\\n  ".join(written.lines))
    assert _meant(again.body) == _meant(asked.body)
    assert (again.name, again.platform, again.pull) == (asked.name, asked.platform, asked.pull)
    assert [field for field in written.lost if field != "StdinOnce" and "npipe" not in line] == []


def test_what_the_cli_has_no_words_for_is_named() -> None:
    body = {
        "Image": "x", "Shell": ["/bin/ash"], "Healthcheck": {"Test": ["CMD", "ok", "a b"]}, "Env": ["A=1", "HOME"],
        "HostConfig": {"MaskedPaths": ["/x"], "Tmpfs": {}, "Mounts": [
            {"Type": "bind", "Source": "/a", "Target": "/b", "BindOptions": {"CreateMountpoint": True}}],
            "DeviceRequests": [{"Driver": "x", "Capabilities": [["tpu"]]}]},
    }  # fmt: skip
    written = run_line(body)
    assert written.lost == [
        "Shell", "Env HOME (taken away from the image's)", "Mounts.BindOptions.CreateMountpoint",
        "Healthcheck.Test without a shell (it is written with one)", "DeviceRequests (x)",
    ]  # fmt: skip
    assert "--health-cmd 'ok '\"'\"'a b'\"'\"''" in written.lines


def test_secrets_are_named_and_not_told() -> None:
    body = {"Image": "x", "Env": ["PASSWORD=hunter2", "A=1"]}
    written = run_line(body, shows=lambda name: name != "PASSWORD")
    assert written.lines == ["docker run -d", "-e PASSWORD", "-e A=1", "x"]


def test_an_entrypoint_of_several_words_goes_on_in_the_command() -> None:
    written = run_line({"Image": "x", "Entrypoint": ["sh", "-c"], "Cmd": ["echo hi"]})
    assert written.lines == ["docker run -d", "--entrypoint sh", "x -c 'echo hi'"]


def test_a_restart_policy_that_nobody_chose_is_not_written() -> None:
    body = {"Image": "x", "HostConfig": {"RestartPolicy": {"Name": "", "MaximumRetryCount": 0}}}
    assert run_line(body).lines == ["docker run -d", "x"]
