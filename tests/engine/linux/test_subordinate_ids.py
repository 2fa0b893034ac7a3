from pathlib import Path

import pytest

from engine.config import IdMap
from engine.errors import InvalidArgument, Unavailable
from engine.linux.subordinate_ids import parse_remap
from engine.linux.user_namespaces import check_reachable


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    (tmp_path / "subuid").write_text("# ours\ndockremap:100000:65536\nolga:300000:1000\nbroken:x\n")
    (tmp_path / "subgid").write_text("dockremap:200000:65536\nstaff:400000:500\n")
    return {"subuid": tmp_path / "subuid", "subgid": tmp_path / "subgid"}


@pytest.mark.parametrize(
    ("text", "id_map"),
    [
        ("default", IdMap(100_000, 200_000, 65_536)),
        ("dockremap", IdMap(100_000, 200_000, 65_536)),
        ("olga:staff", IdMap(300_000, 400_000, 500)),
        ("start=5000,size=100", IdMap(5000, 5000, 100)),
        ("start=5000", IdMap(5000, 5000, 65_536)),
    ],
)
def test_a_range_is_named_by_its_owner_or_given(files: dict[str, Path], text: str, id_map: IdMap) -> None:
    assert parse_remap(text, **files) == id_map


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("olga", "olga: it has no range in .*subgid; add a line such as olga:100000:65536"),
        ("broken", "broken: it has no range"),
        ("start=0", "not all there"),
        ("start=4294967000", "not all there"),
        ("start=x", "give start=N,size=N"),
    ],
)
def test_who_has_no_range_is_told_what_to_add(files: dict[str, Path], text: str, words: str) -> None:
    with pytest.raises(InvalidArgument, match=words):
        parse_remap(text, **files)


def test_ids_go_both_ways_and_what_is_not_mapped_is_nobody() -> None:
    id_map = IdMap(1000, 2000, 100)
    assert id_map.to_host(5, 6) == (1005, 2006)
    assert id_map.to_container(1005, 2006) == (5, 6)
    assert id_map.to_host(70_000, 0) == (1099, 2000)
    assert id_map.to_container(0, 2100) == (65_534, 65_534)


def test_a_folder_that_is_closed_to_others_is_named(tmp_path: Path) -> None:
    (tmp_path / "closed/data").mkdir(parents=True)
    tmp_path.joinpath("closed").chmod(0o700)
    with pytest.raises(Unavailable, match=r"/closed: chmod o\+x"):
        check_reachable(tmp_path / "closed/data/layers")
