"""The kernel's side of a sandbox: the namespace, its cables, its name server's sockets. Blocks; called in threads."""

from collections.abc import Sequence
from pathlib import Path

from engine import dns
from engine.linux import namespaces
from engine.linux.rtnetlink import RouteSocket
from engine.network.drivers import bridge
from engine.network.drivers.bridge import Plug

_DISABLE_IPV6 = Path("/proc/sys/net/ipv6/conf/default/disable_ipv6")
_LOOPBACK_INDEX = 1  # of every network namespace


def create(path: Path, plugs: Sequence[Plug], *, with_dns: bool, existing: Path | None = None) -> dns.Sockets | None:
    """Make and pin a namespace, loopback up, with all its cables; about 2 ms. Nothing is left if it fails.

    `existing` is one that is empty and pinned instead: that of a user namespace, in which we cannot make any.
    """
    has_ipv6 = any(address.version == 6 for plug in plugs for address in plug.addresses)

    def inside() -> tuple[RouteSocket, dns.Sockets | None]:
        if not has_ipv6 and _DISABLE_IPV6.exists():
            # Before there is an interface: none then makes itself a link-local address and announces it.
            _DISABLE_IPV6.write_text("1")
        routes = RouteSocket()
        routes.set_up(_LOOPBACK_INDEX)
        return routes, dns.open_sockets() if with_dns else None

    routes, sockets = namespaces.create_network_namespace(path, inside, existing=existing)
    with routes:
        try:
            for plug in plugs:
                bridge.plug_in(path, plug, routes)
        except BaseException:
            if sockets:
                sockets.close()
            namespaces.remove_network_namespace(path)
            raise
    return sockets


def plug_in(path: Path, plug: Plug) -> None:
    """Add a cable to a namespace that is in use."""

    def inside() -> RouteSocket:
        if _DISABLE_IPV6.exists() and any(address.version == 6 for address in plug.addresses):
            _DISABLE_IPV6.write_text("0")
        return RouteSocket()

    with namespaces.in_network_namespace(path, inside) as routes:
        bridge.plug_in(path, plug, routes)


def unplug(link: str) -> None:
    with RouteSocket() as routes:
        routes.delete_link(link)


def open_dns(path: Path) -> dns.Sockets:
    """Sockets for the name server of a namespace that is in use; they take over from those of an earlier daemon."""
    return namespaces.in_network_namespace(path, dns.open_sockets)


def is_pinned(path: Path) -> bool:
    # A pinned namespace is a file of another file system (nsfs); cheaper than reading the list of all mounts.
    return path.exists() and path.stat().st_dev != path.parent.stat().st_dev


def remove(path: Path) -> None:
    namespaces.remove_network_namespace(path)


def remove_all_except(directory: Path, kept: set[Path]) -> list[Path]:
    """Unpin every namespace in `directory` that is not among `kept`; returns what was removed."""
    orphans = [path for path in directory.iterdir() if path not in kept]
    for path in orphans:
        namespaces.remove_network_namespace(path)
    return orphans
