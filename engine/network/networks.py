"""The networks themselves: their documents on disk, their names, their address ranges, their JSON.

Makes nothing in the kernel; the drivers do.
"""

import logging
import secrets
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
from msgspec import Struct, field

from engine.config import AddressPool, EngineConfig
from engine.errors import Conflict, Forbidden, InvalidArgument, NotFound, Unsupported
from engine.linux.files import write_atomically
from engine.network.ipam import (
    DEFAULT_POOLS,
    AddressRange,
    Subnet,
    address_range,
    choose_subnet,
    overlapping,
)
from engine.network.model import IpamConfig, NetworkDocument

log = logging.getLogger(__name__)

DEFAULT_BRIDGE = "bridge"
PREDEFINED = (DEFAULT_BRIDGE, "host", "none")
_DRIVER_OF_PREDEFINED = {DEFAULT_BRIDGE: "bridge", "host": "host", "none": "null"}
_KNOWN_BUT_NOT_BUILT = ("macvlan", "ipvlan", "overlay")


class Network(Struct, frozen=True):
    """A network: its document, and the address ranges that its subnets became."""

    document: NetworkDocument
    ranges: tuple[AddressRange, ...] = ()
    options: Mapping[str, str] = field(default_factory=dict)

    @property
    def id(self) -> str:
        return self.document["Id"]

    @property
    def name(self) -> str:
        return self.document["Name"]

    @property
    def driver(self) -> str:
        return self.document["Driver"]

    @property
    def is_internal(self) -> bool:
        return self.document["Internal"]

    @property
    def is_predefined(self) -> bool:
        return self.name in PREDEFINED

    @property
    def resolves_names(self) -> bool:
        """Whether containers on it find each other by name; on the default bridge they never did."""
        return self.driver == "bridge" and not self.is_predefined

    @property
    def ipv4(self) -> AddressRange | None:
        return next((found for found in self.ranges if found.subnet.version == 4), None)

    @property
    def ipv6(self) -> AddressRange | None:
        return next((found for found in self.ranges if found.subnet.version == 6), None)

    def option(self, name: str, *, default: bool) -> bool:
        text = self.options.get(name)
        return default if text is None else text.lower() in ("1", "t", "true")

    def to_wire(self, containers: Mapping[str, Mapping[str, str]] | None = None) -> dict[str, Any]:
        """The Network of the API (1.51). A list leaves Containers empty (since 1.28)."""
        document = self.document
        return {
            "Name": self.name,
            "Id": self.id,
            "Created": document["Created"],
            "Scope": "local",
            "Driver": self.driver,
            "EnableIPv4": document["EnableIPv4"],
            "EnableIPv6": document["EnableIPv6"],
            "IPAM": {
                "Driver": document["IpamDriver"],
                "Options": document["IpamOptions"],
                "Config": document["IpamConfig"],
            },
            "Internal": self.is_internal,
            "Attachable": document["Attachable"],
            "Ingress": False,
            "ConfigFrom": {"Network": ""},
            "ConfigOnly": False,
            "Containers": dict(containers or {}),
            "Options": self._shown_options(),
            "Labels": document["Labels"],
        }

    def _shown_options(self) -> dict[str, str]:
        if self.name != DEFAULT_BRIDGE:
            return self.document["Options"]
        # Clients find the link of the default bridge here; that of the others nobody may rely on.
        return {**self.document["Options"], "com.docker.network.bridge.name": self.document["Link"]}


