"""The files tab on our engine and on a real dockerd: what is in a container, and what becomes of it."""

import hashlib
import io
import json
import os
import subprocess
import tarfile
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from asgiref.sync import async_to_sync
from django.test import Client

from tests.daemons import Daemon
from tests.waiting import until
from webui.accounts.models import User
from webui.audit.models import Entry
from webui.containers.files import listing
from webui.containers.files.archive import Archive
from webui.containers.files.names import written
from webui.gate import actor_of, clients
from webui.gate.addresses import Address
from webui.hosts.models import Host
from webui.live import picture
from webui.live.pictures import forget
from webui.resources import Opened

pytestmark = [pytest.mark.real, pytest.mark.django_db(transaction=True)]

_ODD = b"two\nlines \xff <script>"
_SCRIPT = r"""mkdir -p /srv/deep/er /srv/many; cd /srv; printf 'port: 80\n' > a.yaml; chmod 640 a.yaml
chown 33:34 a.yaml; mkdir srv; mkfifo pipe; ln -s round round
ln -s a.yaml link; ln -s /srv/deep folder; ln -s /../../../etc/group up; ln -s /nowhere broken; echo x > -rf
echo odd > "$(printf 'two\nlines \377 <script>')"; echo below > deep/er/b; i=0
while [ $i -lt 250 ]; do : > many/f$i; i=$((i+1)); done; exec sleep 600"""


@dataclass(frozen=True)
class Shelf:
    """A container with files, seen by somebody who is signed in."""

    daemon: Daemon
    host: Host
    id: str
    client: Client
    user: User

    def url(self, page: str = "", **query: str) -> str:
        return f"/h/{self.host.slug}/containers/{self.id[:12]}/files/{page}?{urlencode(query)}"

    def get(self, page: str = "", **query: str) -> Any:
        return self.client.get(self.url(page, **query))

    def act(self, action: str, *names: str, path: str = "/srv", **fields: Any) -> Any:
        form = {"action": action, "id": list(names), **fields}
        return self.client.post(self.url("act/", path=path), form, headers={"HX-Request": "true"})

    def upload(self, path: str, files: dict[str, bytes], *, lost: int = 0) -> Any:
        head = json.dumps([{"path": name, "size": len(data)} for name, data in files.items()]).encode() + b"\n"
        body = head + b"".join(files.values())
        body = body[: len(body) - lost]
        return self.client.post(self.url("upload/", path=path), body, content_type="application/octet-stream")

    def download(self, **query: Any) -> bytes:
        response = self.client.get(f"{self.url('download/')}{urlencode(query, doseq=True)}")
        assert response.status_code == 200, response.content
        assert response.headers["Content-Disposition"].startswith("attachment")

        async def collected() -> bytes:
            return b"".join([piece async for piece in response.streaming_content])

        return async_to_sync(collected)()

    def names(self, path: str) -> list[str]:
        return sorted(entry.name for entry in listing.by_archive(self.archive, path).entries)

    @property
    def archive(self) -> Archive:
        return Archive(Opened(self.host, actor_of(self.user), picture(self.host)), self.id)

    def stop(self) -> None:
        self.daemon.api("POST", f"/containers/{self.id}/kill")
        self.daemon.api("POST", f"/containers/{self.id}/wait")
        forget(self.host.slug)


@pytest.fixture(params=["engine", "dockerd"])
def shelf(
    request: pytest.FixtureRequest, olga: User, signed_in: Callable[[User], Client], tmp_path: Path
) -> Iterator[Shelf]:
    daemon: Daemon = request.getfixturevalue(request.param)
    host = Host.objects.create(slug="quay", name="Quay", url=daemon.url)
    forget(host.slug)
    wanted = {
        "Image": "busybox:latest", "Cmd": ["sh", "-c", _SCRIPT], "StopTimeout": 0,
        "HostConfig": {
            "Binds": ["ledger:/srv/ledger", f"{tmp_path}:/srv/host:ro", f"{tmp_path}/alone.conf:/srv/alone.conf"]
        },
    }  # fmt: skip
    (tmp_path / "alone.conf").write_text("of the host")
    container_id = str(daemon.json("POST", "/containers/create?name=shelf", wanted)["Id"])
    assert daemon.api("POST", f"/containers/{container_id}/start")[0] == 204
    made = Shelf(daemon, host, container_id, signed_in(olga), olga)
    until = time.monotonic() + 90
    while daemon.api("HEAD", f"/containers/{container_id}/archive?path=/srv/many/f249")[0] != 200:
        assert time.monotonic() < until, "the container did not make its files"
        time.sleep(0.05)
    yield made
    forget(host.slug)
    daemon.api("DELETE", f"/containers/{container_id}?force=1&v=1")
    daemon.api("DELETE", "/volumes/ledger")


