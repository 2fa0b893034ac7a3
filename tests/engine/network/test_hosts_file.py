"""What containers read about names."""

from pathlib import Path

import pytest

from engine.errors import InvalidArgument
from engine.network.container_files import extra_hosts
from engine.network.hosts_file import (
    ResolverConfig,
    container_resolver_config,
    parse_resolver_config,
    render_hosts,
    write_in_place,
)


def test_a_resolver_file_is_read_as_the_manual_says() -> None:
    servers = "# note\nsearch old\nnameserver 10.0.0.1\nnameserver fe80::1%eth0 ; second\n"
    text = servers + "search a.org b.org\noptions ndots:2 edns0\n"
    config = parse_resolver_config(text)

    assert config == ResolverConfig(("10.0.0.1", "fe80::1%eth0"), ("a.org", "b.org"), ("ndots:2", "edns0"))
    assert parse_resolver_config(config.render()) == config


def test_a_container_does_not_get_the_name_server_on_the_hosts_loopback() -> None:
    host = ResolverConfig(("127.0.0.53", "10.0.0.1", "::1"), ("home",), ("edns0",))

    assert container_resolver_config(host, dns=(), search=(), options=()) == ResolverConfig(
        ("10.0.0.1",), ("home",), ("edns0",)
    )
    only_loopback = ResolverConfig(("127.0.0.53",))
    assert container_resolver_config(only_loopback, dns=(), search=(), options=()).nameservers == ("8.8.8.8", "8.8.4.4")


def test_what_was_asked_for_comes_before_what_the_host_has() -> None:
    host = ResolverConfig(("10.0.0.1",), ("home",), ("edns0",))
    config = container_resolver_config(host, dns=("9.9.9.9",), search=(".",), options=("rotate",))

    assert config == ResolverConfig(("9.9.9.9",), (), ("rotate",))


def test_a_file_is_rewritten_in_place(tmp_path: Path) -> None:
    path = tmp_path / "hosts"
    write_in_place(path, render_hosts([("10.0.0.2", "web")], [("10.0.0.9", "db")]))
    inode = path.stat().st_ino
    write_in_place(path, "short\n")

    assert (path.stat().st_ino, path.read_text(), path.stat().st_mode & 0o777) == (inode, "short\n", 0o644)


def test_extra_hosts_take_both_forms_and_the_gateway() -> None:
    entries = ["db:10.0.0.9", "six:fd00::1", "seven=[fd00::2]", "me:host-gateway"]

    assert extra_hosts(entries, host_gateway="172.17.0.1") == [
        ("10.0.0.9", "db"), ("fd00::1", "six"), ("fd00::2", "seven"), ("172.17.0.1", "me")
    ]  # fmt: skip
    with pytest.raises(InvalidArgument, match="bad format for add-host"):
        extra_hosts(["db"], host_gateway="")