class NetworkStore:
    """All networks of this daemon, by id; one file each."""

    def __init__(self, config: EngineConfig) -> None:
        self._directory = config.root / "network"
        self._bip = config.bip
        self._pools = config.default_address_pools or DEFAULT_POOLS
        self._networks: dict[str, Network] = {}

    def __iter__(self) -> Iterator[Network]:
        return iter(list(self._networks.values()))

    def load(self) -> None:
        """Read every network. A file that cannot be read is told and left alone: it may be somebody's only copy."""
        self._directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        for path in sorted(self._directory.glob("*.json")):
            try:
                network = _network(orjson.loads(path.read_bytes()))
            except (ValueError, KeyError, InvalidArgument) as error:
                log.error("network file %s cannot be read and is ignored: %s", path, error)
                continue
            self._networks[network.id] = network

    def get(self, reference: str) -> Network:
        """By name, by id, or by the beginning of an id that only one has. Raises NotFound, InvalidArgument."""
        name = DEFAULT_BRIDGE if reference == "default" else reference
        if name in self._networks:
            return self._networks[name]
        named = self.by_name(name)
        if named is not None:
            return named
        found = [network for network in self if name and network.id.startswith(name)]
        if len(found) > 1:
            raise InvalidArgument(f"network {reference} is ambiguous ({len(found)} matches found based on ID prefix)")
        if not found:
            raise NotFound(f"network {reference} not found")
        return found[0]

    def by_name(self, name: str) -> Network | None:
        return next((network for network in self if network.name == name), None)

    def plan_predefined(self, name: str, routed: Iterable[Subnet]) -> Network:
        """The document of bridge, host or none, as it is made at the first start."""
        ipam: list[IpamConfig] = []
        options: dict[str, str] = {}
        if name == DEFAULT_BRIDGE:
            options = {
                "com.docker.network.bridge.default_bridge": "true",
                "com.docker.network.bridge.enable_icc": "true",
                "com.docker.network.bridge.enable_ip_masquerade": "true",
                "com.docker.network.bridge.host_binding_ipv4": "0.0.0.0",  # noqa: S104
                "com.docker.network.driver.mtu": "1500",
            }
            if self._bip:
                ipam = [{"Subnet": str(address_range(self._bip).subnet), "Gateway": self._bip.partition("/")[0]}]
            else:
                ipam = [_with_gateway({"Subnet": str(choose_subnet(self._pools, self._taken(routed)))})]
        return _network(_document(name, _DRIVER_OF_PREDEFINED[name], ipam=ipam, options=options))

    def plan(self, request: Mapping[str, Any], routed: Iterable[Subnet]) -> Network:
        """The network that a body of POST /networks/create describes, not kept yet.

        Raises Conflict for a name that is taken, Forbidden for what is predefined or overlaps, InvalidArgument,
        NotFound for a driver that nobody knows.
        """
        name, driver = str(request.get("Name") or ""), str(request.get("Driver") or "bridge")
        self._check_name(name)
        _check_driver(driver)
        ipam = request.get("IPAM") or {}
        if ipam.get("Driver") not in (None, "", "default"):
            raise NotFound(f"could not find IPAM driver {ipam['Driver']}: only the default one is here")
        configs = [_clean(config) for config in ipam.get("Config") or []]
        document = _document(
            name,
            driver,
            ipam=self._complete(configs, enable_ipv6=bool(request.get("EnableIPv6")), routed=list(routed)),
            options={str(key): str(value) for key, value in (request.get("Options") or {}).items()},
        )
        document["EnableIPv6"] = bool(request.get("EnableIPv6"))
        document["Internal"] = bool(request.get("Internal"))
        document["Attachable"] = bool(request.get("Attachable"))
        document["Labels"] = {str(key): str(value) for key, value in (request.get("Labels") or {}).items()}
        document["IpamOptions"] = ipam.get("Options")
        document["HasOwnSubnet"] = any(config.get("Subnet") for config in configs)
        return _network(document)

    def keep(self, network: Network) -> None:
        """Make the network one of ours, now and after a restart. Blocks for an fsync."""
        write_atomically(self._path(network.id), orjson.dumps(network.document, option=orjson.OPT_INDENT_2))
        self._networks[network.id] = network

    def forget(self, network: Network) -> None:
        self._path(network.id).unlink(missing_ok=True)
        self._networks.pop(network.id, None)

    def _path(self, network_id: str) -> Path:
        return self._directory / f"{network_id}.json"

    def _check_name(self, name: str) -> None:
        if name in (*PREDEFINED, "default"):
            raise Forbidden(f"operation is not permitted on predefined {name} network")
        if not name.strip() or name.startswith("container:"):
            raise InvalidArgument(f"invalid network name {name!r}: it is empty, or means a container")
        if self.by_name(name) is not None:
            raise Conflict(f"network with name {name} already exists")

    def _complete(self, configs: list[IpamConfig], *, enable_ipv6: bool, routed: list[Subnet]) -> list[IpamConfig]:
        """Give each asked-for range its gateway, and a subnet for each IP version that has none."""
        complete = [self._checked(config) for config in configs if config.get("Subnet")]
        versions = {address_range(config["Subnet"]).subnet.version for config in complete}
        if 4 not in versions:
            chosen = choose_subnet(self._pools, self._taken(routed))
            asked = next((config for config in configs if not config.get("Subnet")), IpamConfig())
            complete.insert(0, _with_gateway({**asked, "Subnet": str(chosen)}))
        if enable_ipv6 and 6 not in versions:
            complete.append(_with_gateway({"Subnet": str(choose_subnet(_random_v6_pool(), self._taken(routed)))}))
        return complete

    def _checked(self, config: IpamConfig) -> IpamConfig:
        subnet = address_range(config["Subnet"]).subnet
        if overlapping(subnet, self._taken(())) is not None:
            raise Forbidden("Pool overlaps with other one on this address space")
        return _with_gateway(config)

    def _taken(self, routed: Iterable[Subnet]) -> list[Subnet]:
        return [*routed, *(found.subnet for network in self for found in network.ranges)]


