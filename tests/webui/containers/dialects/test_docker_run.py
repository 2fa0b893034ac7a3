"""A line read here asks for what the docker CLI asks for; what it refuses is refused, in words that name the cause."""

import json
import re
import shlex
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.webui.containers.dialects.lines import LINES, WRONG
from tests.webui.containers.dialects.recorded_cli import RecordedCli, has_cli_28, recording
from webui.containers.dialects.flags import FLAGS, RENAMED, SHORT
from webui.containers.docker_run import RunLineError, parse_run_line

needs_cli = pytest.mark.skipif(not has_cli_28(), reason="needs the docker CLI 28")


@pytest.fixture(scope="module")
def cli() -> Iterator[RecordedCli]:
    # Not pytest's own folder: a path of a unix socket ends at 108 bytes.
    with tempfile.TemporaryDirectory() as folder, recording(Path(folder)) as recorded:
        yield recorded


# Of these maps the keys are the values.
_SETS = {"Volumes", "ExposedPorts", "PortBindings", "EndpointsConfig"}
# What the CLI says where nothing was said, or says of itself.
_DEFAULTS: dict[str, Any] = {
    "MemorySwappiness": -1, "RestartPolicy": {"Name": "no"}, "NetworkMode": "default", "ConsoleSize": [0, 0],
    "ContainerIDFile": "/tmp/never-written",
}  # fmt: skip


def lean(value: Any, key: str = "") -> Any:
    """A body without what it does not say. Binds are sorted: the CLI keeps them in a map."""
    if isinstance(value, dict):
        found = {name: lean(one, name) for name, one in value.items()}
        if key == "EndpointsConfig" and found.get("default") in (None, {}):
            found.pop("default", None)
            if len(found) == 1 and next(iter(found)) in {"host", "bridge"} | {n for n in found if ":" in n}:
                found = {name: one for name, one in found.items() if one}
        if key in _SETS:
            return found
        kept = {"Init", "StopTimeout", "MemorySwappiness"}
        return {
            name: one
            for name, one in found.items()
            if (
                one not in (None, "", 0, False, [], {})
                or (name in kept and one is not None)
                or key in {"Labels", "Annotations", "Tmpfs"}
            )
            and one != _DEFAULTS.get(name, ...)
        }
    if isinstance(value, list):
        lines = [lean(one) for one in value]
        return sorted(lines, key=str) if key in {"Binds", "Env", "Ulimits"} else lines
    return value


RECORD = Path(__file__).with_name("recorded.json")


def _sent(cli: RecordedCli, line: str) -> dict[str, Any] | None:
    """What the CLI sends for a line, without what it does not say; None where it refuses the line."""
    try:
        asked = cli(line)
    except ValueError:
        return None
    query = {name: asked.query.get(name, [""])[0] for name in ("name", "platform")}
    return {"body": lean(asked.body), **query}


@needs_cli
def test_the_record_is_what_the_docker_cli_sends(cli: RecordedCli) -> None:
    """After a change to the lines: delete the record, and this test writes it anew (and fails once)."""
    sent = {line: _sent(cli, line) for line in (*LINES, *WRONG)}
    if not RECORD.exists():
        RECORD.write_text(json.dumps(sent, indent=1, sort_keys=True) + "\n")
        pytest.fail("the record was written anew")
    assert json.loads(RECORD.read_text()) == sent


@pytest.mark.parametrize("line", LINES)
def test_a_line_asks_for_what_the_docker_cli_asks_for(line: str) -> None:
    sent, read = json.loads(RECORD.read_text())[line], parse_run_line(line)
    assert {"body": lean(read.body), "name": read.name, "platform": read.platform} == sent


@pytest.mark.parametrize("line", WRONG)
def test_what_the_docker_cli_refuses_is_refused(line: str) -> None:
    assert json.loads(RECORD.read_text())[line] is None
    with pytest.raises(RunLineError, match=r"\w"):
        parse_run_line(line)


