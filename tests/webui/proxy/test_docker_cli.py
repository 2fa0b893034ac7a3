"""What people type, through the proxy: the real docker CLIs with a personal token, on our engine."""

import os
import pty
import select
import subprocess
import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.webui.proxy.conftest import Cli, Proxy
from webui.access import Role
from webui.accounts.models import User
from webui.audit.models import Entry, Recording
from webui.audit.recordings import path_of
from webui.gate import actor_of
from webui.hosts.models import Host
from webui.tokens import revoke
from webui.tokens.models import Token

pytestmark = pytest.mark.real
MakeCli = Callable[[Token], Cli]


def test_run_brings_output_and_exit_code_and_is_written_down_with_the_token(
    proxy: Proxy, cli: MakeCli, admin: User
) -> None:
    docker = cli(proxy.token(admin))
    outcome = docker("run", "--rm", "busybox", "sh", "-c", "echo out; echo err >&2; exit 3")
    assert (outcome.returncode, outcome.stdout, outcome.stderr) == (3, b"out\n", b"err\n")
    assert docker.ok("ps", "-aq") == ""
    created = Entry.objects.get(operation="container.create")
    assert (created.username, created.token, created.address, created.status) == ("olga", "laptop", "127.0.0.1", 201)
    assert Entry.objects.get(operation="container.attach").duration_ms is not None


def test_the_end_of_standard_input_arrives_and_the_program_may_still_speak(
    proxy: Proxy, cli: MakeCli, admin: User
) -> None:
    docker = cli(proxy.token(admin))
    said = docker.ok("run", "-i", "--rm", "busybox", "sh", "-c", "cat; sleep 0.3; echo done", stdin=b"one\ntwo\n")
    assert said == "one\ntwo\ndone"


def test_logs_exec_cp_and_inspect_work_as_on_the_host_itself(
    proxy: Proxy, cli: MakeCli, admin: User, tmp_path_factory: pytest.TempPathFactory
) -> None:
    docker = cli(proxy.token(admin))
    docker.ok("run", "-d", "--name", "web", "busybox", "sleep", "600")
    docker.ok("run", "--name", "said", "busybox", "echo", "ready")
    assert docker.ok("logs", "said") == "ready"
    assert docker.ok("exec", "web", "echo", "inside") == "inside"
    folder = tmp_path_factory.mktemp("cp")
    (folder / "note").write_text("over the quay\n")
    docker.ok("cp", str(folder / "note"), "web:/tmp/note")
    assert docker.ok("exec", "web", "cat", "/tmp/note") == "over the quay"
    docker.ok("cp", "web:/tmp/note", str(folder / "back"))
    assert (folder / "back").read_text() == "over the quay\n"
    assert docker.ok("inspect", "-f", "{{.Name}}", "web") == "/web"
    docker.ok("rm", "-f", "web")


