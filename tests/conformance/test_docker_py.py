"""docker-py's own integration tests, from its source distribution, on our engine.

The distribution is fetched at test time and kept outside of the tree. What they ask for and we do not pass stands in
EXCEPTIONS, each with its reason; an exception that passes is a failure as well, so the list cannot grow stale.
"""

import os
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.daemons import Daemon, running_dockerd, running_engine
from tests.images import busybox_layer, layer_tar, save_tar

pytestmark = [pytest.mark.real, pytest.mark.timeout(1500)]

_VERSION = "7.0.0"
# Used by the tests themselves: SSH channels in their helpers, attach over a websocket.
_THEIR_PACKAGES = ("paramiko", "websocket-client")
_MODULES = (
    "api_client", "api_container", "api_exec", "api_healthcheck", "api_image", "api_network", "api_volume", "client",
    "errors", "models_containers", "models_images", "models_networks", "models_resources", "models_volumes",
    "regression",
)  # fmt: skip

_HUB = "pulls from Docker Hub, which tests do not reach; Debian's dockerd fails it here as well"
_CLIENT = "docker-py cannot open a websocket over a unix socket"
_SWARM = "needs a swarm, which this engine does not have"
_BUILD = "needs POST /build, which this engine does not have yet"
EXCEPTIONS = {
    **dict.fromkeys(
        (
            "ContainerCollectionTest.test_run_with_image_that_does_not_exist",
            "ImageCollectionTest.test_list",
            "ImageCollectionTest.test_list_with_repository",
            "ImageCollectionTest.test_pull",
            "ImageCollectionTest.test_pull_multiple",
            "ImageCollectionTest.test_pull_with_sha",
            "ImageCollectionTest.test_pull_with_tag",
            "ImageTest.test_tag_and_remove",
            "ImportImageTest.test_get_load_image",
            "InspectDistributionTest.test_inspect_distribution",
            "PruneImagesTest.test_prune_images",
            "PullImageTest.test_pull",
            "PullImageTest.test_pull_streaming",
        ),
        _HUB,
    ),
    **dict.fromkeys(
        (
            "TestNetworks.test_create_inspect_network_with_scope",
            "TestNetworks.test_create_network_attachable",
            "TestNetworks.test_create_network_ingress",
        ),
        _SWARM,
    ),
    **dict.fromkeys(
        (
            "ImageCollectionTest.test_build",
            "ImageCollectionTest.test_build_with_error",
            "ImageCollectionTest.test_build_with_multiple_success",
            "ImageCollectionTest.test_build_with_success_build_output",
        ),
        _BUILD,
    ),
    **dict.fromkeys(
        ("CommitTest.test_commit", "CommitTest.test_commit_with_changes"),
        "read Container and ContainerConfig of an image, which are gone since API 1.45",
    ),
    "AttachContainerTest.test_run_container_reading_socket_ws": _CLIENT,
    "ContainerTest.test_exec_run_failed": (
        "expects 126 for a command that is not there: a mistake of dockerd before 25, which answers 127 since, as we do"
    ),
}


# docker-py takes what a program wrote from the socket beneath http.client's buffer. On a busy machine that buffer has
# read the first of it together with the head, and docker-py never sees it: from any engine.
_NOTHING_READ_AHEAD = """
import http.client

begin = http.client.HTTPResponse.__init__

def __init__(self, sock, *args, **kwargs):
    begin(self, sock, *args, **kwargs)
    self.fp.close()
    self.fp = sock.makefile("rb", buffering=1)

http.client.HTTPResponse.__init__ = __init__
"""


@dataclass(frozen=True, slots=True)
class Suite:
    """Where the tests and what they need were unpacked."""

    tests: Path
    packages: Path


@pytest.fixture(scope="module")
def suite() -> Suite:
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    cache = base / "quayside-tests" / f"docker-py-{_VERSION}"
    found = Suite(cache / f"docker-{_VERSION}" / "tests", cache / "packages")
    if not (cache / "complete").exists():
        _fetch(cache, found)
        (cache / "complete").touch()
    return found