def test_both_ways_of_listing_tell_the_same(shelf: Shelf) -> None:
    here = Opened(shelf.host, actor_of(shelf.user), picture(shelf.host))
    asked = listing.list_folder(here, shelf.id, "/srv", is_running=True)
    sent = listing.by_archive(shelf.archive, "/srv")
    assert listing._known[(shelf.host.slug, shelf.id)] is not None

    def told(found: listing.Listing) -> set[Any]:
        # What a volume and its folder are in the tar differs in nothing but the times.
        return {(one.name, one.kind, one.mode, one.uid, one.gid, one.target) for one in found.entries}

    assert told(asked) == told(sent)
    assert os.fsdecode(_ODD) in {entry.name for entry in sent.entries}
    root = {entry.name for entry in listing.by_archive(shelf.archive, "/").entries}
    assert {"bin", "etc", "srv"} <= root
    assert not any("/" in name for name in root)


def test_a_folder_shows_what_is_in_it_and_where_volumes_are(shelf: Shelf) -> None:
    page = shelf.get(path="/srv").content.decode()
    assert "two\\nlines \\xff &lt;script&gt;" in page
    assert "→ a.yaml" in page
    assert ">volume<" in page
    assert "of the host, read-only" in page
    assert "rw-r-----" in page
    assert "33:34" in page
    assert shelf.get(path="/srv/nothing").status_code == 404
    assert shelf.get(path="/srv/../etc").status_code == 400
    broken = shelf.client.get(shelf.url(path="/srv/broken"), follow=True)
    assert "nothing at /nowhere" in broken.content.decode()


def test_links_lead_to_where_the_host_says_and_never_out(shelf: Shelf) -> None:
    assert shelf.get(path="/srv/folder").headers["Location"].endswith("?path=%2Fsrv%2Fdeep")
    assert shelf.get(path="/srv/up").headers["Location"].endswith("?path=%2Fetc%2Fgroup")


def test_a_folder_opened_as_a_file_is_shown_as_a_folder(shelf: Shelf) -> None:
    assert shelf.get("file/", path="/").url == shelf.url().rstrip("?")
    for path in ("/srv/deep", "/srv/folder"):
        assert shelf.get("file/", path=path).url == shelf.url(path=path)


def test_a_link_that_leads_to_itself_is_told_in_words(shelf: Shelf) -> None:
    answer = shelf.get(path="/srv/round")
    assert answer.status_code < 500 or b"links may lead in a circle" in answer.content
    assert b"http+docker" not in answer.content


def test_a_long_folder_comes_in_windows(shelf: Shelf) -> None:
    page = shelf.get(path="/srv/many").content.decode()
    assert page.count("<tr id=") == 100
    assert "after=100%3Af" in page
    rows = shelf.client.get(
        shelf.url(path="/srv/many", after="200:gone"), headers={"HX-Request": "true"}
    ).content.decode()
    assert rows.count("<tr id=") == 50


def test_a_text_is_edited_and_keeps_its_mode_and_owner(shelf: Shelf) -> None:
    page = shelf.get("file/", path="/srv/a.yaml")
    assert "port: 80" in page.content.decode()
    digest = hashlib.sha256(b"port: 80\n").hexdigest()
    assert digest in page.content.decode()
    url = shelf.url("file/save/", path="/srv/a.yaml")
    saved = shelf.client.post(url, {"text": "port: 81\r\n", "digest": digest, "line_end": "lf"})
    assert saved.status_code == 302, saved.content.decode()
    assert shelf.download(path="/srv", name="a.yaml") == b"port: 81\n"
    info = shelf.archive.first("/srv/a.yaml")
    assert (info.mode & 0o7777, info.uid, info.gid) == (0o640, 33, 34)
    again = shelf.client.post(url, {"text": "lost", "digest": digest, "line_end": "lf"})
    assert again.status_code == 409
    assert "somebody has changed this file" in again.content.decode()
    assert shelf.download(path="/srv", name="a.yaml") == b"port: 81\n"


