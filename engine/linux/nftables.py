"""nftables: whole tables as text by the `nft` program, single elements and tiny rule sets by raw netlink.

Starting `nft` costs 3 to 20 ms, an element by netlink 0.06 ms: what happens once may take the first and be read like
the manual (nft(8)); what happens for each container takes the second.
"""

import errno
import struct
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network

from msgspec import Struct

from engine.errors import Unavailable
from engine.linux import netlink, processes
from engine.linux.netlink import CREATE, EXCL, Message, NetlinkListener, NetlinkSocket, attribute, nested, string

FAMILY_INET = 1
FAMILY_IPV4 = 2

_NETLINK_NETFILTER, _GROUP_NFTABLES = 12, 7
_SUBSYSTEM = 10
_NEWTABLE, _NEWCHAIN, _NEWRULE, _NEWSETELEM, _DELSETELEM = 0, 3, 6, 12, 14
_DELTABLE = 2
_BATCH_BEGIN, _BATCH_END = 0x10, 0x11
_APPEND = 0x800

REGISTER_1, REGISTER_2 = 1, 2
_VERDICT_REGISTER = 0


class Element(Struct, frozen=True):
    """An element of a set, or of a map when it has `data`; both may be made by `concatenation`.

    In a set of intervals one element begins an interval, and the next, with `ends_interval`, is the first outside it.
    """

    key: bytes
    data: bytes = b""
    ends_interval: bool = False


def concatenation(*parts: bytes) -> bytes:
    """Several values as one key: each is padded to the four bytes of a register."""
    return b"".join(part + bytes(-len(part) % 4) for part in parts)


def interval(network: IPv4Network) -> list[Element]:
    """The two elements that stand for all addresses of `network` in a set with `flags interval`."""
    begin = Element(network.network_address.packed)
    return [begin, Element((int(network.broadcast_address) + 1).to_bytes(4, "big"), ends_interval=True)]


def interface_name(name: str) -> bytes:
    return name.encode().ljust(16, b"\0")


def port(number: int) -> bytes:
    return number.to_bytes(2, "big")


async def load(text: str) -> None:
    """Carry out a file of nft commands: all of it or nothing.

    Raises ProgramFailed with nft's own words, Unavailable on a machine without the program.
    """
    try:
        await processes.run(["nft", "-f", "-"], stdin=text.encode())
    except FileNotFoundError as error:
        raise Unavailable("the program nft is not installed: install the package nftables") from error


class ChainWatch:
    """Tells when somebody makes a chain in a family of tables (iptables' are FAMILY_IPV4); for the event loop."""

    def __init__(self, family: int) -> None:
        self._family = family
        self._listener = NetlinkListener(_NETLINK_NETFILTER, _GROUP_NFTABLES)

    def fileno(self) -> int:
        return self._listener.fileno()

    def close(self) -> None:
        self._listener.close()

    def has_news(self) -> bool:
        """Read what has come: whether a chain was made. When something was lost, it may have been one."""
        messages = self._listener.read()
        if messages is None:
            return True
        return any(kind == _kind(_NEWCHAIN) and payload[0] == self._family for kind, payload in messages)


class TableWatch:
    """Tells when somebody deletes a table, as a flush of the ruleset does; for the event loop."""

    def __init__(self, name: str, family: int = FAMILY_INET) -> None:
        self._about = bytes([family]), name.encode()
        self._listener = NetlinkListener(_NETLINK_NETFILTER, _GROUP_NFTABLES)

    def fileno(self) -> int:
        return self._listener.fileno()

    def close(self) -> None:
        self._listener.close()

    def has_news(self) -> bool:
        """Read what has come: whether the table was deleted. When something was lost, it may have been that."""
        messages = self._listener.read()
        if messages is None:
            return True
        return any(kind == _kind(_DELTABLE) and _table_of(payload) == self._about for kind, payload in messages)


def _table_of(payload: bytes) -> tuple[bytes, bytes]:
    name = netlink.parse_attributes(payload[4:]).get(1, b"")  # NFTA_TABLE_NAME, behind the nfgenmsg
    return payload[:1], name.rstrip(b"\0")


