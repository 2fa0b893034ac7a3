"""Layers of strangers: what is unpacked stays in its tree, and comes out again byte for byte."""

import io
import os
import stat
import tarfile
from pathlib import Path

import pytest

from engine.config import EngineConfig
from engine.errors import NotFound
from engine.layers import BadArchive, Layers, chain_ids

pytestmark = pytest.mark.real


@pytest.fixture(params=["overlay2", "vfs"])
def layers(request: pytest.FixtureRequest, tmp_path: Path) -> Layers:
    root = tmp_path / "root"
    return Layers(EngineConfig(root=root, exec_root=root, storage_driver=request.param))


def tar_of(*entries: tuple[tarfile.TarInfo, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for entry, data in entries:
            entry.size = len(data)
            tar.addfile(entry, io.BytesIO(data))
    return buffer.getvalue()


def entry(name: str, kind: bytes = tarfile.REGTYPE, link: str = "", **facts: int) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.mode = kind, link, facts.get("mode", 0o755)
    info.devmajor, info.devminor = facts.get("major", 0), facts.get("minor", 0)
    return info


def unpack(layers: Layers, tar: bytes, parent: str | None = None) -> str:
    unpacked = layers.unpack(io.BytesIO(tar), parent=parent, expected_diff_id=None)
    return layers.commit(unpacked, parent).chain_id


async def merged(layers: Layers, chain_id: str, name: str = "c" * 64) -> Path:
    await layers.create_writable(name, chain_id)
    return await layers.mount(name)


@pytest.mark.parametrize("name", ["../evil", "a/../../evil", "../../../../tmp/evil"])
def test_a_name_that_climbs_out_is_refused(layers: Layers, name: str) -> None:
    with pytest.raises(BadArchive, match="outside of the layer"):
        unpack(layers, tar_of((entry(name), b"x")))


def test_a_hard_link_out_of_the_tree_is_refused(layers: Layers) -> None:
    with pytest.raises(BadArchive):
        unpack(layers, tar_of((entry("passwd", tarfile.LNKTYPE, "../../../etc/passwd"), b"")))


def test_a_hard_link_through_a_planted_symbolic_link_stays_inside(layers: Layers) -> None:
    with pytest.raises(BadArchive):
        unpack(
            layers,
            tar_of((entry("etc", tarfile.SYMTYPE, "/etc"), b""), (entry("p", tarfile.LNKTYPE, "etc/passwd"), b"")),
        )


def test_a_whiteout_of_the_parent_folder_is_refused(layers: Layers) -> None:
    with pytest.raises(BadArchive, match="invalid whiteout"):
        unpack(layers, tar_of((entry("a/.wh..."), b"")))


def test_an_invalid_layer_leaves_nothing_staged(layers: Layers, tmp_path: Path) -> None:
    with pytest.raises(BadArchive):
        unpack(layers, tar_of((entry("a"), b"x"))[:700])
    assert not list((tmp_path / "root/storage" / layers.driver_name / "staged").iterdir())


def test_a_layer_with_another_diff_id_is_refused(layers: Layers) -> None:
    with pytest.raises(BadArchive, match="diff id"):
        layers.unpack(io.BytesIO(tar_of((entry("a"), b"x"))), parent=None, expected_diff_id="sha256:" + "0" * 64)


@pytest.mark.parametrize("target", ["/", "../../../../../../..", "/tmp"])
async def test_files_behind_a_planted_symbolic_link_land_inside(layers: Layers, tmp_path: Path, target: str) -> None:
    outside = Path("/tmp/quayside-escape-probe")
    chain_id = unpack(
        layers,
        tar_of((entry("link", tarfile.SYMTYPE, target), b""), (entry("link/quayside-escape-probe"), b"evil")),
    )
    root = await merged(layers, chain_id)
    assert not outside.exists()
    assert [path.name for path in root.rglob("quayside-escape-probe")] == ["quayside-escape-probe"]
    await layers.remove_writable("c" * 64)


async def test_absolute_names_are_relative_to_the_root(layers: Layers) -> None:
    root = await merged(layers, unpack(layers, tar_of((entry("/etc/quayside-absolute"), b"x"))))
    assert (root / "etc/quayside-absolute").read_bytes() == b"x"
    assert not Path("/etc/quayside-absolute").exists()
    await layers.remove_writable("c" * 64)


async def test_whiteouts_hide_what_is_below(layers: Layers) -> None:
    low = unpack(layers, tar_of((entry("a/one"), b"1"), (entry("a/two"), b"2"), (entry("b/three"), b"3")))
    high = unpack(
        layers,
        tar_of((entry("a/.wh.one"), b""), (entry("b/.wh..wh..opq"), b""), (entry("b/new"), b"n")),
        parent=low,
    )
    root = await merged(layers, high)
    assert sorted(str(path.relative_to(root)) for path in root.rglob("*")) == ["a", "a/two", "b", "b/new"]
    await layers.remove_writable("c" * 64)


async def test_owners_modes_times_and_links_arrive(layers: Layers) -> None:
    owned = entry("bin/tool", mode=0o4755)
    owned.uid, owned.gid, owned.mtime = 1000, 50, 1_700_000_000
    tar = tar_of(
        (owned, b"tool"),
        (entry("bin/same", tarfile.LNKTYPE, "bin/tool"), b""),
        (entry("d", tarfile.DIRTYPE, mode=0o1777), b""),
        (entry("p", tarfile.FIFOTYPE), b""),
        (entry("null", tarfile.CHRTYPE, major=1, minor=3), b""),
    )
    root = await merged(layers, unpack(layers, tar))
    status = (root / "bin/tool").stat()
    assert (stat.S_IMODE(status.st_mode), status.st_uid, status.st_gid, status.st_mtime) == (
        0o4755,
        1000,
        50,
        1_700_000_000,
    )
    assert (root / "bin/same").stat().st_nlink == 2
    assert stat.S_IMODE((root / "d").stat().st_mode) == 0o1777
    assert (root / "p").is_fifo()
    assert (root / "null").stat().st_rdev == os.makedev(1, 3)
    await layers.remove_writable("c" * 64)


def test_the_tar_comes_out_as_it_went_in_even_where_it_replaces_its_own_files(layers: Layers) -> None:
    tar = tar_of(
        (entry("f"), b"first"),
        (entry("d/g"), b"second" * 1000),
        (entry("f"), b"third"),
        (entry("d", tarfile.SYMTYPE, "f"), b""),
    )
    chain_id = unpack(layers, tar + bytes(4096))
    assert b"".join(layers.tar(chain_id)) == tar + bytes(4096)


async def test_changes_are_told_as_docker_does(layers: Layers) -> None:
    root = await merged(layers, unpack(layers, tar_of((entry("etc/a"), b"a"), (entry("etc/b"), b"b"))))
    (root / "etc/a").unlink()
    (root / "etc/b").write_bytes(b"changed")
    (root / "new").write_bytes(b"12345")
    assert await layers.changes("c" * 64) == [
        {"Path": "/etc", "Kind": 0},
        {"Path": "/etc/a", "Kind": 2},
        {"Path": "/etc/b", "Kind": 0},
        {"Path": "/new", "Kind": 1},
    ]
    await layers.remove_writable("c" * 64)


async def test_only_what_nothing_stands_on_is_collected(layers: Layers) -> None:
    low = unpack(layers, tar_of((entry("a"), b"a")))
    high = unpack(layers, tar_of((entry("b"), b"b")), parent=low)
    other = unpack(layers, tar_of((entry("c"), b"c")))
    layers.set_roots(lambda: [low])
    await layers.create_writable("c" * 64, high)
    assert layers.collect() == [other]
    await layers.remove_writable("c" * 64)
    assert layers.collect() == [high]
    await layers.stop()


async def test_a_new_daemon_finds_layers_and_removes_what_was_half_made(layers: Layers, tmp_path: Path) -> None:
    kept = unpack(layers, tar_of((entry("a"), b"a")))
    layers.unpack(io.BytesIO(tar_of((entry("b"), b"b"))), parent=None, expected_diff_id=None)
    await layers.create_writable("c" * 64, kept)
    root = tmp_path / "root"
    again = Layers(EngineConfig(root=root, exec_root=root))
    await again.start()
    assert again.driver_name == layers.driver_name
    assert again.has(kept)
    assert not list((root / "storage" / layers.driver_name / "staged").iterdir())
    again.set_roots(lambda: [kept])
    await again.restore([])
    await again.stop()
    assert not list((root / "storage" / layers.driver_name / "writable").iterdir())


def test_chain_ids_follow_the_oci_specification() -> None:
    first, second = "sha256:" + "a" * 64, "sha256:" + "b" * 64
    chain = chain_ids([first, second])
    assert chain[0] == first
    assert chain[1] == "sha256:" + __import__("hashlib").sha256(f"{first} {second}".encode()).hexdigest()


async def test_a_record_that_a_kill_left_empty_keeps_no_engine_from_starting(layers: Layers, tmp_path: Path) -> None:
    root = tmp_path / "root"
    await layers.create_writable("a" * 64, None)
    (root / "writable" / ("b" * 64)).touch()
    again = Layers(EngineConfig(root=root, exec_root=root, storage_driver=layers.driver_name))
    await again.start()
    assert (await again.mount("a" * 64)).is_dir()
    await again.restore([])
    with pytest.raises(NotFound):
        await again.mount("a" * 64)
    await again.stop()