@needs_cli
def test_every_flag_of_the_cli_is_known_and_tried() -> None:
    help_text = subprocess.run(["docker", "run", "--help"], capture_output=True, text=True, check=True).stdout
    flags = re.findall(r"^ {2}(?:-(\w), |    )--([a-z0-9-]+)", help_text, re.MULTILINE)
    assert {name for _, name in flags} == set(FLAGS)
    assert {short: name for short, name in flags if short} == SHORT
    tried = {
        word.lstrip("-").partition("=")[0]
        for line in (*LINES, *WRONG)
        for word in shlex.split(line.replace("\\\n", " "))
    }
    shorts = {
        letter
        for line in LINES
        for word in shlex.split(line)
        for letter in word.lstrip("-")
        if word[:1] == "-" != word[1:2]
    }
    told = tried | {SHORT.get(letter, "") for letter in shorts} | {RENAMED.get(name, "") for name in tried}
    assert set(FLAGS) - told - {"help", "use-api-socket", "io-maxbandwidth", "io-maxiops", "cpu-percent"} == set()


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("docker run --bogus x", "docker run has no flag --bogus."),
        ("docker run -iZ x", "docker run has no flag -Z (in -iZ)."),
        ("docker run -v $PWD:/a x", "“$PWD” is filled in by a shell: write here what it stands for."),
        ("docker run -v $(pwd):/a x", "“$(pwd)” is filled in by a shell: write here what it stands for."),
        ("docker run -v ~/a:/a x", "“~” is filled in by a shell: write the whole path on the host."),
        ("docker run -v ./a:/a x",
         "--volume: “./a:/a”: ./a is counted from a folder of yours; write the whole path on the host."),
        ("docker run -d x && rm -rf /", "“&” is for a shell: paste one docker command alone."),
        ("docker run --env-file prod.env x",
         "--env-file prod.env is a file on the machine where the CLI runs: paste its lines as variables instead."),
        ("docker run --memory 99999999999g x", "--memory: “99999999999g” is more than any machine has."),
        ("docker run --health-interval 9999999h x", "--health-interval: “9999999h” is longer than anybody waits."),
        ("docker run --memory 5q x", "--memory: “5q” is not a size, such as 512m or 2g."),
        ("docker ps", "That is docker ps, not docker run or docker create."),
        ("ls -l", "That does not begin with docker run."),
        ("", "That does not begin with docker run."),
        ("docker run -d --name x", "The line names no image."),
        ("docker run 'x", "A quotation mark (') is not closed."),
        ("docker run -d\n  -p 80:80 x", "A line that goes on ends with “\\”: one of these lines has none."),
    ],
)  # fmt: skip
def test_a_line_that_cannot_be_read_says_which_part_and_why(line: str, words: str) -> None:
    with pytest.raises(RunLineError) as refused:
        parse_run_line(line)
    assert str(refused.value) == words


def test_what_stands_before_the_verb_is_passed_over() -> None:
    for line in ("sudo docker run -d x", "$ docker run -d x", "sudo -E /usr/bin/docker container run -d x # my box"):
        assert parse_run_line(line).body == {"Image": "x"}
    elsewhere = parse_run_line("docker -H tcp://1.2.3.4 --context=far run -d x")
    assert len(elsewhere.warnings) == 2
    assert "the one of this page" in elsewhere.warnings[0]


def test_a_variable_without_a_value_is_asked_for() -> None:
    line = parse_run_line("docker run -d -e TOKEN -e A=1 x")
    assert (line.asked_variables, line.body["Env"]) == (("TOKEN",), ["A=1"])
    assert line.warnings == ("-e TOKEN takes its value from the shell that the CLI runs in: give it here.",)


def test_quotes_and_marks_of_a_shell_are_read_as_a_shell_reads_them() -> None:
    body = parse_run_line(
        "docker run -d -e 'P=$x `y`' -e \"Q=\\$z \\\"q\\\"\" -e R=a\\ b -e S=a'b'\"c\" x sh -c 'a | b > c'"
    ).body
    assert body["Env"] == ["P=$x `y`", 'Q=$z "q"', "R=a b", "S=abc"]
    assert body["Cmd"] == ["sh", "-c", "a | b > c"]


def test_flags_for_the_cli_alone_are_said_to_be_left_out() -> None:
    line = parse_run_line("docker run -q --cidfile /x --sig-proxy=false --detach-keys a --pull always y")
    assert (line.pull, len(line.warnings)) == ("always", 4)


def test_a_line_goes_on_after_its_mark_also_with_blanks_behind_it() -> None:
    line = parse_run_line("docker run -d \\  \r\n  --name a\\\nb \\\n  busybox \\\n  sleep 5")
    assert (line.name, line.body) == ("ab", {"Image": "busybox", "Cmd": ["sleep", "5"]})
