"""What packets of our networks may do: one nftables table whose rules never change, only its sets.

A network or a published port is an element, so the cost of a packet does not grow with their number. The table carries
the mark of this daemon; other engines have their own, and a packet is accepted only if none of them drops it.
"""

import asyncio
from collections.abc import Awaitable, Callable
from ipaddress import IPv4Address, IPv4Network

from msgspec import Struct

from engine.errors import Conflict, Unavailable
from engine.linux import nftables
from engine.linux.nftables import Element, concatenation, interface_name, interval
from engine.linux.nftables import port as port_bytes

_PROTOCOL = {"tcp": 6, "udp": 17, "sctp": 132}

# fib daddr type local: an address of this machine, whichever.
# The loopback: packets from 127.0.0.1 leave by a bridge only since route_localnet is set there. That would also let
# containers send to 127.0.0.0/8 of the host; `guard` drops those, before connection tracking could rewrite anything.
# Masquerading on the way back in (`ct status dnat`): a container that calls a published port must get the answer from
# whom it called; unmasked, a neighbour on the same bridge would answer directly, from its own address. The rule goes by
# address: with bridge-nf-call-iptables such a packet never leaves the bridge, and has no input interface here.
_RULES = """
table inet {name} {{
    map published {{ type inet_proto . inet_service : ipv4_addr . inet_service; }}
    map published_at {{ type ipv4_addr . inet_proto . inet_service : ipv4_addr . inet_service; }}
    set bridges {{ type ifname; }}
    set masqueraded {{ type ifname; }}
    set internal {{ type ifname; }}
    set talking {{ type ifname . ifname; }}
    set subnets {{ type ipv4_addr; flags interval; }}
    chain guard {{ type filter hook prerouting priority raw; policy accept; }}
    chain publish {{ }}
    chain prerouting {{ type nat hook prerouting priority dstnat; policy accept; }}
    chain output {{ type nat hook output priority -100; policy accept; }}
    chain postrouting {{ type nat hook postrouting priority srcnat; policy accept; }}
    chain forward {{ type filter hook forward priority filter; policy accept; }}
}}
flush table inet {name}
table inet {name} {{
    chain guard {{
        iifname @bridges ip daddr 127.0.0.0/8 drop
    }}
    chain publish {{
        dnat ip to ip daddr . meta l4proto . th dport map @published_at
        dnat ip to meta l4proto . th dport map @published
    }}
    chain prerouting {{
        fib daddr type local jump publish
    }}
    chain output {{
        fib daddr type local jump publish
    }}
    chain postrouting {{
        oifname @bridges ip saddr 127.0.0.0/8 masquerade
        ip saddr @subnets oifname @bridges ct status dnat masquerade
        iifname @masqueraded oifname != @bridges masquerade
    }}
    chain forward {{
        iifname != @bridges oifname != @bridges accept
        ct state established,related accept
        oifname @bridges ct status dnat accept
        iifname . oifname @talking accept
        oifname @bridges drop
        iifname @internal drop
    }}
}}
"""


class TableGone(Unavailable):
    """Somebody flushed the ruleset (`systemctl reload nftables` does); `Firewall.start` makes the table again."""


class BridgePolicy(Struct, frozen=True):
    """How the containers of one bridge may talk: with each other, with the world, and under whose address."""

    link: str
    is_internal: bool
    is_masqueraded: bool
    may_talk: bool
    subnets: tuple[IPv4Network, ...] = ()

    def elements(self) -> dict[str, list[Element]]:
        name = interface_name(self.link)
        wanted = {
            "bridges": True,
            "masqueraded": self.is_masqueraded and not self.is_internal,
            "internal": self.is_internal,
            "talking": self.may_talk,
        }
        keys = {"talking": concatenation(name, name)}
        elements = {set_name: [Element(keys.get(set_name, name))] for set_name, is_in in wanted.items() if is_in}
        return {**elements, "subnets": [element for subnet in self.subnets for element in interval(subnet)]}


class Publication(Struct, frozen=True):
    """A port of the host (`host_ip` 0.0.0.0: of all its addresses) that leads to a port of a container."""

    protocol: str
    host_ip: str
    host_port: int
    container_ip: str
    container_port: int

    @property
    def map_name(self) -> str:
        return "published" if IPv4Address(self.host_ip).is_unspecified else "published_at"

    def element(self) -> Element:
        key = [bytes([_PROTOCOL[self.protocol]]), port_bytes(self.host_port)]
        if self.map_name == "published_at":
            key.insert(0, IPv4Address(self.host_ip).packed)
        target = concatenation(IPv4Address(self.container_ip).packed, port_bytes(self.container_port))
        return Element(concatenation(*key), target)


class Firewall:
    """The table of this daemon. Its changes are one netlink message each and take effect before they return."""

    def __init__(self, instance: str) -> None:
        self.table_name = f"quayside-{instance}"
        self._table = nftables.Table(self.table_name)
        self._watch: nftables.TableWatch | None = None
        self._renewal: asyncio.Future[None] | None = None

    async def start(self) -> None:
        """Make the table, or renew its rules and keep its elements: connections of running containers go on."""
        await nftables.load(_RULES.format(name=self.table_name))

    def watch(self, on_gone: Callable[[], Awaitable[None]]) -> None:
        """From now on await `on_gone` whenever somebody deletes the table: what runs needs it."""
        self._watch = nftables.TableWatch(self.table_name)
        asyncio.get_running_loop().add_reader(self._watch, self._on_change, on_gone)

    def _on_change(self, on_gone: Callable[[], Awaitable[None]]) -> None:
        if self._watch is not None and self._watch.has_news() and (self._renewal is None or self._renewal.done()):
            self._renewal = asyncio.ensure_future(on_gone())

    def stop_watching(self) -> None:
        if self._watch is not None:
            asyncio.get_running_loop().remove_reader(self._watch)
            self._watch.close()
            self._watch = None
        if self._renewal is not None:
            self._renewal.cancel()

    def close(self) -> None:
        self._table.close()

    def remove(self) -> None:
        self._table.remove()

    def add_bridge(self, policy: BridgePolicy) -> None:
        for set_name, elements in policy.elements().items():
            self._table.add(set_name, elements)

    def remove_bridge(self, policy: BridgePolicy) -> None:
        for set_name, elements in policy.elements().items():
            self._table.delete(set_name, elements)

    def publish(self, publication: Publication) -> None:
        """Raises Conflict when the port leads elsewhere already, TableGone."""
        try:
            self._table.add(publication.map_name, [publication.element()])
        except FileExistsError as error:
            raise Conflict(
                f"Bind for {publication.host_ip}:{publication.host_port} failed: port is already allocated"
            ) from error

        except FileNotFoundError as error:
            raise TableGone(f"the nftables table {self.table_name} is gone") from error

    def withdraw(self, publication: Publication) -> None:
        self._table.delete(publication.map_name, [publication.element()])

    def replace_publications(self, publications: list[Publication]) -> None:
        """Make these the only published ports, in one step."""
        contents: dict[str, list[Element]] = {"published": [], "published_at": []}
        for publication in publications:
            contents[publication.map_name].append(publication.element())
        self._table.replace(contents)

    def replace_bridges(self, policies: list[BridgePolicy]) -> None:
        """Make these the only bridges, in one step."""
        contents: dict[str, list[Element]] = {
            set_name: [] for set_name in ("bridges", "masqueraded", "internal", "talking", "subnets")
        }
        for policy in policies:
            for set_name, elements in policy.elements().items():
                contents[set_name] += elements
        self._table.replace(contents)
