from engine.containers.own_changes import own_changes


def changes(*pairs: tuple[int, str]) -> list[dict[str, object]]:
    return [{"Path": path, "Kind": kind} for kind, path in pairs]


def test_places_made_for_mounts_are_not_the_containers_changes() -> None:
    found = changes((0, "/etc"), (1, "/etc/hosts"), (1, "/etc/resolv.conf"), (0, "/dev"), (1, "/dev/shm"), (1, "/test"))
    assert own_changes(found) == changes((1, "/test"))


def test_a_folder_with_changes_of_its_own_stays() -> None:
    found = changes((0, "/etc"), (1, "/etc/hosts"), (0, "/etc/passwd"), (0, "/var"), (2, "/var/old"))
    assert own_changes(found) == changes((0, "/etc"), (0, "/etc/passwd"), (0, "/var"), (2, "/var/old"))
