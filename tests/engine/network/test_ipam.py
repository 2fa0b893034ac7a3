"""Addresses and subnets, in memory."""

from ipaddress import ip_address, ip_network

import pytest

from engine.config import AddressPool
from engine.errors import Forbidden, InvalidArgument, Unavailable
from engine.network.ipam import DEFAULT_POOLS, address_range, choose_subnet, overlapping


def test_addresses_are_given_one_after_the_other_and_not_again_at_once() -> None:
    found = address_range("10.0.0.0/29")
    first = found.allocate()
    found.release(first)

    assert (str(found.gateway), str(first)) == ("10.0.0.1", "10.0.0.2")
    assert [str(found.allocate()) for _ in range(5)] == ["10.0.0.3", "10.0.0.4", "10.0.0.5", "10.0.0.6", "10.0.0.2"]
    with pytest.raises(Unavailable, match="all are in use"):
        found.allocate()


def test_addresses_come_from_the_range_and_may_be_asked_for_from_the_whole_subnet() -> None:
    found = address_range("10.0.0.0/24", ip_range="10.0.0.128/30", auxiliary={"router": "10.0.0.129"})

    assert str(found.allocate()) == "10.0.0.128"
    assert str(found.allocate()) == "10.0.0.130"
    found.reserve(ip_address("10.0.0.5"))
    for taken in ("10.0.0.5", "10.0.0.129", "10.0.0.1", "10.0.0.0", "10.0.0.255"):
        with pytest.raises(Forbidden, match="already in use"):
            found.reserve(ip_address(taken))
    with pytest.raises(InvalidArgument, match="does not belong to the network's subnet"):
        found.reserve(ip_address("10.0.1.5"))


def test_a_subnet_of_ipv6_gives_addresses_too() -> None:
    found = address_range("fd00::/64")

    assert (str(found.gateway), str(found.allocate())) == ("fd00::1", "fd00::2")


def test_a_subnet_of_two_addresses_has_room_for_one_container() -> None:
    found = address_range("10.0.0.0/31")

    assert (str(found.gateway), str(found.allocate())) == ("10.0.0.0", "10.0.0.1")


@pytest.mark.parametrize(
    "words",
    [
        {"subnet": "nonsense"},
        {"subnet": "10.0.0.0/24", "gateway": "10.0.1.1"},
        {"subnet": "10.0.0.0/24", "gateway": "x"},
        {"subnet": "10.0.0.0/24", "ip_range": "10.0.0.0/16"},
        {"subnet": "10.0.0.0/24", "ip_range": "fd00::/64"},
    ],
)
def test_what_does_not_fit_together_is_refused(words: dict[str, str]) -> None:
    with pytest.raises(InvalidArgument):
        address_range(**words)


def test_a_chosen_subnet_overlaps_nothing() -> None:
    taken = [ip_network("172.17.5.0/24"), ip_network("172.16.0.0/14"), ip_network("fd00::/8")]

    assert str(choose_subnet(DEFAULT_POOLS, taken)) == "172.20.0.0/16"
    assert overlapping(ip_network("172.18.0.0/16"), taken) == taken[1]
    with pytest.raises(Unavailable, match="non-overlapping"):
        choose_subnet([AddressPool("172.17.0.0/16", 24)], [ip_network("172.17.0.0/16")])
