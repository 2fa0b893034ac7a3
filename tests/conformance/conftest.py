"""The same commands on our engine and on a real dockerd, by the real docker CLIs."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.daemons import Daemon

_CLIS = [path for path in dict.fromkeys([shutil.which("docker"), "/usr/bin/docker"]) if path and Path(path).exists()]


@dataclass(frozen=True, slots=True)
class DockerCli:
    """A docker CLI of one version, speaking to one daemon."""

    path: str
    daemon: Daemon
    config: Path

    def __call__(self, *arguments: str, stdin: bytes | None = None, timeout_s: float = 150) -> "Outcome":
        finished = subprocess.run(
            [self.path, "-H", self.daemon.url, *arguments],
            input=stdin,
            stdin=subprocess.DEVNULL if stdin is None else None,
            capture_output=True,
            check=False,
            timeout=timeout_s,
            env=self.environment(),
        )
        return Outcome(finished.returncode, finished.stdout.decode(), finished.stderr.decode())

    def ok(self, *arguments: str, stdin: bytes | None = None) -> str:
        """Standard output of a command that must succeed, without the newline at its end."""
        outcome = self(*arguments, stdin=stdin)
        assert outcome.code == 0, f"docker {' '.join(arguments)}: {outcome}"
        return outcome.out.strip()

    def start(self, *arguments: str, **options: object) -> "subprocess.Popen[bytes]":
        return subprocess.Popen([self.path, "-H", self.daemon.url, *arguments], env=self.environment(), **options)  # type: ignore[call-overload,no-any-return]

    def environment(self) -> dict[str, str]:
        return {**os.environ, "DOCKER_CONFIG": str(self.config), "DOCKER_BUILDKIT": "0", "TERM": "xterm"}


@dataclass(frozen=True, slots=True)
class Outcome:
    code: int
    out: str
    err: str


@pytest.fixture(params=_CLIS, ids=lambda path: path.strip("/").replace("/", "-"))
def docker(request: pytest.FixtureRequest, engine: Daemon) -> Iterator[DockerCli]:
    """Each docker CLI of this machine, on our engine; containers are removed afterwards."""
    with tempfile.TemporaryDirectory() as config:
        yield DockerCli(request.param, engine, Path(config))
    engine.remove_all_containers()


@pytest.fixture
def peer_docker(dockerd: Daemon) -> Iterator[DockerCli]:
    """The newest docker CLI of this machine, on the real dockerd."""
    with tempfile.TemporaryDirectory() as config:
        yield DockerCli(_CLIS[0], dockerd, Path(config))
    dockerd.remove_all_containers()