def test_an_editor_is_told_what_became_of_a_text(shelf: Shelf) -> None:
    def save(path: str, text: str, digest: str, **fields: str) -> tuple[int, dict[str, str]]:
        url, form = shelf.url("file/save/", path=path), {"text": text, "digest": digest, "line_end": "lf", **fields}
        answer = shelf.client.post(url, form, headers={"Accept": "application/json"})
        return answer.status_code, answer.json()

    digest = hashlib.sha256(b"port: 80\n").hexdigest()
    status, said = save("/srv/a.yaml", "mine", digest)
    assert (status, said["digest"]) == (200, hashlib.sha256(b"mine").hexdigest())
    assert "4 B · rw-r----- · 33:34" in said["about"]
    status, said = save("/srv/a.yaml", "late", digest)
    assert (status, "theirs" in said, said["do"]) == (409, True, "Save mine over theirs")
    assert save("/srv/a.yaml", "late", digest, overwrite="1")[0] == 200
    shelf.act("remove", "a.yaml", confirmed="1")
    status, said = save("/srv/a.yaml", "again", digest)
    assert (status, said["theirs"]) == (409, "")
    assert "removed this file" in said["problem"]
    assert save("/srv/a.yaml", "again", "", overwrite="1")[0] == 200
    assert shelf.download(path="/srv", name="a.yaml") == b"again"
    assert save("/srv/host/a", "x", "", overwrite="1") == (
        422, {"problem": "It is mounted read-only into this container."},
    )  # fmt: skip


def test_a_file_that_is_mounted_by_itself_is_edited_where_it_is(shelf: Shelf, tmp_path: Path) -> None:
    form = {"text": "edited", "digest": hashlib.sha256(b"of the host").hexdigest(), "line_end": "lf"}
    saved = shelf.client.post(shelf.url("file/save/", path="/srv/alone.conf"), form)
    assert saved.status_code == 302, saved.content.decode()
    assert (tmp_path / "alone.conf").read_text() == "edited"
    assert shelf.download(path="/srv", name="alone.conf") == b"edited"


def test_a_file_that_is_mounted_into_a_read_only_container_is_edited_and_others_are_not(
    shelf: Shelf, tmp_path: Path
) -> None:
    (tmp_path / "ours").write_text("old")
    (tmp_path / "theirs").write_text("old")
    binds = [f"{tmp_path}/ours:/etc/ours", f"{tmp_path}/theirs:/etc/theirs:ro"]
    wanted = {
        "Image": "busybox:latest", "Cmd": ["sleep", "600"], "StopTimeout": 0,
        "HostConfig": {"ReadonlyRootfs": True, "Binds": binds},
    }  # fmt: skip
    box = replace(shelf, id=str(shelf.daemon.json("POST", "/containers/create?name=box", wanted)["Id"]))
    try:
        assert shelf.daemon.api("POST", f"/containers/{box.id}/start")[0] == 204
        until(lambda: picture(shelf.host).containers.get(box.id, {}).get("State") == "running")
        assert _saved(box, "/etc/ours") == ""
        assert (tmp_path / "ours").read_text() == "new"
        assert "mounted read-only" in _saved(box, "/etc/theirs")
        assert "own files are read-only" in _saved(box, "/etc/passwd", of=None)
        box.stop()
        assert "has to run" in _saved(box, "/etc/ours", of=b"new")
    finally:
        shelf.daemon.api("DELETE", f"/containers/{box.id}?force=1")


def _saved(box: Shelf, path: str, *, of: bytes | None = b"old") -> str:
    """What is wrong after "new" was saved over a text; "" where nothing is."""
    held = box.download(path=path.rpartition("/")[0], name=path.rpartition("/")[2]) if of is None else of
    form = {"text": "new", "digest": hashlib.sha256(held).hexdigest(), "line_end": "lf"}
    answer = box.client.post(box.url("file/save/", path=path), form)
    return "" if answer.status_code == 302 else answer.content.decode()


