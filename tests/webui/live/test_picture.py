from webui.live.changes import ALL, changes_of
from webui.live.picture import HostState, Picture, as_down, as_up, with_list, with_objects

A, B = {"Id": "a" * 64, "State": "running"}, {"Id": "b" * 64, "State": "exited"}


def test_a_list_tells_what_it_added_changed_and_removed() -> None:
    picture, changed = with_list(Picture("local"), "containers", [A, B])
    assert changed == {A["Id"], B["Id"]}
    picture, changed = with_list(picture, "containers", [{**A, "State": "paused"}])
    assert changed == {A["Id"], B["Id"]}
    assert list(picture.containers) == [A["Id"]]


def test_what_did_not_change_stays_the_same_object() -> None:
    picture, _ = with_list(Picture("local"), "containers", [A, B])
    again, changed = with_list(picture, "containers", [dict(A), dict(B)])
    assert not changed
    assert again.containers[A["Id"]] is picture.containers[A["Id"]]
    assert again.serial == picture.serial


def test_an_asked_id_without_an_answer_is_gone() -> None:
    picture, _ = with_list(Picture("local"), "containers", [A, B])
    picture, changed = with_objects(picture, "containers", [A["Id"]], [])
    assert changed == {A["Id"]}
    assert list(picture.containers) == [B["Id"]]


def test_a_new_object_leads_and_a_changed_one_keeps_its_place() -> None:
    picture, _ = with_list(Picture("local"), "containers", [A, B])
    new = {"Id": "c" * 64, "State": "created"}
    picture, _ = with_objects(picture, "containers", [new["Id"], B["Id"]], [new, {**B, "State": "running"}])
    assert list(picture.containers) == [new["Id"], A["Id"], B["Id"]]


def test_a_host_that_goes_down_keeps_its_lists_and_the_moment_it_went() -> None:
    picture, _ = with_list(as_up(Picture("local"), {"Version": "1"}), "containers", [A])
    down = as_down(picture, "connection refused")
    later = as_down(down, "no route to host")
    assert down.state is HostState.DOWN
    assert later.since == down.since
    assert later.error == "no route to host"
    assert list(later.containers) == [A["Id"]]
    assert as_up(later, {}).since > later.since


def test_an_object_is_found_by_the_beginning_of_its_id_where_only_one_begins_so() -> None:
    picture, _ = with_list(Picture("local"), "containers", [A, {"Id": "ab" * 32}])
    assert picture.find("containers", "aaaa") is picture.containers[A["Id"]]
    assert picture.find("containers", "a") is None
    assert picture.find("containers", "cccc") is None


def event(kind: str, action: str, object_id: str = "x", **attributes: str) -> dict[str, object]:
    return {"Type": kind, "Action": action, "Actor": {"ID": object_id, "Attributes": attributes}}


def test_a_container_event_asks_about_that_container() -> None:
    assert list(changes_of(event("container", "start", "abc"))) == [("containers", "abc", False)]
    assert list(changes_of(event("container", "health_status: healthy", "abc"))) == [("containers", "abc", False)]
    assert list(changes_of(event("container", "destroy", "abc"))) == [("containers", "abc", True)]


def test_a_health_check_asks_nothing() -> None:
    for action in ("exec_create: /bin/sh -c true", "exec_start: /bin/sh -c true", "exec_die", "resize", "attach"):
        assert list(changes_of(event("container", action))) == []


def test_a_connected_network_asks_about_the_container_too() -> None:
    changes = list(changes_of(event("network", "connect", "net", container="abc")))
    assert changes == [("networks", "net", False), ("containers", "abc", False)]


def test_images_and_prunes_ask_for_whole_lists() -> None:
    assert list(changes_of(event("image", "tag", "sha256:1"))) == [("images", ALL, False)]
    assert list(changes_of(event("volume", "prune", ""))) == [("volumes", ALL, False)]


def test_what_podman_says_without_an_id_is_asked_about_all_the_same() -> None:
    assert list(changes_of(event("image", "pull", "", name="busybox"))) == [("images", ALL, False)]
    assert list(changes_of(event("volume", "create", "", name="data"))) == [("volumes", "data", False)]
    assert list(changes_of(event("volume", "remove", "", name="data"))) == [("volumes", "data", True)]
    assert list(changes_of(event("volume", "remove", ""))) == [("volumes", ALL, False)]
