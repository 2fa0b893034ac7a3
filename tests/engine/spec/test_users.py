"""Users looked up in a container's own files."""

import os
from pathlib import Path

import pytest

from engine.errors import InvalidArgument
from engine.spec import ProcessUser, find_user

_PASSWD = """root:x:0:0:root:/root:/bin/sh
olga:x:1000:1001::/home/olga:/bin/sh
broken:x
# comment
77:x:1007:1007::/h:/bin/sh
"""
_GROUP = "root:x:0:\naudio:x:29:olga,other\nstaff:x:50:olga\nwheel:x:10:root\n"


@pytest.fixture
def rootfs(tmp_path: Path) -> Path:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/passwd").write_text(_PASSWD)
    (tmp_path / "etc/group").write_text(_GROUP)
    return tmp_path


@pytest.mark.parametrize(
    ("user", "expected"),
    [
        ("", ProcessUser(0, 0, (0, 10), "/root")),
        ("root", ProcessUser(0, 0, (0, 10), "/root")),
        ("olga", ProcessUser(1000, 1001, (1001, 29, 50), "/home/olga")),
        ("1000", ProcessUser(1000, 1001, (1001, 29, 50), "/home/olga")),
        ("olga:staff", ProcessUser(1000, 50, (50,), "/home/olga")),
        ("olga:4711", ProcessUser(1000, 4711, (4711,), "/home/olga")),
        ("4711", ProcessUser(4711, 0, (0,), "/")),
        ("4711:4712", ProcessUser(4711, 4712, (4712,), "/")),
        ("77", ProcessUser(1007, 1007, (1007,), "/h")),
    ],
)
def test_names_and_numbers_are_found(rootfs: Path, user: str, expected: ProcessUser) -> None:
    assert find_user(rootfs, user) == expected


def test_more_groups_can_be_added(rootfs: Path) -> None:
    assert find_user(rootfs, "olga", ["wheel", "99", "audio"]).additional_gids == (1001, 29, 50, 10, 99)


@pytest.mark.parametrize(
    ("user", "words"),
    [
        ("nobody", "unable to find user nobody: no matching entries in passwd file"),
        ("olga:nobody", "unable to find group nobody: no matching entries in group file"),
        ("99999999999", "uids and gids must be in range 0-2147483647"),
    ],
)
def test_who_is_not_there_is_told_in_dockers_words(rootfs: Path, user: str, words: str) -> None:
    with pytest.raises(InvalidArgument, match=words):
        find_user(rootfs, user)


def test_an_image_without_files_still_has_root_and_numbers(tmp_path: Path) -> None:
    assert find_user(tmp_path, "") == ProcessUser(0, 0, (0,))
    assert find_user(tmp_path, "5:6") == ProcessUser(5, 6, (6,))


def test_links_are_followed_within_the_root_only(rootfs: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    outside = tmp_path_factory.mktemp("host") / "passwd"
    outside.write_text("intruder:x:0:0::/:/bin/sh\n")
    (rootfs / "etc/passwd").rename(rootfs / "etc/passwd.real")
    (rootfs / "etc/passwd").symlink_to("/etc/passwd.real")
    assert find_user(rootfs, "olga").uid == 1000
    for target in (str(outside), f"../../../../../..{outside}"):
        (rootfs / "etc/passwd").unlink()
        (rootfs / "etc/passwd").symlink_to(target)
        with pytest.raises(InvalidArgument):
            find_user(rootfs, "intruder")


def test_a_link_in_a_circle_and_a_fifo_do_not_hang(rootfs: Path) -> None:
    (rootfs / "etc/passwd").unlink()
    (rootfs / "etc/passwd").symlink_to("/etc/passwd")
    assert find_user(rootfs, "5").uid == 5
    (rootfs / "etc/passwd").unlink()
    os.mkfifo(rootfs / "etc/passwd")
    assert find_user(rootfs, "5").uid == 5
