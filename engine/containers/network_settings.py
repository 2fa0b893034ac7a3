"""Between the API's network objects and the network room's: what is asked for, what inspect shows. Pure."""

from collections.abc import Callable, Mapping
from typing import Any

from engine.containers.model import Container
from engine.containers.ports import exposed_ports, published_ports
from engine.network import EndpointRequest, Sandbox, SandboxRequest

_NO_ENDPOINT: Mapping[str, Any] = {
    "IPAMConfig": None,
    "Links": None,
    "Aliases": None,
    "MacAddress": "",
    "DriverOpts": None,
    "GwPriority": 0,
    "NetworkID": "",
    "EndpointID": "",
    "Gateway": "",
    "IPAddress": "",
    "IPPrefixLen": 0,
    "IPv6Gateway": "",
    "GlobalIPv6Address": "",
    "GlobalIPv6PrefixLen": 0,
    "DNSNames": None,
}
_OF_DEFAULT_BRIDGE = (
    "EndpointID", "Gateway", "GlobalIPv6Address", "GlobalIPv6PrefixLen", "IPAddress", "IPPrefixLen", "IPv6Gateway",
    "MacAddress",
)  # fmt: skip


def asked_endpoints(
    networking: Mapping[str, Any] | None, *, mode: str, name_of: Callable[[str], str]
) -> dict[str, dict[str, Any]]:
    """Network name -> EndpointSettings as the create request has them, the network of `mode` first.

    Networks are also asked for by their ids: `name_of` gives the name, or what it got where there is no such network.
    """
    given = (networking or {}).get("EndpointsConfig") or {}
    if mode.startswith("container:"):
        return {}
    endpoints = {name_of(reference): dict(settings or {}) for reference, settings in given.items()}
    main = name_of(mode)
    own = {main: endpoints.pop(main, {})}
    return own if mode in ("host", "none") else {**own, **endpoints}


def endpoint_request(name: str, asked: Mapping[str, Any], *, mac_address: str = "", links: Any = ()) -> EndpointRequest:
    """What the network room is asked for. An id that was asked for counts, whatever has the name by now."""
    ipam = asked.get("IPAMConfig") or {}
    return EndpointRequest(
        network=asked.get("NetworkID") or name,
        aliases=tuple(asked.get("Aliases") or ()),
        ipv4_address=ipam.get("IPv4Address") or None,
        ipv6_address=ipam.get("IPv6Address") or None,
        link_local_ips=tuple(ipam.get("LinkLocalIPs") or ()),
        mac_address=asked.get("MacAddress") or mac_address or None,
        links=tuple(asked.get("Links") or links or ()),
        driver_opts=dict(asked.get("DriverOpts") or {}),
        gateway_priority=int(asked.get("GwPriority") or 0),
    )


def sandbox_request(container: Container, *, mode: str) -> SandboxRequest:
    """Everything about the container that the network room needs. `mode` names another container by its full id."""
    config, host = container.config, container.host_config
    is_connected = mode not in ("host", "none") and not mode.startswith("container:")
    endpoints = container.record.endpoints if is_connected else {}
    # A mode may name its network by id; endpoints have names, that of the mode first.
    main = mode if mode in endpoints else next(iter(endpoints), "" if is_connected else mode)
    return SandboxRequest(
        container_id=container.id,
        name=container.name,
        hostname=config["Hostname"],
        directory=container.directory,
        mode=endpoints.get(main, {}).get("NetworkID") or main,
        domainname=config["Domainname"],
        endpoints=tuple(
            endpoint_request(
                name,
                asked,
                mac_address=config.get("MacAddress") or "" if name == main else "",
                links=host["Links"] if name == "bridge" else (),
            )
            for name, asked in endpoints.items()
        ),
        ports=tuple(published_ports(config, host)),
        exposed_ports=exposed_ports(config),
        dns=tuple(host["Dns"] or ()),
        dns_search=tuple(host["DnsSearch"] or ()),
        dns_options=tuple(host["DnsOptions"] or ()),
        extra_hosts=tuple(host["ExtraHosts"] or ()),
    )


def saved_sandbox(container: Container) -> Sandbox | None:
    """The network of the present run."""
    if container.record.sandbox is None or not container.state.has_process:
        return None
    return Sandbox.from_json(container.record.sandbox)


def networks_to_wire(container: Container, sandbox: Sandbox | None) -> dict[str, Any]:
    """NetworkSettings.Networks: every network asked for, with the endpoint where there is one."""
    endpoints = sandbox.endpoints if sandbox else {}
    networks: dict[str, Any] = {}
    for name, asked in container.record.endpoints.items():
        request = endpoint_request(name, asked)
        endpoint = endpoints.get(name)
        if endpoint is not None:
            networks[name] = endpoint.to_wire(request)
        else:
            networks[name] = {
                **_NO_ENDPOINT,
                "IPAMConfig": asked.get("IPAMConfig"),
                "MacAddress": request.mac_address or "",
                "DriverOpts": dict(request.driver_opts) or None,
                "GwPriority": request.gateway_priority,
                "NetworkID": asked.get("NetworkID") or "",
                "Links": list(request.links) or None,
                "Aliases": list(request.aliases) or None,
            }
    for name in endpoints.keys() - networks.keys():
        networks[name] = endpoints[name].to_wire()
    return networks


def network_settings(container: Container) -> dict[str, Any]:
    """NetworkSettings of inspect."""
    sandbox = saved_sandbox(container)
    networks = networks_to_wire(container, sandbox)
    bridge = networks.get("bridge", _NO_ENDPOINT)
    netns = str(sandbox.netns_path) if sandbox and sandbox.netns_path else ""
    return {
        "Bridge": "",
        "SandboxID": container.id if sandbox else "",
        "SandboxKey": netns,
        "Ports": dict(sandbox.ports) if sandbox else {},
        "HairpinMode": False,
        "LinkLocalIPv6Address": "",
        "LinkLocalIPv6PrefixLen": 0,
        "SecondaryIPAddresses": None,
        "SecondaryIPv6Addresses": None,
        **{key: bridge[key] for key in _OF_DEFAULT_BRIDGE},
        "Networks": networks,
    }
