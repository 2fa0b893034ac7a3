"""Sets and maps of a table, in a network namespace of the test's own."""

import errno
import subprocess
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

import pytest

from engine.linux import namespaces, nftables
from engine.linux.nftables import ChainWatch, Element, Redirection, Table, concatenation, interval, port

pytestmark = pytest.mark.real

RULES = """table inet test {
    map ports { type inet_proto . inet_service : inet_service; }
    set subnets { type ipv4_addr; flags interval; }
}"""


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "netns"
    namespaces.create_network_namespace(path, lambda: None)
    yield path
    namespaces.remove_network_namespace(path)


@pytest.fixture
def table(place: Path) -> Iterator[Table]:
    nft(place, "-f", "-", text=RULES)
    opened = namespaces.in_network_namespace(place, lambda: Table("test"))
    yield opened
    opened.close()


def nft(place: Path, *arguments: str, text: str = "") -> str:
    command = ["nsenter", f"--net={place}", "nft", *arguments]
    return subprocess.run(command, input=text, capture_output=True, text=True, check=True).stdout


def element(number: int, target: int) -> Element:
    return Element(concatenation(b"\6", port(number)), port(target))


def test_elements_are_added_and_deleted(place: Path, table: Table) -> None:
    table.add("ports", [element(80, 8080), element(81, 8081)])
    table.add("ports", [element(80, 8080)])
    assert "elements = { tcp . 80 : 8080," in nft(place, "list", "map", "inet", "test", "ports")

    table.delete("ports", [element(80, 8080)])
    table.delete("ports", [element(80, 8080)])
    assert "elements = { tcp . 81 : 8081 }" in nft(place, "list", "map", "inet", "test", "ports")


def test_a_key_cannot_lead_to_two_places(place: Path, table: Table) -> None:
    table.add("ports", [element(80, 8080)])

    with pytest.raises(FileExistsError):
        table.add("ports", [element(90, 9090), element(80, 8081)])
    assert "tcp . 90" not in nft(place, "list", "map", "inet", "test", "ports")


def test_replacing_leaves_only_what_is_new(place: Path, table: Table) -> None:
    table.add("ports", [element(80, 8080)])
    table.replace({"ports": [element(90, 9090)], "subnets": interval(IPv4Network("10.1.0.0/16"))})

    listing = nft(place, "list", "table", "inet", "test")
    assert "elements = { tcp . 90 : 9090 }" in listing
    assert "elements = { 10.1.0.0/16 }" in listing


def test_a_table_that_is_gone_is_an_error_for_additions_only(place: Path, table: Table) -> None:
    table.remove()
    table.remove()
    table.delete("ports", [element(80, 8080)])
    with pytest.raises(OSError, match="test ports") as caught:
        table.add("ports", [element(80, 8080)])
    assert caught.value.errno == errno.ENOENT


def test_output_nat_replaces_what_the_table_was(place: Path, table: Table) -> None:
    nat = namespaces.in_network_namespace(place, lambda: Table("nat", nftables.FAMILY_IPV4))
    for new_port in (4000, 5000):
        nat.make_output_nat([Redirection(17, IPv4Address("127.0.0.11"), 53, new_port)])
    nat.close()

    listing = nft(place, "list", "table", "ip", "nat")
    assert "ip daddr 127.0.0.11 udp dport 53 dnat to 127.0.0.11:5000" in listing
    assert "4000" not in listing


def test_a_watch_tells_of_chains_of_its_family(place: Path) -> None:
    watch = namespaces.in_network_namespace(place, lambda: ChainWatch(nftables.FAMILY_IPV4))
    assert not watch.has_news()
    nft(place, "-f", "-", text="table inet other { chain a { }; }")
    assert not watch.has_news()
    nft(place, "-f", "-", text="table ip filter { chain DOCKER-USER { }; }")
    assert watch.has_news()
    watch.close()
