"""How Docker's network list reads as rows, and what the form makes of what was typed."""

from webui.networks.forms import NetworkForm
from webui.networks.rows import Use, counts, network_rows, query_of, selected

NETWORKS = [
    {"Id": "1" * 64, "Name": "bridge", "Driver": "bridge", "Scope": "local",
     "IPAM": {"Config": [{"Subnet": "172.17.0.0/16"}]}},
    {"Id": "2" * 64, "Name": "none", "Driver": "null", "IPAM": {"Config": None}},
    {"Id": "3" * 64, "Name": "shop_default", "Driver": "bridge", "Internal": True,
     "IPAM": {"Config": [{"Subnet": "172.20.0.0/16", "Gateway": "172.20.0.1"}]},
     "Labels": {"com.docker.compose.project": "shop"}},
    {"Id": "4" * 64, "Name": "old", "Driver": "macvlan", "IPAM": None},
]  # fmt: skip
CONTAINERS = [{"Id": "c1", "Names": ["/db-1"], "NetworkSettings": {"Networks": {"shop_default": {}, "bridge": {}}}}]
SUBNETS = {"172.17.0.0/16": "bridge"}


def test_each_network_says_who_is_on_it() -> None:
    bridge, none, shop, old = network_rows(NETWORKS, CONTAINERS)
    assert (bridge.use, none.use, shop.use, old.use) == (Use.BUILT_IN, Use.BUILT_IN, Use.USED, Use.UNUSED)
    assert (shop.use_words, shop.kind_words, shop.subnets, shop.stack) == (
        "db-1", "bridge · internal", ("172.20.0.0/16",), "shop",
    )  # fmt: skip
    assert none.driver == "none"


def test_built_in_networks_come_last_and_counts_add_up() -> None:
    rows = network_rows(NETWORKS, CONTAINERS)
    assert [row.name for row in selected(rows, query_of({}))] == ["old", "shop_default", "bridge", "none"]
    assert counts(rows) == {"used": 1, "unused": 1, "builtin": 2}
    assert [row.name for row in selected(rows, query_of({"q": "172.20"}))] == ["shop_default"]


def errors(**fields: str) -> dict[str, list[str]]:
    return NetworkForm({"name": "edge", **fields}, taken={"shop_default"}, subnets=SUBNETS).errors


def test_a_subnet_with_host_bits_offers_the_one_that_is_meant() -> None:
    assert "Do you mean 10.20.0.0/24?" in errors(subnet="10.20.0.7/24")["subnet"][0]


def test_a_subnet_that_overlaps_names_the_network() -> None:
    assert "overlaps with 172.17.0.0/16 of the network bridge" in errors(subnet="172.17.4.0/24")["subnet"][0]


def test_a_gateway_lies_in_its_subnet() -> None:
    assert "is not in" in errors(subnet="10.20.0.0/24", gateway="10.21.0.1")["gateway"][0]
    assert "needs its subnet" in errors(gateway="10.21.0.1")["gateway"][0]
    assert not errors(subnet="10.20.0.0/24", gateway="10.20.0.254")
    assert "is not an IP address" in errors(subnet="10.20.0.0/24", gateway="x")["gateway"][0]


def test_a_taken_name_is_refused() -> None:
    assert "already" in errors(name="shop_default")["name"][0]
