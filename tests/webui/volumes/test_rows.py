"""How Docker's volume list reads as rows, and what the form makes of what was typed."""

from webui.volumes.forms import VolumeForm
from webui.volumes.rows import Use, counts, query_of, selected, volume_rows

VOLUMES = [
    {"Name": "shop_db", "Driver": "local", "Mountpoint": "/v/shop_db",
     "CreatedAt": "2026-11-20T10:00:00Z", "Options": None,
     "Labels": {"com.docker.compose.project": "shop"}},
    {"Name": "a" * 64, "Driver": "local", "CreatedAt": "2026-11-20T10:00:00.123456789+01:00"},
    {"Name": "films", "Driver": "local", "Options": {"type": "nfs", "device": ":/films", "o": "addr=10.0.0.1"}},
    {"Name": "etc", "Driver": "local", "Options": {"type": "none", "device": "/etc", "o": "bind,ro"}, "CreatedAt": "?"},
]  # fmt: skip
CONTAINERS = [
    {
        "Id": "c1",
        "Names": ["/db-1"],
        "Mounts": [{"Type": "volume", "Name": "shop_db"}, {"Type": "bind", "Source": "/x"}],
    }
]


def test_each_volume_says_what_mounts_it_and_where_it_is_kept() -> None:
    used, nameless, nfs, bind = volume_rows(VOLUMES, CONTAINERS)
    assert (used.use, used.use_words, used.stack, used.kind_words) == (Use.USED, "db-1", "shop", "local")
    assert (nameless.is_anonymous, nameless.short_name) == (True, "aaaaaaaaaaaa…")
    assert nameless.created == 1_763_629_200.123456 + 31_536_000
    assert nfs.kind_words == "local · nfs :/films"
    assert (bind.kind_words, bind.created) == ("local · bind of /etc", None)


def test_nameless_volumes_come_last_and_counts_add_up() -> None:
    rows = volume_rows(VOLUMES, CONTAINERS)
    assert [row.short_name for row in selected(rows, query_of({}))] == ["etc", "films", "shop_db", "aaaaaaaaaaaa…"]
    assert counts(rows) == {"used": 1, "unused": 3}


def test_a_taken_name_is_refused_because_docker_would_not() -> None:
    assert not VolumeForm({"name": "shop_db"}, taken={"shop_db"}).is_valid()
    assert VolumeForm({"name": "shop_db2", "kind": "local"}, taken={"shop_db"}).is_valid()


def test_an_nfs_volume_asks_for_server_and_path() -> None:
    form = VolumeForm({"name": "films", "kind": "nfs", "server": "10.0.0.1"})
    assert not form.is_valid()
    assert list(form.errors) == ["export"]
    whole = VolumeForm({"name": "films", "kind": "nfs", "server": "10.0.0.1", "export": "/films"})
    assert whole.is_valid()
    assert whole.driver_options() == {"type": "nfs", "o": "addr=10.0.0.1,rw", "device": ":/films"}


def test_labels_are_lines() -> None:
    form = VolumeForm({"labels": "a=1\n\n b = x=y "})
    assert form.is_valid()
    assert form.cleaned_data["labels"] == {"a": "1", "b": " x=y"}
    assert not VolumeForm({"labels": "=1"}).is_valid()


def test_a_name_with_a_slash_says_where_folders_are_mounted() -> None:
    form = VolumeForm({"name": "/srv/data"})
    assert not form.is_valid()
    assert "slash" in form.errors["name"][0]
