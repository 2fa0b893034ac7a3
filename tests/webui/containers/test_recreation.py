"""The recipe of a container: nothing that it has is lost, nothing that only its image has is nailed down."""

from typing import Any

import pytest

from webui.containers.recreation import recipe_of, without_mac_addresses

ID = "4be2" * 16
IMAGE = {
    "Config": {
        "Cmd": ["nginx"], "Entrypoint": ["/entry"], "Env": ["PATH=/bin", "VERSION=1"], "WorkingDir": "/srv",
        "Labels": {"maintainer": "x"}, "ExposedPorts": {"80/tcp": {}}, "StopSignal": "SIGQUIT",
    }
}  # fmt: skip


def found(**changes: Any) -> dict[str, Any]:
    config = {**IMAGE["Config"], "Hostname": ID[:12], "Image": "nginx:1", **changes.pop("Config", {})}
    host = {"NetworkMode": "shop", "Binds": ["data:/data"], "PortBindings": {}, **changes.pop("HostConfig", {})}
    networks = {"shop": {"Aliases": ["web", ID[:12]], "IPAddress": "172.20.0.4", "NetworkID": "n1"}}
    settings = {"NetworkSettings": {"Networks": networks}}
    return {"Id": ID, "Config": config, "HostConfig": host, "Mounts": [], **settings, **changes}


def test_what_only_the_image_says_is_left_to_the_image() -> None:
    body = recipe_of(found(Config={"Env": ["PATH=/bin", "VERSION=1", "MODE=live"]}), IMAGE).body
    assert body["Env"] == ["MODE=live"]
    assert not {"Cmd", "Entrypoint", "WorkingDir", "StopSignal", "Hostname"} & body.keys()
    assert body["Labels"] == body["ExposedPorts"] == {}


def test_what_was_chosen_stays_even_where_it_overrides_the_image() -> None:
    body = recipe_of(
        found(Config={"Cmd": ["sh"], "Labels": {"maintainer": "me", "a": "b"}, "Hostname": "web", "Tty": True}), IMAGE
    ).body
    assert (body["Cmd"], body["Hostname"], body["Tty"]) == (["sh"], "web", True)
    assert body["Labels"] == {"maintainer": "me", "a": "b"}


def test_an_entrypoint_of_its_own_keeps_the_command_beside_it() -> None:
    body = recipe_of(found(Config={"Entrypoint": ["/other"]}), IMAGE).body
    assert (body["Entrypoint"], body["Cmd"]) == (["/other"], ["nginx"])


def test_fields_that_nobody_here_knows_are_kept() -> None:
    body = recipe_of(found(HostConfig={"CapAdd": ["NET_ADMIN"], "Future": {"x": 1}}, Config={"New": 1}), IMAGE).body
    assert body["HostConfig"]["CapAdd"] == ["NET_ADMIN"]
    assert body["HostConfig"]["Future"] == {"x": 1}
    assert body["New"] == 1


def test_a_volume_without_a_name_keeps_its_data() -> None:
    mounts = [
        {"Type": "volume", "Name": "f" * 64, "Destination": "/cache", "RW": True},
        {"Type": "volume", "Name": "data", "Destination": "/data", "RW": True},
    ]
    recipe = recipe_of(found(Mounts=mounts), IMAGE)
    assert recipe.body["HostConfig"]["Binds"] == ["data:/data", f"{'f' * 64}:/cache"]


def test_volumes_of_other_containers_come_from_them_again() -> None:
    mounts = [
        {"Type": "volume", "Name": "f" * 64, "Destination": "/cache", "RW": True},
        {"Type": "volume", "Name": "donated", "Destination": "/donated", "RW": False},
    ]
    inspected = found(Mounts=mounts, HostConfig={"VolumesFrom": ["donor:ro"]}, Config={"Volumes": {"/cache": {}}})
    assert recipe_of(inspected, IMAGE).body["HostConfig"]["Binds"] == ["data:/data", f"{'f' * 64}:/cache"]


def test_networks_keep_aliases_and_fixed_addresses_and_lose_what_the_engine_gave() -> None:
    inspected = found()
    inspected["NetworkSettings"]["Networks"]["edge"] = {
        "IPAMConfig": {"IPv4Address": "10.9.0.5"}, "Aliases": None, "MacAddress": "02:42:0a:09:00:05"
    }  # fmt: skip
    recipe = recipe_of(inspected, IMAGE)
    assert recipe.body["NetworkingConfig"] == {"EndpointsConfig": {"shop": {"Aliases": ["web"]}}}
    assert recipe.networks == {"edge": {"IPAMConfig": {"IPv4Address": "10.9.0.5"}}}


def test_a_mac_address_that_no_engine_makes_up_was_chosen_and_is_kept() -> None:
    inspected = found()
    inspected["NetworkSettings"]["Networks"]["edge"] = {"MacAddress": "92:d0:c6:0a:29:33"}
    assert recipe_of(inspected, IMAGE).networks == {"edge": {"MacAddress": "92:d0:c6:0a:29:33"}}


@pytest.mark.parametrize(
    ("held", "is_kept"),
    [
        ({"IPAddress": "10.9.0.5", "MacAddress": "02:42:0a:09:00:05"}, False),
        ({"IPAddress": "10.9.0.5", "MacAddress": "02:42:0A:09:00:99"}, True),
        ({"IPAddress": "", "MacAddress": "02:42:0a:09:00:05"}, True),
        ({"GlobalIPv6Address": "fd00::5", "MacAddress": "02:42:11:22:33:44"}, False),
    ],
)
def test_a_mac_address_is_the_engines_where_it_follows_from_the_other_addresses(
    held: dict[str, str], *, is_kept: bool
) -> None:
    inspected = found()
    inspected["NetworkSettings"]["Networks"]["edge"] = held
    assert recipe_of(inspected, IMAGE).networks == {"edge": {"MacAddress": held["MacAddress"]} if is_kept else {}}


def test_a_second_container_has_no_mac_address_of_the_first() -> None:
    inspected = found(Config={"MacAddress": "02:42:0a:09:00:98"})
    inspected["NetworkSettings"]["Networks"]["edge"] = {"MacAddress": "92:d0:c6:0a:29:33", "IPAMConfig": {"a": "b"}}
    recipe = without_mac_addresses(recipe_of(inspected, IMAGE))
    assert "MacAddress" not in recipe.body
    assert recipe.networks == {"edge": {"IPAMConfig": {"a": "b"}}}


def test_links_are_written_as_they_are_asked_for() -> None:
    body = recipe_of(found(HostConfig={"Links": ["/db:/web/database"]}), IMAGE).body
    assert body["HostConfig"]["Links"] == ["db:database"]


def test_a_container_in_anothers_network_joins_none() -> None:
    recipe = recipe_of(found(HostConfig={"NetworkMode": "container:db"}), IMAGE)
    assert recipe.networks == {}
    assert "NetworkingConfig" not in recipe.body


def test_swap_that_the_engine_reckoned_from_the_memory_is_not_nailed_down() -> None:
    reckoned = recipe_of(found(HostConfig={"Memory": 64 << 20, "MemorySwap": 128 << 20}), IMAGE)
    assert "MemorySwap" not in reckoned.body["HostConfig"]
    chosen = recipe_of(found(HostConfig={"Memory": 64 << 20, "MemorySwap": -1}), IMAGE)
    assert chosen.body["HostConfig"]["MemorySwap"] == -1