def _fetch(cache: Path, wanted: Suite) -> None:
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "install", "--target", str(wanted.packages), "--upgrade", *_THEIR_PACKAGES], check=True)
    download = ["download", "--no-deps", "--no-binary", "docker", "--dest", str(cache), f"docker=={_VERSION}"]
    subprocess.run([*pip, *download], check=True)
    with tarfile.open(cache / f"docker-{_VERSION}.tar.gz") as archive:
        # Not the package itself: it is the installed one that is to speak to the engine.
        members = [member for member in archive if member.name.startswith(f"docker-{_VERSION}/tests/")]
        archive.extractall(cache, members)


def _image(folder: Path) -> Path:
    """What the tests expect of their alpine: a user `postgres` and a folder /var/opt."""
    users = b"root:x:0:0:root:/root:/bin/sh\npostgres:x:70:70::/var:/bin/sh\n"
    path = folder / "alpine.tar"
    layers = [busybox_layer(), layer_tar({"etc/passwd": users}, folders=("var/opt",))]
    save_tar(path, tags=["alpine:3.10", "alpine:latest", "busybox:latest"], layers=layers)
    return path


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="dockerpy-") as name:
        yield Path(name)


def run_suite(suite: Suite, daemon: Daemon, folder: Path, *, only: Iterable[str] = ()) -> dict[str, str]:
    """Run all modules, or of them the tests named so.

    The outcome of each by `Class.test`: "passed", or the words of its failure.
    """
    daemon.load(_image(folder))
    report = folder / f"{daemon.name}.xml"
    modules = [str(suite.tests / "integration" / f"{name}_test.py") for name in _MODULES]
    options = ["-c", os.devnull, "--rootdir", str(suite.tests.parent), "--timeout", "300", "--junit-xml", str(report)]
    (folder / "nothing_read_ahead.py").write_text(_NOTHING_READ_AHEAD)
    plugins = ["-p", "nothing_read_ahead", "-p", "no:django", "-p", "no:asyncio", "-p", "no:cacheprovider"]
    options += ["-k", " or ".join(only)] if only else []
    # What they leave in the temporary folder goes with ours.
    places = {"HOME": str(folder), "TMPDIR": str(folder), "PYTHONPATH": f"{folder}:{suite.packages}"}
    env = {**os.environ, "DOCKER_HOST": daemon.url, **places}
    command = [sys.executable, "-m", "pytest", "--quiet", *options, *plugins, *modules]
    finished = subprocess.run(command, cwd=folder, env=env, check=False, capture_output=True, text=True)
    assert report.exists(), finished.stdout + finished.stderr
    return dict(_outcomes(report))


def _outcomes(report: Path) -> Iterator[tuple[str, str]]:
    for case in ElementTree.parse(report).iter("testcase"):
        name = f"{case.get('classname', '').rpartition('.')[2]}.{case.get('name')}"
        failure = next((part for part in case if part.tag in ("failure", "error")), None)
        if failure is not None:
            yield name, failure.get("message") or "failed"
        elif case.find("skipped") is None:
            yield name, "passed"


def test_docker_pys_own_tests_pass_but_for_the_named_exceptions(suite: Suite, folder: Path) -> None:
    (folder / "engine").mkdir()
    with running_engine(folder / "engine") as engine:
        outcomes = run_suite(suite, engine, folder)
    failed = {name: words for name, words in outcomes.items() if words != "passed"}
    assert len(outcomes) > 200
    assert {name: failed[name] for name in failed.keys() - EXCEPTIONS.keys()} == {}
    assert EXCEPTIONS.keys() - failed.keys() == set()


@pytest.mark.peer
def test_what_is_excepted_as_nobodys_fault_fails_on_dockerd_too(suite: Suite, folder: Path) -> None:
    names = [name for name, reason in EXCEPTIONS.items() if reason in (_HUB, _CLIENT)]
    (folder / "dockerd").mkdir()
    with running_dockerd(folder / "dockerd") as dockerd:
        outcomes = run_suite(suite, dockerd, folder, only={name.partition(".")[2] for name in names})
    assert [name for name in names if outcomes[name] == "passed"] == []
