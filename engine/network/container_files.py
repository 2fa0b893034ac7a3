"""What is written into a container's hosts, hostname and resolv.conf."""

from collections.abc import Iterable
from pathlib import Path

from engine.errors import InvalidArgument
from engine.network.hosts_file import (
    EMBEDDED_DNS,
    ResolverConfig,
    container_resolver_config,
    host_resolver_config,
    parse_resolver_config,
    render_hosts,
    write_in_place,
)
from engine.network.model import Endpoint, SandboxRequest

_HOST_HOSTS = Path("/etc/hosts")
_HOST_RESOLVER = Path("/etc/resolv.conf")


def write_files(
    request: SandboxRequest,
    endpoints: Iterable[Endpoint],
    *,
    links: Iterable[tuple[str, str]] = (),
    host_gateway: str = "",
    has_embedded_dns: bool = False,
) -> None:
    """Write all three. `links` are (address, names); `host_gateway` is where a container reaches this machine."""
    own_names = (
        f"{request.hostname}.{request.domainname} {request.hostname}" if request.domainname else request.hostname
    )
    own = [(address, own_names) for endpoint in endpoints for address in (endpoint.ipv4, endpoint.ipv6) if address]
    extra = extra_hosts(request.extra_hosts, host_gateway=host_gateway)
    write_in_place(request.directory / "hosts", render_hosts(own, [*extra, *links]))
    write_in_place(request.directory / "hostname", f"{request.hostname}\n")
    write_in_place(
        request.directory / "resolv.conf", _resolver_config(request, has_embedded_dns=has_embedded_dns).render()
    )


def write_host_files(request: SandboxRequest) -> None:
    """For a container in the host's own namespace: what the host has, and what was asked for beyond."""
    hosts = _HOST_HOSTS.read_text(encoding="utf-8") if _HOST_HOSTS.exists() else render_hosts((), ())
    extra = extra_hosts(request.extra_hosts, host_gateway="127.0.0.1")
    write_in_place(request.directory / "hosts", hosts + "".join(f"{address}\t{name}\n" for address, name in extra))
    write_in_place(request.directory / "hostname", f"{request.hostname}\n")
    text = _HOST_RESOLVER.read_text(encoding="utf-8") if _HOST_RESOLVER.exists() else ""
    host = parse_resolver_config(text)
    config = ResolverConfig(
        request.dns or host.nameservers, request.dns_search or host.search, request.dns_options or host.options
    )
    write_in_place(request.directory / "resolv.conf", config.render())


def extra_hosts(entries: Iterable[str], *, host_gateway: str) -> list[tuple[str, str]]:
    """(address, name) of entries `name:address` or `name=address`. Raises InvalidArgument."""
    found = []
    for entry in entries:
        separator = "=" if "=" in entry else ":"
        name, _, address = entry.partition(separator)
        if not name or not address:
            raise InvalidArgument(f'bad format for add-host: "{entry}"')
        if address == "host-gateway":
            if not host_gateway:
                raise InvalidArgument("unable to derive the IP value for host-gateway: there is no default bridge")
            address = host_gateway
        found.append((address.strip("[]"), name))
    return found


def _resolver_config(request: SandboxRequest, *, has_embedded_dns: bool) -> ResolverConfig:
    host = host_resolver_config()
    config = container_resolver_config(host, dns=request.dns, search=request.dns_search, options=request.dns_options)
    if not has_embedded_dns:
        return config
    # ndots:0 asks for a name without dots as it is, which is what names of containers are.
    options = (
        config.options
        if any(option.startswith("ndots:") for option in config.options)
        else (*config.options, "ndots:0")
    )
    return ResolverConfig((EMBEDDED_DNS,), config.search, options)
