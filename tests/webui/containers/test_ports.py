"""Which published ports become links, and where they lead."""

import pytest

from webui.containers.ports import Place, place_of, port_html, scheme_of
from webui.containers.rows import Port


def port(inside: int, outside: int | None, protocol: str = "tcp", address: str = "0.0.0.0") -> Port:
    return Port(inside, protocol, address, outside)


@pytest.mark.parametrize(
    ("published", "scheme"),
    [
        (port(80, 8080), "http"),
        (port(443, 8000), "https"),
        (port(3000, 8443), "https"),
        (port(5432, 5432), ""),
        (port(53, 53, "udp"), ""),
        (port(80, None), ""),
    ],
)
def test_the_scheme_is_guessed_from_both_sides(published: Port, scheme: str) -> None:
    assert scheme_of(published) == scheme


def test_a_port_of_another_machine_leads_there() -> None:
    assert place_of("tcp://10.0.0.5:2376") == Place("10.0.0.5")
    assert 'href="http://10.0.0.5:8080/"' in port_html(port(80, 8080), Place("10.0.0.5"))
    assert 'href="http://[fd00::1]:8080/"' in port_html(port(80, 8080), Place("fd00::1"))


def test_a_port_of_the_consoles_own_machine_is_completed_by_the_browser() -> None:
    assert place_of("unix:///var/run/docker.sock").is_here
    assert 'data-port="http:8080"' in port_html(port(80, 8080), Place())


def test_loopback_of_another_machine_is_no_link() -> None:
    assert "<a" not in port_html(port(80, 8080, address="127.0.0.1"), Place("10.0.0.5"))