def test_uploads_come_whole_or_not_at_all(shelf: Shelf) -> None:
    files = {"new.txt": b"one", "box/in/side": b"x" * 300_000, "deep/er/b": b"replaced"}
    cut = shelf.upload("/srv", files, lost=5)
    assert cut.status_code == 422
    assert "cut" in cut.content.decode()
    assert "new.txt" not in shelf.names("/srv")
    clash = shelf.client.post(shelf.url("clash/", path="/srv"), b'["new.txt","deep"]', content_type="application/json")
    assert clash.json() == {"found": [{"name": "deep", "is_folder": True}]}
    assert shelf.upload("/srv", files).json() == {"count": 3}
    assert shelf.download(path="/srv/box/in", name="side") == b"x" * 300_000
    assert shelf.download(path="/srv/deep/er", name="b") == b"replaced"
    for path in ("../out", "/abs", "a//b", ""):
        assert shelf.upload("/srv", {path: b"x"}).status_code == 422
    read_only = shelf.upload("/srv/host", {"x": b"x"})
    assert read_only.status_code == 422
    assert "read-only" in read_only.content.decode()


def test_what_is_removed_is_shown_first_and_mounts_stay(shelf: Shelf) -> None:
    odd = written(os.fsdecode(_ODD))
    asked = shelf.act("remove", "deep", odd, "ledger").content.decode()
    assert "folder with 2 entries in it" in asked
    assert "Remove 2 entries" in asked
    assert "ledger (mounted: /srv/ledger)" in asked
    done = shelf.act("remove", "deep", odd, "-rf", confirmed="1")
    assert json.loads(done.headers["HX-Trigger"])["acted"]["failed"] == {}
    left = shelf.names("/srv")
    assert not {"deep", os.fsdecode(_ODD), "-rf"} & set(left)
    held = shelf.act("remove", "ledger", confirmed="1")
    assert "is mounted at /srv/ledger" in held.content.decode()
    assert shelf.act("remove", "../etc", confirmed="1").status_code == 400
    assert Entry.objects.filter(operation="container.exec", target=shelf.id).exists()


def test_folders_names_and_modes_are_changed(shelf: Shelf) -> None:
    shelf.act("folder", confirmed="1", name="grüße")
    assert "already" in shelf.act("folder", confirmed="1", name="grüße").content.decode()
    made = shelf.act("file", confirmed="1", name="a b")
    assert made.headers["HX-Redirect"].endswith("file/?path=%2Fsrv%2Fa+b")
    odd = written(os.fsdecode(_ODD))
    shelf.act("rename", odd, confirmed="1", name="plain")
    assert {"grüße", "a b", "plain"} <= set(shelf.names("/srv"))
    assert "already" in shelf.act("rename", "plain", confirmed="1", name="a b").content.decode()
    assert "checked" in shelf.act("mode", "plain").content.decode()
    shelf.act("mode", "plain", confirmed="1", bit=[str(0o400), str(0o4000)])
    assert shelf.archive.stat("/srv/plain").mode == 0o4400


def test_a_stopped_container_does_what_the_archive_can_and_says_what_not(shelf: Shelf) -> None:
    shelf.stop()
    page = shelf.get(path="/srv").content.decode()
    assert "a.yaml" in page
    assert "renaming and removing need a process" in page
    assert shelf.upload("/srv", {"later": b"1"}).status_code == 200
    shelf.act("folder", confirmed="1", name="made")
    shelf.act("mode", "a.yaml", confirmed="1", bit=[str(0o600)])
    shelf.act("mode", "made", confirmed="1", bit=[str(0o700)])
    assert shelf.archive.stat("/srv/a.yaml").mode == 0o600
    assert shelf.archive.stat("/srv/made").mode == 0o700
    assert shelf.download(path="/srv", name="a.yaml") == b"port: 80\n"
    assert {"later", "made"} <= set(shelf.names("/srv"))
    refused = shelf.act("remove", "later", confirmed="1").content.decode()
    assert "the container must run" in refused


def test_downloads_hold_everything_as_tar_and_as_zip(shelf: Shelf) -> None:
    odd = written(os.fsdecode(_ODD))
    with tarfile.open(fileobj=io.BytesIO(shelf.download(path="/srv", name=["deep", odd, "link"], format="tar"))) as tar:
        assert {info.name for info in tar} == {"deep", "deep/er", "deep/er/b", os.fsdecode(_ODD), "link"}
        source = tar.extractfile("deep/er/b")
        assert source is not None
        assert source.read() == b"below\n"
    with tarfile.open(fileobj=io.BytesIO(shelf.download(path="/srv/many", format="tar"))) as tar:
        assert len(tar.getnames()) == 251
    with zipfile.ZipFile(io.BytesIO(shelf.download(path="/srv", name=["deep", odd, "link"], format="zip"))) as made:
        assert made.testzip() is None
        assert made.read("deep/er/b") == b"below\n"
        assert made.read("link") == b"a.yaml"
        assert "two%0Alines %FF <script>" in made.namelist()
    assert shelf.get("download/", path="/srv", name="nothing").status_code == 404