def test_a_terminal_in_a_container_takes_keys_and_gives_the_exit_code(proxy: Proxy, cli: MakeCli, admin: User) -> None:
    docker = cli(proxy.token(admin))
    docker.ok("run", "-d", "--name", "web", "busybox", "sleep", "600")
    ours, theirs = pty.openpty()
    process = docker.start("exec", "-it", "web", "sh", stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    seen = _until(ours, b"# ", b"")
    os.write(ours, b"echo $((6*7)); exit 5\n")
    seen += _until(ours, b"42", b"")
    assert process.wait(90) == 5
    os.close(ours)
    assert b"42" in seen


def test_a_terminal_on_a_recorded_host_is_recorded_here_too(
    proxy: Proxy, cli: MakeCli, admin: User, settings: Any, tmp_path_factory: pytest.TempPathFactory
) -> None:
    settings.QUAYSIDE_DATA = tmp_path_factory.mktemp("data")
    Host.objects.update(records_consoles=True)
    docker = cli(proxy.token(admin))
    docker.ok("run", "-d", "--name", "web", "busybox", "sleep", "600")
    assert docker.ok("exec", "web", "echo", "on the record") == "on the record"
    # The CLI is told of the end before the last of it is written down.
    _wait_for(Recording.objects.exists)
    assert "on the record" in path_of(Recording.objects.get().name).read_text()


def test_events_come_as_they_happen(proxy: Proxy, cli: MakeCli, admin: User) -> None:
    docker = cli(proxy.token(admin))
    events = docker.start("events", "--format", "{{.Action}}", "--filter", "type=container", stdout=subprocess.PIPE)
    assert events.stdout is not None
    try:
        # The stream is open once something comes through it.
        seen = b""
        while b"create" not in seen:
            docker.ok("create", "busybox")
            if select.select([events.stdout], [], [], 0.5)[0]:
                seen += os.read(events.stdout.fileno(), 4096)
    finally:
        events.kill()
        events.wait()
        events.stdout.close()


def test_a_revoked_token_ends_logs_that_are_being_followed(proxy: Proxy, cli: MakeCli, admin: User) -> None:
    token = proxy.token(admin)
    docker = cli(token)
    docker.ok("run", "-d", "--name", "web", "busybox", "sh", "-c", "while true; do echo tick; sleep 0.2; done")
    following = docker.start("logs", "-f", "web", stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert following.stdout is not None
    assert following.stdout.readline() == b"tick\n"
    revoke([token], by=actor_of(admin))
    following.communicate(timeout=90)
    outcome = docker("ps")
    assert outcome.returncode != 0
    assert b"revoked" in outcome.stderr


def test_what_a_role_may_not_do_is_refused_in_words_by_the_cli_too(proxy: Proxy, cli: MakeCli, operator: User) -> None:
    docker = cli(proxy.token(operator))
    assert docker.ok("ps", "-q") == ""
    outcome = docker("run", "--rm", "busybox", "true")
    assert outcome.returncode == 125
    assert b"container.create on Local is not for the role operator" in outcome.stderr
    assert Entry.objects.filter(operation="container.create", is_allowed=False, username="otto").exists()


def test_what_is_somebody_elses_is_not_there(proxy: Proxy, cli: MakeCli, admin: User) -> None:
    theirs = cli(proxy.token(admin))
    theirs.ok("run", "-d", "--name", "theirs", "busybox", "sleep", "600")
    standard = cli(proxy.token(User.objects.create_user("stan", None, role=Role.STANDARD)))
    assert standard.ok("ps", "-aq") == ""
    for command in (["logs"], ["rm", "-f"], ["inspect"], ["exec", "-i"], ["wait"]):
        outcome = standard(*command, "theirs", *(["true"] if command[0] == "exec" else []))
        assert b"o such" in outcome.stderr, (command, outcome)
    assert theirs.ok("ps", "-q")


def test_a_token_gives_less_than_its_person_may(proxy: Proxy, cli: MakeCli, admin: User) -> None:
    docker = cli(proxy.token(admin, access=Token.Access.READ, name="watcher"))
    assert docker.ok("images", "-q")
    outcome = docker("run", "--rm", "busybox", "true")
    assert b"outside of what the token watcher is for" in outcome.stderr


def test_the_cli_builds_without_buildkit_where_its_session_may_not_be_opened(
    proxy: Proxy, cli: MakeCli, admin: User, tmp_path_factory: pytest.TempPathFactory
) -> None:
    chosen = ["system.ping", "system.version", "container.list"]
    docker = cli(proxy.token(admin, access=Token.Access.CHOSEN, operations=chosen))
    folder = tmp_path_factory.mktemp("build")
    (folder / "Dockerfile").write_text("FROM busybox\n")
    outcome = docker("build", str(folder))
    assert outcome.returncode != 0
    assert b"build.run on Local is outside" in outcome.stderr


def _wait_for(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 90
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def _until(terminal: int, words: bytes, seen: bytes) -> bytes:
    deadline = time.monotonic() + 90
    while words not in seen:
        assert time.monotonic() < deadline, seen
        if select.select([terminal], [], [], 1)[0]:
            seen += os.read(terminal, 4096)
    return seen