class Table:
    """The sets and maps of one table, changed in place. Opened in the calling thread's network namespace."""

    def __init__(self, name: str, family: int = FAMILY_INET) -> None:
        self.name = name
        self._family = family
        self._netlink = NetlinkSocket(_NETLINK_NETFILTER)

    def close(self) -> None:
        self._netlink.close()

    def add(self, set_name: str, elements: Iterable[Element]) -> None:
        """Add elements; those that are there already are fine, except a map's with other data (EEXIST: none is)."""
        self._transact(self._elements_message(_NEWSETELEM, set_name, elements, flags=CREATE))

    def delete(self, set_name: str, elements: Iterable[Element]) -> None:
        """Delete elements; if one of them is not there (or the table is not), none is, and that is fine."""
        try:
            self._transact(self._elements_message(_DELSETELEM, set_name, elements))
        except FileNotFoundError:
            return

    def replace(self, contents: dict[str, list[Element]]) -> None:
        """Make these the only elements of these sets, in one step: no packet sees a set half filled."""
        messages = []
        for set_name, elements in contents.items():
            messages.append(self._elements_message(_DELSETELEM, set_name, None))
            if elements:
                messages.append(self._elements_message(_NEWSETELEM, set_name, elements, flags=CREATE))
        self._transact(*messages)

    def remove(self) -> None:
        """Delete the table with all that is in it; one that is not there is fine."""
        try:
            self._transact(Message(_kind(_DELTABLE), self._header() + string(1, self.name), about=self.name))
        except OSError as error:
            if error.errno != errno.ENOENT:
                raise

    def make_output_nat(self, rules: Iterable["Redirection"]) -> None:
        """Make this table one NAT chain on locally made packets that consists of `rules`, whatever it was before."""
        chain = "output"
        start = self._header() + string(1, self.name)
        hook = nested(4, _be32(1, 3), _be32(2, -100 & 0xFFFFFFFF))  # NF_INET_LOCAL_OUT, before the routing decision
        contents = [Message(_kind(_NEWCHAIN), start + string(3, chain) + hook + string(7, "nat"), CREATE, about=chain)]
        for rule in rules:
            body = start + string(2, chain) + nested(4, *rule.expressions())
            contents.append(Message(_kind(_NEWRULE), body, CREATE | _APPEND, about=chain))
        create = Message(_kind(_NEWTABLE), start, CREATE | EXCL, about=self.name)
        try:
            self._transact(create, *contents)
        except FileExistsError:
            # Only now: after a deletion the kernel lets the socket be closed when all readers are through, 10 ms later.
            self._transact(Message(_kind(_DELTABLE), start, about=self.name), create, *contents)

    def _elements_message(
        self, kind: int, set_name: str, elements: Iterable[Element] | None, flags: int = 0
    ) -> Message:
        """`elements` None stands for all (of a deletion)."""
        payload = self._header() + string(1, self.name) + string(2, set_name)
        if elements is not None:
            payload += nested(3, *(nested(1, *_element_attributes(element)) for element in elements))
        return Message(_kind(kind), payload, flags, about=f"{self.name} {set_name}")

    def _header(self) -> bytes:
        return struct.pack(">BBH", self._family, 0, 0)

    def _transact(self, *messages: Message) -> None:
        boundary = struct.pack(">BBH", 0, 0, _SUBSYSTEM)
        self._netlink.execute(
            messages,
            opening=netlink.encode(Message(_BATCH_BEGIN, boundary), 0, extra_flags=netlink.REQUEST),
            closing=netlink.encode(Message(_BATCH_END, boundary), 0, extra_flags=netlink.REQUEST),
        )


class Redirection(Struct, frozen=True):
    """Packets of `protocol` (an IP protocol number) to address and port go to `new_port` of the same address."""

    protocol: int
    address: IPv4Address
    port: int
    new_port: int

    def expressions(self) -> list[bytes]:
        """The rule as the kernel's virtual machine has it: load, compare, load, compare, ..., translate."""
        return [
            _expression("meta", _be32(2, 16), _be32(1, REGISTER_1)),  # l4proto
            _compare(bytes([self.protocol])),
            _load_payload(base=1, offset=16, length=4),  # destination of the network header
            _compare(self.address.packed),
            _load_payload(base=2, offset=2, length=2),  # destination port of the transport header
            _compare(port(self.port)),
            _immediate(REGISTER_1, self.address.packed),
            _immediate(REGISTER_2, port(self.new_port)),
            # NFT_NAT_DNAT = 1; the address in register 1, the port in register 2
            _expression("nat", _be32(1, 1), _be32(2, FAMILY_IPV4), _be32(3, REGISTER_1), _be32(5, REGISTER_2)),
        ]


def _kind(message: int) -> int:
    return _SUBSYSTEM << 8 | message


def _element_attributes(element: Element) -> list[bytes]:
    parts = [nested(1, attribute(1, element.key))]
    if element.data:
        parts.append(nested(2, attribute(1, element.data)))
    if element.ends_interval:
        parts.append(_be32(3, 1))  # NFT_SET_ELEM_INTERVAL_END
    return parts


def _be32(kind: int, number: int) -> bytes:
    return attribute(kind, struct.pack(">I", number))


def _expression(name: str, *attributes: bytes) -> bytes:
    return nested(1, string(1, name), nested(2, *attributes))


def _compare(value: bytes) -> bytes:
    equal = 0
    return _expression("cmp", _be32(1, REGISTER_1), _be32(2, equal), nested(3, attribute(1, value)))


def _load_payload(*, base: int, offset: int, length: int) -> bytes:
    return _expression("payload", _be32(1, REGISTER_1), _be32(2, base), _be32(3, offset), _be32(4, length))


def _immediate(register: int, value: bytes) -> bytes:
    return _expression("immediate", _be32(1, register), nested(2, attribute(1, value)))
