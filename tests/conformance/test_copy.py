"""docker cp, diff, export and commit, by the real docker CLIs."""

import io
import json
import stat
import tarfile
import time
from collections.abc import Callable
from pathlib import Path

import docker
import pytest

from tests.conformance.conftest import DockerCli
from tests.daemons import Daemon
from tests.images import BUSYBOX

pytestmark = [pytest.mark.real, pytest.mark.beside]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with one of everything that can be copied."""
    root = tmp_path / "src"
    (root / "deep").mkdir(parents=True)
    (root / "a").write_text("hello")
    (root / "a").chmod(0o4755)
    (root / "deep" / "b").write_bytes(bytes(100_000))
    (root / "link").symlink_to("a")
    (root / "absolute").symlink_to("/etc/passwd")
    return root


@pytest.mark.parametrize("is_running", [False, True], ids=["stopped", "running"])
def test_a_folder_comes_back_from_a_container_as_it_went_in(
    docker: DockerCli, folder: Path, tmp_path: Path, *, is_running: bool
) -> None:
    docker.ok("create", "--name", "box", "busybox", "sleep", "600")
    if is_running:
        docker.ok("start", "box")
    docker.ok("cp", str(folder), "box:/tmp/in")
    docker.ok("cp", "box:/tmp/in", str(tmp_path / "back"))
    assert _picture(tmp_path / "back") == _picture(folder)


@pytest.mark.parametrize("is_running", [False, True], ids=["stopped", "running"])
def test_volumes_and_binds_are_seen_and_a_read_only_one_takes_nothing(
    docker: DockerCli, folder: Path, tmp_path: Path, *, is_running: bool
) -> None:
    docker.ok("create", "--name", "box", "-v", "/data", "-v", f"{folder}:/bound:ro", "busybox", "sleep", "600")
    if is_running:
        docker.ok("start", "box")
    docker.ok("cp", str(folder / "a"), "box:/data/a")
    assert docker.ok("cp", "box:/data/a", "-").count("hello") == 1
    docker.ok("cp", "box:/bound/deep/b", str(tmp_path / "b"))
    assert (tmp_path / "b").stat().st_size == 100_000
    outcome = docker("cp", str(folder / "a"), "box:/bound/new")
    assert outcome.code != 0
    assert "read-only" in outcome.err


def test_a_read_only_root_takes_nothing_but_its_volumes_do(docker: DockerCli, folder: Path) -> None:
    docker.ok("create", "--read-only", "--name", "box", "-v", "/data", "busybox", "sleep", "600")
    assert "container rootfs is marked read-only" in docker("cp", str(folder / "a"), "box:/tmp/a").err
    docker.ok("cp", str(folder / "a"), "box:/data/a")


def test_a_copy_through_a_link_stays_inside_the_container(docker: DockerCli, tmp_path: Path) -> None:
    docker.ok("run", "--name", "box", "busybox", "sh", "-c", f"ln -s {tmp_path} /out; ln -s /../../../.. /up")
    (tmp_path / "secret").write_text("of the host")
    assert docker("cp", "box:/out/secret", "-").code != 0
    # The link's target does not exist in the container: nothing is made on the host either.
    docker("cp", str(tmp_path / "secret"), "box:/out/planted")
    assert not (tmp_path / "planted").exists()
    docker.ok("cp", "box:/up/bin/busybox", str(tmp_path / "busybox"))
    assert (tmp_path / "busybox").read_bytes() == BUSYBOX.read_bytes()


def test_files_that_do_not_exist_are_named(docker: DockerCli, folder: Path) -> None:
    docker.ok("create", "--name", "box", "busybox")
    assert "/nothing" in docker("cp", "box:/nothing", "-").err
    assert docker("cp", str(folder / "a"), "box:/no/where").code != 0
    assert docker("cp", str(folder), "box:/etc/passwd").code != 0


def test_an_archive_goes_in_and_out_through_a_pipe(docker: DockerCli) -> None:
    docker.ok("create", "--name", "box", "busybox")
    docker.ok("cp", "-", "box:/tmp", stdin=_tar(lambda tar: _add(tar, "sent", b"by pipe")))
    assert "by pipe" in docker.ok("cp", "box:/tmp/sent", "-")


@pytest.mark.parametrize(
    ("path", "mode", "target"),
    [
        ("/tmp", 1 << 31 | 1 << 20 | 0o777, ""),
        ("/bin/sh", 1 << 27 | 0o777, "/bin/busybox"),
        ("/etc/passwd", 0o755, ""),
        ("/dev/null", 1 << 26 | 1 << 21 | 0o666, ""),
    ],
)
def test_the_stat_header_speaks_go(engine: Daemon, path: str, mode: int, target: str) -> None:
    client = docker.DockerClient(base_url=engine.url)
    box = client.containers.run("busybox", "sleep 600", detach=True)
    try:
        _, found = box.get_archive(path)
        assert found is not None
        assert (found["mode"], found["linkTarget"], found["name"]) == (mode, target, path.rpartition("/")[2])
    finally:
        box.remove(force=True)


@pytest.mark.parametrize(
    "entry",
    [
        lambda tar: _add(tar, "../escaped", b"x"),
        lambda tar: _add(tar, "a/../../escaped", b"x"),
        lambda tar: _link(tar, "hard", tarfile.LNKTYPE, "../../etc/passwd"),
    ],
    ids=["dots", "dots inside", "hard link"],
)
def test_an_archive_that_leads_out_is_refused(engine: Daemon, entry: Callable[[tarfile.TarFile], None]) -> None:
    with _Container(engine) as box:
        status, body = engine.api("PUT", f"/containers/{box}/archive?path=/tmp", _tar(entry), Content_Type="x/tar")
        assert status == 400, body
        assert "message" in json.loads(body)


def test_links_of_an_archive_are_followed_inside_the_container_only(engine: Daemon, tmp_path: Path) -> None:
    def hostile(tar: tarfile.TarFile) -> None:
        _link(tar, "out", tarfile.SYMTYPE, str(tmp_path))
        _add(tar, "out/planted", b"x")

    with _Container(engine) as box:
        engine.api("PUT", f"/containers/{box}/archive?path=/tmp", _tar(hostile), Content_Type="x/tar")
        assert not (tmp_path / "planted").exists()


def test_kinds_are_kept_when_that_is_asked(engine: Daemon) -> None:
    with _Container(engine) as box:
        query = "path=/&noOverwriteDirNonDir=true"
        tar = _tar(lambda tar: _add(tar, "etc", b"no folder"))
        status, body = engine.api("PUT", f"/containers/{box}/archive?{query}", tar, Content_Type="x/tar")
        assert (status, b"cannot overwrite directory" in body) == (400, True)


def test_a_file_that_finds_no_room_leaves_what_was_there(engine: Daemon) -> None:
    def filling(tar: tarfile.TarFile) -> None:
        _add(tar, "conf", bytes(2 << 20))

    with _Container(engine, HostConfig={"Tmpfs": {"/small": "size=1m"}}) as box:
        engine.api("POST", f"/containers/{box}/start")
        there = f"/containers/{box}/archive?path=/small"
        assert (
            engine.api("PUT", there, _tar(lambda tar: _add(tar, "conf", b"precious")), Content_Type="x/tar")[0] == 200
        )
        status, body = engine.api("PUT", there, _tar(filling), Content_Type="x/tar")
        assert (status, b"No space left on device" in body) == (400, True)
        assert _files(engine.api("GET", there)[1]) == {"small/conf": b"precious"}


@pytest.mark.parametrize("is_running", [False, True], ids=["stopped", "running"])
def test_a_file_that_is_mounted_by_itself_is_written_where_it_is(
    engine: Daemon, tmp_path: Path, *, is_running: bool
) -> None:
    conf, kept = tmp_path / "conf", tmp_path / "kept"
    conf.write_text("old and long")
    kept.mkdir()
    (kept / "data").write_text("precious")
    binds = [f"{conf}:/etc/my.conf", f"{kept}:/kept", f"{conf}:/tmp/my.conf:ro"]
    with _Container(engine, HostConfig={"Binds": binds}) as box:
        if is_running:
            engine.api("POST", f"/containers/{box}/start")
        archive = f"/containers/{box}/archive?path="
        for text in (b"new", b"newer"):
            tar = _tar(lambda tar: _add(tar, "my.conf", text))  # noqa: B023 - called at once
            assert engine.api("PUT", f"{archive}/etc", tar, Content_Type="x/tar")[0] == 200
            assert conf.read_bytes() == text
        assert engine.api("PUT", f"{archive}/tmp", tar, Content_Type="x/tar")[0] == 403
        status, body = engine.api("PUT", f"{archive}/", _tar(lambda tar: _add(tar, "kept", b"")), Content_Type="x/tar")
        assert (status, b"device or resource busy" in body) == (400, True)
        assert (conf.read_bytes(), (kept / "data").read_text()) == (b"newer", "precious")


def test_owners_are_kept_or_become_the_containers_user(engine: Daemon) -> None:
    def owned(tar: tarfile.TarFile) -> None:
        entry = tarfile.TarInfo("file")
        entry.uid, entry.gid = 1234, 5678
        tar.addfile(entry)

    with _Container(engine, User="www") as box:
        for query, owner in (("", (1234, 5678)), ("&copyUIDGID=1", (33, 33))):
            engine.api("PUT", f"/containers/{box}/archive?path=/tmp{query}", _tar(owned), Content_Type="x/tar")
            _, data = engine.api("GET", f"/containers/{box}/archive?path=/tmp/file")
            with tarfile.open(fileobj=io.BytesIO(data)) as tar:
                entry = tar.getmembers()[0]
                assert (entry.uid, entry.gid) == owner


def test_an_archive_that_is_none_is_a_bad_request(engine: Daemon) -> None:
    with _Container(engine) as box:
        assert engine.api("PUT", f"/containers/{box}/archive?path=/tmp", b"x" * 2000, Content_Type="x/tar")[0] == 400
        assert engine.api("PUT", f"/containers/{box}/archive?path=/etc/passwd", b"", Content_Type="x/tar")[0] == 400
        assert engine.api("GET", f"/containers/{box}/archive")[0] == 400
        assert engine.api("HEAD", f"/containers/{box}/archive?path=/none")[0] == 404


def test_diff_shows_what_the_container_did_and_nothing_else(docker: DockerCli) -> None:
    docker.ok(
        "run", "--name", "box", "busybox", "sh", "-c", "touch /tmp/new; rm /www/index.html; echo x >> /etc/passwd"
    )
    changes = {"C /etc", "C /etc/passwd", "C /tmp", "A /tmp/new", "C /www", "D /www/index.html"}
    assert set(docker.ok("diff", "box").splitlines()) == changes


def test_export_is_the_root_file_system(docker: DockerCli, tmp_path: Path) -> None:
    docker.ok(
        "run", "--name", "box", "-v", "/vol", "busybox", "sh", "-c", "echo x > /tmp/new; rm -r /www; touch /vol/v"
    )
    docker.ok("export", "-o", str(tmp_path / "box.tar"), "box")
    with tarfile.open(tmp_path / "box.tar") as tar:
        names = tar.getnames()
    assert {"bin/busybox", "tmp/new", "etc/passwd"} <= set(names)
    assert not any(name.startswith(("www", "vol/v", "proc/1")) for name in names)


def test_a_commit_has_the_changes_the_deletions_and_the_configuration(docker: DockerCli) -> None:
    script = "mkdir /n; echo x > /n/x; ln /n/x /n/y; rm -r /www; chmod 700 /root"
    docker.ok("run", "--name", "box", "-e", "A=1", "busybox", "sh", "-c", script)
    changes = ["-c", "ENV B=2", "-c", 'CMD ["cat", "/n/x"]', "-c", "EXPOSE 80", "-c", "LABEL k=v", "-c", "WORKDIR /n"]
    docker.ok("commit", "-m", "said", "-a", "me", *changes, "box", "made:here")
    try:
        assert docker.ok("run", "--rm", "made:here") == "x"
        look = "ls -d /www 2>/dev/null; stat -c %a /root; stat -c %h /n/y"
        assert docker.ok("run", "--rm", "made:here", "sh", "-c", look).split() == ["700", "2"]
        image = json.loads(docker.ok("inspect", "made:here"))[0]
        assert (image["Author"], image["Comment"]) == ("me", "said")
        assert {"A=1", "B=2"} <= set(image["Config"]["Env"])
        assert (image["Config"]["WorkingDir"], image["Config"]["Labels"]["k"]) == ("/n", "v")
        assert len(image["RootFS"]["Layers"]) == 2
        assert "said" in docker.ok("history", "made:here")
    finally:
        docker("rmi", "-f", "made:here")


def test_a_running_container_is_paused_for_a_commit_and_goes_on(docker: DockerCli) -> None:
    box = docker.ok("run", "-d", "--name", "box", "busybox", "sleep", "600")
    docker.ok("commit", "box", "made:running")
    try:
        assert docker.ok("inspect", "-f", "{{.State.Status}}", "box") == "running"
        until = str(time.time())
        actions = docker.ok(
            "events", "--since", "1m", "--until", until, "-f", f"container={box}", "--format", "{{.Action}}"
        )
        assert [word for word in actions.split() if "pause" in word or word == "commit"] == [
            "pause", "commit", "unpause",
        ]  # fmt: skip
    finally:
        docker("rmi", "-f", "made:running")


def test_a_commit_of_nonsense_leaves_no_image(docker: DockerCli) -> None:
    docker.ok("create", "--name", "box", "busybox")
    before = docker.ok("images", "-aq")
    assert "from is not a valid change command" in docker("commit", "-c", "FROM x", "box", "x").err
    assert docker("commit", "box", "BAD").code != 0
    assert docker.ok("images", "-aq") == before


class _Container:
    """A container that was made and never started."""

    def __init__(self, engine: Daemon, **config: object) -> None:
        self._engine = engine
        self._config = {"Image": "busybox", "Cmd": ["sleep", "600"], **config}

    def __enter__(self) -> str:
        self._id = str(self._engine.json("POST", "/containers/create", self._config)["Id"])
        return self._id

    def __exit__(self, *exc: object) -> None:
        self._engine.api("DELETE", f"/containers/{self._id}?force=1&v=1")


def _picture(folder: Path) -> dict[str, tuple[str, int, str]]:
    """Every entry below: mode, size, where a link points."""
    found = {}
    for path in sorted(folder.rglob("*")):
        status = path.lstat()
        is_link = stat.S_ISLNK(status.st_mode)
        size = status.st_size if stat.S_ISREG(status.st_mode) else 0
        found[str(path.relative_to(folder))] = (
            stat.filemode(status.st_mode), size, str(path.readlink()) if is_link else "",
        )  # fmt: skip
    return found


def _tar(fill: Callable[[tarfile.TarFile], None]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        fill(tar)
    return buffer.getvalue()


def _files(data: bytes) -> dict[str, bytes]:
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        return {one.name: tar.extractfile(one).read() for one in tar if one.isfile()}  # type: ignore[union-attr]


def _add(tar: tarfile.TarFile, name: str, data: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size = len(data)
    tar.addfile(entry, io.BytesIO(data))


def _link(tar: tarfile.TarFile, name: str, kind: bytes, target: str) -> None:
    entry = tarfile.TarInfo(name)
    entry.type, entry.linkname = kind, target
    tar.addfile(entry)