def test_every_unpacker_reads_the_names_of_a_zip_alike(shelf: Shelf, tmp_path: Path) -> None:
    plain = ["100%.txt", "grüße", "👩\u200d💻.txt", "נמל.txt", 'it\'s "so" [1]*?', " blank "]
    misread = {
        "a\\b": "a%5Cb", "..\\..\\evil": "..%5C..%5Cevil", "%5C": "%255C", "tab\there": "tab%09here",
        "caf\udce9": "caf%E9",
    }  # fmt: skip
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name in (*plain, *misread):
            info = tarfile.TarInfo(f"zipped/{name}")
            # No zip can hold so late a time.
            info.mtime, info.size = 8_000_000_000, 1
            tar.addfile(info, io.BytesIO(b"x"))
    assert shelf.daemon.api("PUT", f"/containers/{shelf.id}/archive?path=/srv", buffer.getvalue())[0] == 200
    data = shelf.download(path="/srv", name="zipped", format="zip")
    wanted = sorted([*plain, *misread.values()])
    with zipfile.ZipFile(io.BytesIO(data)) as made:
        assert made.testzip() is None
        assert sorted(name for name in made.namelist() if not name.endswith("/")) == [f"zipped/{one}" for one in wanted]
        made.extractall(tmp_path / "python")
    (tmp_path / "a.zip").write_bytes(data)
    command = ["unzip", "-q", str(tmp_path / "a.zip"), "-d", str(tmp_path / "debian")]
    done = subprocess.run(command, capture_output=True, check=False, env={**os.environ, "LC_ALL": "C.UTF-8"})
    assert (done.returncode, done.stdout + done.stderr) == (0, b"")
    for unpacker in ("python", "debian"):
        assert sorted(one.name for one in (tmp_path / unpacker / "zipped").iterdir()) == wanted


def test_folders_with_nothing_in_them_come_along(shelf: Shelf) -> None:
    listed = [
        {"path": "site/empty/er", "folder": True},
        {"path": "site/a", "size": 1},
        {"path": "deep", "folder": True},
    ]
    body = json.dumps(listed).encode() + b"\nx"
    sent = shelf.client.post(shelf.url("upload/", path="/srv"), body, content_type="application/octet-stream")
    assert sent.status_code == 200, sent.content
    assert shelf.names("/srv/site") == ["a", "empty"]
    assert shelf.names("/srv/site/empty") == ["er"]
    assert shelf.names("/srv/site/empty/er") == []
    assert shelf.names("/srv/deep") == ["er"]


def test_all_that_a_filter_shows_can_be_meant(shelf: Shelf) -> None:
    page = shelf.get(path="/srv/many").content.decode()
    assert 'data-act="zip"' in page
    everything = {"all": "1", "query": "?path=%2Fsrv%2Fmany&q=f24", "format": "tar"}
    response = shelf.client.post(shelf.url("download/", path="/srv/many"), everything)

    async def collected() -> bytes:
        return b"".join([piece async for piece in response.streaming_content])

    with tarfile.open(fileobj=io.BytesIO(async_to_sync(collected)())) as tar:
        assert len(tar.getnames()) == 11
    asked = shelf.act("remove", path="/srv/many", all="1", query="?q=f24").content.decode()
    assert "Remove 11 entries" in asked


def test_readers_may_not_look_into_files(shelf: Shelf, rita: User, signed_in: Callable[[User], Client]) -> None:
    reader = signed_in(rita)
    for page in ("", "file/", "download/"):
        assert reader.get(shelf.url(page, path="/srv")).status_code == 403
    for page in ("act/", "upload/", "clash/", "file/save/"):
        assert reader.post(shelf.url(page, path="/srv")).status_code == 403


def test_a_host_that_is_down_is_said_to_be(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    # The picture of it is still there, as it was.
    monkeypatch.setattr(clients, "read_address", lambda _url: Address(socket_path="/nowhere/docker.sock"))
    response = shelf.get(path="/srv")
    assert response.status_code == 502
    assert "cannot be reached" in response.content.decode()
