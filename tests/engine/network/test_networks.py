"""The networks' documents: planned, kept, read again."""

from pathlib import Path

import pytest

from engine.config import AddressPool, EngineConfig
from engine.errors import Conflict, InvalidArgument, NotFound, Unsupported
from engine.network.networks import NetworkStore


@pytest.fixture
def config(tmp_path: Path) -> EngineConfig:
    return EngineConfig(root=tmp_path, exec_root=tmp_path, default_address_pools=(AddressPool("10.50.0.0/16", 24),))


@pytest.fixture
def store(config: EngineConfig) -> NetworkStore:
    loaded = NetworkStore(config)
    loaded.load()
    return loaded


def test_a_network_gets_the_next_subnet_of_the_pools_and_its_gateway(store: NetworkStore) -> None:
    store.keep(store.plan({"Name": "one"}, ()))
    two = store.plan({"Name": "two", "Labels": {"a": "b"}, "IPAM": {"Options": {}}}, ())

    assert two.to_wire()["IPAM"] == {
        "Driver": "default",
        "Options": {},
        "Config": [{"Subnet": "10.50.1.0/24", "Gateway": "10.50.1.1"}],
    }
    assert two.to_wire()["Labels"] == {"a": "b"}


def test_an_ipv6_network_gets_a_private_subnet_of_its_own(store: NetworkStore) -> None:
    network = store.plan({"Name": "six", "EnableIPv6": True}, ())

    assert network.ipv6 is not None
    assert network.ipv6.subnet.is_private
    assert network.ipv6.subnet.prefixlen == 64


def test_what_was_kept_is_there_after_a_restart(store: NetworkStore, config: EngineConfig, tmp_path: Path) -> None:
    body = {"Name": "app", "IPAM": {"Config": [{"Subnet": "10.9.0.0/24", "Gateway": "10.9.0.254"}]}}
    kept = store.plan(body, ())
    store.keep(kept)
    (tmp_path / "network" / "broken.json").write_text("{")

    again = NetworkStore(config)
    again.load()
    assert [network.to_wire() for network in again] == [kept.to_wire()]
    assert str(again.get("app").ipv4.gateway) == "10.9.0.254"
    assert (tmp_path / "network" / "broken.json").exists()
    again.forget(again.get("app"))
    assert NetworkStore(config).by_name("app") is None


def test_a_network_is_found_by_name_id_and_the_beginning_of_an_id(store: NetworkStore) -> None:
    one = store.plan({"Name": "one"}, ())
    store.keep(one)

    assert store.get("one") is store.get(one.id) is store.get(one.id[:9]) is one
    with pytest.raises(NotFound, match="network nope not found"):
        store.get("nope")
    with pytest.raises(NotFound):
        store.get("")


def test_a_taken_name_and_a_driver_that_is_not_built_are_refused(store: NetworkStore) -> None:
    store.keep(store.plan({"Name": "one"}, ()))

    with pytest.raises(Conflict, match="network with name one already exists"):
        store.plan({"Name": "one"}, ())
    with pytest.raises(Unsupported, match="macvlan"):
        store.plan({"Name": "two", "Driver": "macvlan"}, ())
    with pytest.raises(InvalidArgument, match="invalid network name"):
        store.plan({"Name": " "}, ())


def test_the_default_bridge_takes_its_subnet_from_bip(tmp_path: Path) -> None:
    store = NetworkStore(EngineConfig(root=tmp_path, exec_root=tmp_path, bip="10.7.0.5/24"))
    bridge = store.plan_predefined("bridge", ())

    assert bridge.to_wire()["IPAM"]["Config"] == [{"Subnet": "10.7.0.0/24", "Gateway": "10.7.0.5"}]
    assert bridge.to_wire()["Options"]["com.docker.network.bridge.default_bridge"] == "true"
