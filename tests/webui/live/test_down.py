"""A host that is down, or that talks nonsense: its last picture stays, with the reason."""

from pathlib import Path
from typing import Any

import pytest

from webui.hosts.models import Host
from webui.live import HostState, forget, picture
from webui.live.picture import Picture, with_list
from webui.live.saved import load_picture, save_picture

RAW = {"Id": "a" * 64, "State": "running"}


@pytest.fixture(autouse=True)
def _own_folder(settings: Any, tmp_path: Path) -> None:
    settings.QUAYSIDE_DATA = tmp_path


def test_a_stored_picture_comes_back_marked_as_such() -> None:
    kept, _ = with_list(Picture("local"), "containers", [RAW])
    save_picture(kept)
    loaded = load_picture("local")
    assert loaded is not None
    assert (loaded.containers, loaded.seen_at, loaded.is_stored) == (kept.containers, kept.seen_at, True)


def test_a_broken_file_is_no_picture(tmp_path: Path) -> None:
    (tmp_path / "pictures").mkdir()
    (tmp_path / "pictures" / "local.json").write_text('{"containers": ')
    assert load_picture("local") is None


@pytest.mark.django_db(transaction=True)
def test_a_host_that_is_down_shows_what_it_had_and_why(tmp_path: Path) -> None:
    save_picture(with_list(Picture("gone"), "containers", [RAW])[0])
    host = Host.objects.create(slug="gone", name="Gone", url=f"unix://{tmp_path}/nobody.sock")
    try:
        seen = picture(host)
    finally:
        forget("gone")
    assert seen.state is HostState.DOWN
    assert seen.error
    assert list(seen.containers) == [RAW["Id"]]
