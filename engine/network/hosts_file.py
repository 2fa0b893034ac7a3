"""The three files by which a container knows names: hosts, hostname, resolv.conf.

They are bind-mounted into the container, so they are rewritten in place: a rename would leave the old file mounted.
"""

from collections.abc import Iterable, Sequence
from ipaddress import ip_address
from pathlib import Path

from msgspec import Struct

EMBEDDED_DNS = "127.0.0.11"

_STANDARD = (
    ("127.0.0.1", "localhost"),
    ("::1", "localhost ip6-localhost ip6-loopback"),
    ("fe00::0", "ip6-localnet"),
    ("ff00::0", "ip6-mcastprefix"),
    ("ff02::1", "ip6-allnodes"),
    ("ff02::2", "ip6-allrouters"),
)
_HOST_FILE = Path("/etc/resolv.conf")
# Where systemd-resolved puts the servers that it asks, when /etc/resolv.conf names only itself.
_SYSTEMD_FILE = Path("/run/systemd/resolve/resolv.conf")
_LAST_RESORT = ("8.8.8.8", "8.8.4.4")


class ResolverConfig(Struct, frozen=True):
    """A resolv.conf(5)."""

    nameservers: tuple[str, ...] = ()
    search: tuple[str, ...] = ()
    options: tuple[str, ...] = ()

    def render(self) -> str:
        lines = [f"nameserver {server}" for server in self.nameservers]
        if self.search:
            lines.append("search " + " ".join(self.search))
        if self.options:
            lines.append("options " + " ".join(self.options))
        return "".join(f"{line}\n" for line in lines)


def parse_resolver_config(text: str) -> ResolverConfig:
    """What is in a resolv.conf; of several `search` or `domain` lines the last counts, as in resolv.conf(5)."""
    nameservers: list[str] = []
    options: list[str] = []
    search: Sequence[str] = ()
    for line in text.splitlines():
        match line.split("#")[0].split(";")[0].split():
            case ["nameserver", server, *_]:
                nameservers.append(server)
            case ["search" | "domain", *domains]:
                search = domains
            case ["options", *given]:
                options += given
    return ResolverConfig(tuple(nameservers), tuple(search), tuple(options))


def host_resolver_config() -> ResolverConfig:
    """How this machine resolves names, in a way that also works off its loopback where there is one."""
    config = _read(_HOST_FILE)
    if config.nameservers and all(_is_loopback(server) for server in config.nameservers):
        beyond = _read(_SYSTEMD_FILE)
        return beyond if beyond.nameservers else config
    return config


def container_resolver_config(
    host: ResolverConfig, *, dns: Sequence[str], search: Sequence[str], options: Sequence[str]
) -> ResolverConfig:
    """The resolv.conf of a container without embedded DNS: what was asked for, else the host's without its loopback."""
    servers = tuple(dns) or tuple(server for server in host.nameservers if not _is_loopback(server)) or _LAST_RESORT
    domains = () if tuple(search) == (".",) else tuple(search) or host.search
    return ResolverConfig(servers, domains, tuple(options) or host.options)


def render_hosts(own: Iterable[tuple[str, str]], extra: Iterable[tuple[str, str]]) -> str:
    """A hosts(5) file: the standard names, the extra ones, then the container's own; each is (address, names)."""
    return "".join(f"{address}\t{names}\n" for address, names in (*_STANDARD, *extra, *own))


def write_in_place(path: Path, text: str) -> None:
    """Replace the contents of the same inode; world-readable, since processes of any user resolve names."""
    with path.open("w", encoding="utf-8") as file:
        file.write(text)
    path.chmod(0o644)


def _read(path: Path) -> ResolverConfig:
    try:
        return parse_resolver_config(path.read_text(encoding="utf-8", errors="replace"))
    except FileNotFoundError:
        return ResolverConfig()


def _is_loopback(server: str) -> bool:
    try:
        return ip_address(server.partition("%")[0]).is_loopback
    except ValueError:
        return False