def _check_driver(driver: str) -> None:
    if driver == "bridge":
        return
    if driver in ("host", "null"):
        raise Forbidden(f'only one instance of "{driver}" network is allowed')
    if driver in _KNOWN_BUT_NOT_BUILT:
        raise Unsupported(f"network driver {driver}: this engine does not have it yet; use bridge")
    raise NotFound(f'could not find plugin {driver} in plugin registry: plugin "{driver}" not found')


def _random_v6_pool() -> tuple[AddressPool]:
    # RFC 4193: forty random bits, so that networks of different machines do not collide.
    return (AddressPool(f"fd{secrets.token_hex(1)}:{secrets.token_hex(2)}:{secrets.token_hex(2)}::/48", 64),)


def _clean(config: Mapping[str, Any]) -> IpamConfig:
    """A range of the request without its empty fields. (`AuxAddress` was the name before API 1.24's rewrite.)"""
    cleaned = IpamConfig()
    for key in ("Subnet", "IPRange", "Gateway"):
        if config.get(key):
            cleaned[key] = str(config[key])
    if config.get("AuxiliaryAddresses"):
        cleaned["AuxiliaryAddresses"] = dict(config["AuxiliaryAddresses"])
    return cleaned


def _with_gateway(config: IpamConfig) -> IpamConfig:
    return {**config, "Gateway": str(_range(config).gateway)}


def _range(config: IpamConfig) -> AddressRange:
    return address_range(
        config["Subnet"],
        gateway=config.get("Gateway", ""),
        ip_range=config.get("IPRange", ""),
        auxiliary=config.get("AuxiliaryAddresses"),
    )


def _document(name: str, driver: str, *, ipam: list[IpamConfig], options: dict[str, str]) -> NetworkDocument:
    return {
        "Name": name,
        "Id": secrets.token_hex(32),
        "Created": datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z"),
        "Driver": driver,
        "EnableIPv4": True,
        "EnableIPv6": False,
        "Internal": False,
        "Attachable": False,
        "IpamDriver": "default",
        "IpamOptions": None,
        "IpamConfig": ipam,
        "Options": options,
        "Labels": {},
        "HasOwnSubnet": False,
        "Link": "",
    }


def _network(document: NetworkDocument) -> Network:
    ranges = tuple(_range(config) for config in document["IpamConfig"])
    return Network(document, ranges, document["Options"])
