"""The engine's command line."""

from pathlib import Path

import pytest

from engine.__main__ import parse_arguments
from engine.config import AddressPool


def test_without_arguments_it_listens_on_a_socket_below_its_root(tmp_path: Path) -> None:
    config = parse_arguments(["--root", str(tmp_path)])
    assert config.hosts == (f"unix://{tmp_path}/docker.sock",)
    assert config.exec_root == Path("/run/quayside") / config.instance


def test_two_roots_are_two_instances(tmp_path: Path) -> None:
    first, second = (parse_arguments(["--root", str(tmp_path / name)]) for name in "ab")
    assert first.instance != second.instance


def test_several_hosts_and_pools_may_be_given() -> None:
    config = parse_arguments(
        ["-H", "unix:///a.sock", "-H", "tcp://127.0.0.1:2376", "--default-address-pool", "base=10.9.0.0/16,size=24"]
    )
    assert config.hosts == ("unix:///a.sock", "tcp://127.0.0.1:2376")
    assert config.default_address_pools == (AddressPool("10.9.0.0/16", 24),)


@pytest.mark.parametrize(
    "arguments",
    [
        ["-H", "docker.sock"],
        ["-H", "tcp://127.0.0.1"],
        ["--bip", "300.0.0.1/24"],
        ["--default-address-pool", "base=10.0.0.0/16,size=8"],
        ["--default-address-pool", "10.0.0.0/16"],
        ["--tlsverify"],
        ["--tlscacert", "ca.pem"],
        ["--storage-driver", "floppy"],
    ],
)
def test_what_cannot_be_is_refused_at_once(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exit_status:
        parse_arguments(arguments)
    assert exit_status.value.code == 2
    assert "error:" in capsys.readouterr().err
