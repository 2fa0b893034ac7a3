"""What a container asks of the network, and what it gets: plain data, and its JSON.

The containers room keeps a Sandbox with its container, and hands it back after a restart of the daemon.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypedDict

from msgspec import Struct, field
from msgspec.structs import asdict, replace


class EndpointRequest(Struct, frozen=True):
    """One network that a container is to be on. `network` is a name, an id or a prefix of one; "default" is bridge."""

    network: str
    aliases: tuple[str, ...] = ()
    ipv4_address: str | None = None
    ipv6_address: str | None = None
    mac_address: str | None = None
    links: tuple[str, ...] = ()  # "container" or "container:alias"
    driver_opts: Mapping[str, str] = field(default_factory=dict)
    link_local_ips: tuple[str, ...] = ()
    gateway_priority: int = 0


class PortBinding(Struct, frozen=True):
    """A port of the container and where on the host it is to be found.

    `host_ip` "" means every address. `host_port` 0 means any free one, a range means a free one of it.
    """

    container_port: int
    protocol: str = "tcp"
    host_ip: str = ""
    host_port: int | range = 0


class SandboxRequest(Struct, frozen=True):
    """Everything that decides what the network looks like inside a container.

    `mode` is HostConfig.NetworkMode: bridge, default, none, host, `container:<id>`, or a network. `endpoints` name the
    networks to join; without one that names the network of `mode`, that one is joined as it is. With the mode "" there
    are none: whoever left all networks starts in none, and may join one later.
    `exposed_ports` ("81/tcp") are listed as not published. Into `directory` the files hosts, hostname and resolv.conf
    are written, in place, so that bind mounts of them stay right.
    """

    container_id: str
    name: str
    hostname: str
    directory: Path
    mode: str = "bridge"
    domainname: str = ""
    endpoints: tuple[EndpointRequest, ...] = ()
    ports: tuple[PortBinding, ...] = ()
    exposed_ports: tuple[str, ...] = ()
    dns: tuple[str, ...] = ()
    dns_search: tuple[str, ...] = ()
    dns_options: tuple[str, ...] = ()
    namespace: Path | None = None  # one that is there already, to be pinned; None makes one
    extra_hosts: tuple[str, ...] = ()  # "name:address", "name=address"; the address host-gateway is this machine


class PublishedPort(TypedDict):
    """Where one container port is found on the host, as inspect shows it."""

    HostIp: str
    HostPort: str


class Endpoint(Struct, frozen=True):
    """A container's place on one network. `link` is the host's end of its cable, `interface` the container's."""

    network_id: str
    network_name: str
    endpoint_id: str
    interface: str
    link: str
    mac_address: str
    ipv4: str
    prefix: int
    gateway: str
    ipv6: str = ""
    ipv6_prefix: int = 0
    ipv6_gateway: str = ""
    dns_names: tuple[str, ...] = ()
    link_local_ips: tuple[str, ...] = ()

    def to_wire(self, request: EndpointRequest | None = None) -> dict[str, Any]:
        """The EndpointSettings of inspect (API 1.51); `request` adds what was asked for."""
        asked = request or EndpointRequest(self.network_name)
        ipam = {
            "IPv4Address": asked.ipv4_address,
            "IPv6Address": asked.ipv6_address,
            "LinkLocalIPs": list(asked.link_local_ips),
        }
        return {
            "IPAMConfig": {key: value for key, value in ipam.items() if value} or None,
            "Links": list(asked.links) or None,
            "Aliases": list(asked.aliases) or None,
            "MacAddress": self.mac_address,
            "DriverOpts": dict(asked.driver_opts) or None,
            "GwPriority": asked.gateway_priority,
            "NetworkID": self.network_id,
            "EndpointID": self.endpoint_id,
            "Gateway": self.gateway,
            "IPAddress": self.ipv4,
            "IPPrefixLen": self.prefix,
            "IPv6Gateway": self.ipv6_gateway,
            "GlobalIPv6Address": self.ipv6,
            "GlobalIPv6PrefixLen": self.ipv6_prefix,
            "DNSNames": list(self.dns_names) or None,
        }


class Sandbox(Struct, frozen=True):
    """The network of one container: its namespace, its endpoints by network name, its ports.

    `netns_path` None means the host's own namespace. `ports` has the form of NetworkSettings.Ports.
    """

    netns_path: Path | None
    endpoints: Mapping[str, Endpoint] = field(default_factory=dict)
    ports: Mapping[str, list[PublishedPort] | None] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """For the store; `from_json` is its inverse."""
        return {
            "netns_path": None if self.netns_path is None else str(self.netns_path),
            "endpoints": {name: asdict(endpoint) for name, endpoint in self.endpoints.items()},
            "ports": dict(self.ports),
        }

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> "Sandbox":
        path = document["netns_path"]
        return cls(
            netns_path=None if path is None else Path(path),
            endpoints={
                name: Endpoint(
                    **{**saved, **{key: tuple(saved.get(key, ())) for key in ("dns_names", "link_local_ips")}}
                )
                for name, saved in document["endpoints"].items()
            },
            ports=document["ports"],
        )

    def with_endpoints(self, endpoints: Mapping[str, Endpoint]) -> "Sandbox":
        return replace(self, endpoints=dict(endpoints))


class IpamConfig(TypedDict, total=False):
    """One address range of a network, in the words of POST /networks/create."""

    Subnet: str
    IPRange: str
    Gateway: str
    AuxiliaryAddresses: dict[str, str] | None


class NetworkDocument(TypedDict):
    """A network in the store: what POST /networks/create said, with every default filled in."""

    Name: str
    Id: str
    Created: str
    Driver: str
    EnableIPv4: bool
    EnableIPv6: bool
    Internal: bool
    Attachable: bool
    IpamDriver: str
    IpamOptions: dict[str, str] | None
    IpamConfig: list[IpamConfig]
    Options: dict[str, str]
    Labels: dict[str, str]
    HasOwnSubnet: bool  # whether the subnet was asked for: only then may a container ask for an address
    Link: str  # the interface on the host; "" until the driver has made it
