"""Sandboxes: opened when a container starts, closed when it has ended, found again after a restart of the daemon.

Addresses, ports and names are taken on the event loop before anything blocks, so two containers never get the same.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TypeVar

from msgspec import Struct, field
from msgspec.structs import replace

from engine import dns
from engine.errors import Conflict, EngineError, Forbidden, InvalidArgument, NotFound
from engine.events import Publish
from engine.linux import conntrack
from engine.network import container_files, namespace, publishing
from engine.network import endpoints as endpoint_rules
from engine.network.drivers import bridge
from engine.network.firewall import Firewall, Publication
from engine.network.hosts_file import host_resolver_config
from engine.network.model import Endpoint, EndpointRequest, Sandbox, SandboxRequest
from engine.network.names import Neighbour, NeighbourZone
from engine.network.networks import DEFAULT_BRIDGE, Network, NetworkStore
from engine.network.publishing import Published
from engine.ports import PortInUse, Reservations

log = logging.getLogger(__name__)

Result = TypeVar("Result")

# A namespace takes its cables along when its last process has ended; what is still there after this is deleted.
_SWEEP_DELAY_S = 2.0
_HOST_CONFLICT = "container cannot be disconnected from host network or connected to host network"
_NONE_CONFLICT = "container cannot be connected to multiple networks with one of the networks in private (none) mode"
_HOST_BINDING_OPTION = "com.docker.network.bridge.host_binding_ipv4"


class _Open(Struct):
    """A sandbox and what holds it together."""

    request: SandboxRequest
    asked: dict[str, EndpointRequest]  # by network name
    sandbox: Sandbox
    published: list[Published] = field(default_factory=list)
    server: dns.Server | None = None

    @property
    def gateway(self) -> Endpoint | None:
        """The endpoint by which packets leave, and to which published ports lead: of those that lead anywhere the one
        of the highest priority, and the first of these."""
        leading = {name: endpoint for name, endpoint in self.sandbox.endpoints.items() if endpoint.gateway}
        name = max(leading, key=self._priority, default=None)
        return None if name is None else leading[name]

    def _priority(self, network: str) -> int:
        asked = self.asked.get(network)
        return asked.gateway_priority if asked else 0

    def publications(self) -> list[Publication]:
        return [port.publication(self.gateway.ipv4) for port in self.published] if self.gateway else []


class Sandboxes:
    """Every sandbox of this daemon, by container id."""

    def __init__(
        self, *, instance: str, directory: Path, store: NetworkStore, firewall: Firewall, publish: Publish
    ) -> None:
        self._instance = instance
        self._directory = directory
        self._store = store
        self._firewall = firewall
        self._publish = publish
        self._reservations = Reservations()
        self._open: dict[str, _Open] = {}
        self._sweeper: asyncio.Task[None] | None = None

    def __len__(self) -> int:
        return len(self._open)

    def start(self) -> None:
        self._directory.mkdir(parents=True, exist_ok=True, mode=0o700)

    async def stop(self) -> None:
        """Let go of sockets and tasks; namespaces and cables stay for the containers that run."""
        if self._sweeper is not None:
            self._sweeper.cancel()
        for opened in self._open.values():
            if opened.server:
                opened.server.close()
        self._reservations.release_all()

    def on_network(self, name: str) -> Iterator[tuple[SandboxRequest, Endpoint]]:
        """The containers on a network, with their endpoint there."""
        for opened in self._open.values():
            if name in opened.sandbox.endpoints:
                yield opened.request, opened.sandbox.endpoints[name]

    async def open(self, request: SandboxRequest) -> Sandbox:
        """Make the network of a container that is about to start.

        Raises NotFound for a network that is not there, Conflict for a container that has a sandbox or for
        `container:` of one that has none, PortInUse, InvalidArgument, Forbidden; then nothing is left.
        """
        if request.container_id in self._open:
            raise Conflict(f"container {request.container_id} has a network sandbox already")
        if request.mode.startswith("container:"):
            return self._shared(request.mode.removeprefix("container:"))
        wanted = self._wanted(request)
        if wanted and wanted[0][0].driver != "bridge":
            opened = await self._open_unconnected(request, wanted[0][0])
        else:
            opened = await self._open_connected(request, wanted)
        for name in opened.sandbox.endpoints:
            self._tell("connect", self._store.get(name), request.container_id)
        return opened.sandbox

    async def close(self, container_id: str) -> None:
        """Take the sandbox of an ended container apart; one that is not there is fine."""
        opened = self._open.pop(container_id, None)
        if opened is None:
            return
        if opened.server:
            opened.server.close()
        for publication in opened.publications():
            self._withdraw(publication)
        publishing.release(self._reservations, opened.published)
        await _forget_connections(opened.published)
        for endpoint in opened.sandbox.endpoints.values():
            self._release(endpoint)
        if opened.sandbox.netns_path is not None:
            await _in_thread(namespace.remove, opened.sandbox.netns_path)
            self._sweep_later()
        for endpoint in opened.sandbox.endpoints.values():
            self._tell_disconnect(endpoint, container_id)

    async def connect(self, container_id: str, asked: EndpointRequest) -> Sandbox:
        """Put a running container on one more network. Raises as `open` does, Forbidden when it is on it."""
        opened = self._get(container_id)
        network = self._store.get(asked.network)
        asked = replace(asked, network=network.name)
        _check_connectable(opened, network)
        if network.name in opened.sandbox.endpoints:
            raise Forbidden(f"endpoint with name {opened.request.name} already exists in network {network.name}")
        interface = endpoint_rules.free_interface(opened.sandbox.endpoints.values())
        before, gateway, published = opened.sandbox, opened.gateway, opened.publications()
        with ExitStack() as undo:
            endpoint = endpoint_rules.allocate(network, asked, opened.request, interface=interface)
            undo.callback(endpoint_rules.release, network, endpoint)
            opened.sandbox = before.with_endpoints({**before.endpoints, network.name: endpoint})
            opened.asked[network.name] = asked
            undo.callback(self._forget_endpoint, opened, network.name)
            if gateway is None and not opened.published:
                # It started in no network, where nothing can be published.
                self._hold_ports(opened, network, undo)
            plug = endpoint_rules.plug_of(network, endpoint, self._instance, is_gateway=gateway is None)
            await _in_thread(namespace.plug_in, before.netns_path, plug)
            undo.callback(namespace.unplug, endpoint.link)
            if network.resolves_names and opened.server is None:
                opened.server = self._serve(opened, await _in_thread(namespace.open_dns, before.netns_path))
            if gateway is None:
                self._publish_all(opened, undo)
            self._write_files(opened)
            undo.pop_all()
        if gateway is not None and opened.gateway is endpoint:
            for publication in published:
                self._withdraw(publication)
            await self._move_gateway(opened)
        self._tell("connect", network, container_id)
        return opened.sandbox

    async def disconnect(self, container_id: str, reference: str) -> Sandbox:
        """Take a running container off a network. Raises NotFound, Conflict, Forbidden when it is not on it."""
        opened = self._get(container_id)
        name = (
            next((own for own in opened.sandbox.endpoints if own == reference), None) or self._store.get(reference).name
        )
        endpoint = opened.sandbox.endpoints.get(name)
        if endpoint is None:
            raise Forbidden(f"container {container_id} is not connected to network {reference}")
        if not endpoint.link or opened.sandbox.netns_path is None:
            raise InvalidArgument(_HOST_CONFLICT if opened.sandbox.netns_path is None else _NONE_CONFLICT)
        published = opened.publications()
        gateway = opened.gateway
        self._forget_endpoint(opened, name)
        await _in_thread(namespace.unplug, endpoint.link)
        self._release(endpoint)
        if gateway is endpoint:
            for publication in published:
                self._withdraw(publication)
            await self._move_gateway(opened)
        self._write_files(opened)
        self._tell_disconnect(endpoint, container_id)
        return opened.sandbox

    def rename(self, container_id: str, name: str) -> Sandbox | None:
        """Let neighbours find a running container by its new name; None when it has no sandbox of its own."""
        opened = self._open.get(container_id)
        if opened is None:
            return None
        old, opened.request = opened.request.name, replace(opened.request, name=name)
        renamed = {
            network: replace(endpoint, dns_names=_with_name(endpoint.dns_names, old, name))
            for network, endpoint in opened.sandbox.endpoints.items()
        }
        opened.sandbox = opened.sandbox.with_endpoints(renamed)
        return opened.sandbox

    async def restore(self, saved: Iterable[tuple[SandboxRequest, Sandbox]]) -> None:
        """Take over the sandboxes of the containers that run, and remove whatever else an earlier daemon left.

        Call it once, after `start` and before anything is opened. What cannot be taken over is told in the log.
        """
        for request, sandbox in saved:
            if request.mode.startswith("container:"):
                continue
            try:
                await self._adopt(request, sandbox)
            except (EngineError, OSError) as error:
                log.error("the network of container %s could not be taken over: %s", request.name, error)
        kept = {opened.sandbox.netns_path for opened in self._open.values() if opened.sandbox.netns_path}
        removed = await _in_thread(namespace.remove_all_except, self._directory, kept)
        if removed:
            log.info("removed the namespaces of %d containers that are gone", len(removed))
        await self._sweep("veth", "bridge")
        await self.rejoin_bridges()
        self.refill_firewall()

    async def rejoin_bridges(self) -> None:
        """Put the cables of running containers that are off their bridge, which somebody deleted, back on it."""
        bridges = {
            endpoint.endpoint_id: network.document["Link"]
            for network in self._store
            for _, endpoint in self.on_network(network.name)
        }
        rejoined = await _in_thread(bridge.rejoin, bridges, self._instance)
        if rejoined:
            log.warning("put %d cables back on their bridges: %s", len(rejoined), ", ".join(rejoined))

    def refill_firewall(self) -> None:
        """Make the firewall's published ports those of the open sandboxes."""
        publications = [publication for opened in self._open.values() for publication in opened.publications()]
        self._firewall.replace_publications(publications)

    def _wanted(self, request: SandboxRequest) -> list[tuple[Network, EndpointRequest]]:
        """The networks to join, the one of the mode first; none for who left them all."""
        if not request.mode:
            return []
        found = [(self._store.get(endpoint.network), endpoint) for endpoint in request.endpoints]
        asked = [(network, replace(endpoint, network=network.name)) for network, endpoint in found]
        main = self._store.get(request.mode)
        own = [pair for pair in asked if pair[0].id == main.id] or [(main, EndpointRequest(main.name))]
        wanted = [*own[:1], *(pair for pair in asked if pair[0].id != main.id)]
        if len(wanted) > 1:
            for network, _ in wanted:
                _check_is_bridge(network)
        return wanted

    def _shared(self, target: str) -> Sandbox:
        opened = self._open.get(target)
        if opened is None:
            raise Conflict(f"cannot join network of a non running container: {target}")
        return Sandbox(opened.sandbox.netns_path)

    async def _open_unconnected(self, request: SandboxRequest, network: Network) -> _Open:
        """The networks host and none."""
        path = None if network.driver == "host" else self._directory / request.container_id
        sandbox = Sandbox(path, {network.name: endpoint_rules.unconnected(network)})
        opened = _Open(request, {}, sandbox)
        with ExitStack() as undo:
            self._register(opened, undo)
            if path is None:
                container_files.write_host_files(request)
            else:
                undo.callback(namespace.remove, path)
                await _in_thread(namespace.create, path, (), with_dns=False, existing=request.namespace)
                container_files.write_files(request, (), host_gateway=self._host_gateway())
            undo.pop_all()
        return opened

    async def _open_connected(self, request: SandboxRequest, wanted: list[tuple[Network, EndpointRequest]]) -> _Open:
        path = self._directory / request.container_id
        with ExitStack() as undo:
            endpoints: dict[str, Endpoint] = {}
            for network, asked in wanted:
                interface = f"eth{len(endpoints)}"
                endpoints[network.name] = endpoint_rules.allocate(network, asked, request, interface=interface)
                undo.callback(endpoint_rules.release, network, endpoints[network.name])
            opened = _Open(request, {network.name: asked for network, asked in wanted}, Sandbox(path, endpoints))
            self._register(opened, undo)
            if wanted:
                self._hold_ports(opened, wanted[0][0], undo)
            plugs = [
                endpoint_rules.plug_of(
                    network,
                    endpoints[network.name],
                    self._instance,
                    is_gateway=endpoints[network.name] is opened.gateway,
                )
                for network, _ in wanted
            ]
            with_dns = any(network.resolves_names for network, _ in wanted)
            undo.callback(namespace.remove, path)
            sockets = await _in_thread(namespace.create, path, plugs, with_dns=with_dns, existing=request.namespace)
            if sockets is not None:
                opened.server = self._serve(opened, sockets)
                undo.callback(opened.server.close)
            self._publish_all(opened, undo)
            self._write_files(opened)
            undo.pop_all()
        await _forget_connections(opened.published)
        return opened

    def _hold_ports(self, opened: _Open, main: Network, undo: ExitStack) -> None:
        request = opened.request
        if opened.gateway is not None:
            default_ip = main.options.get(_HOST_BINDING_OPTION) or "0.0.0.0"  # noqa: S104
            try:
                opened.published = publishing.hold(self._reservations, request.ports, default_ip=default_ip)
            except PortInUse as error:
                raise PortInUse(
                    f"driver failed programming external connectivity on endpoint {request.name} "
                    f"({opened.gateway.endpoint_id}): {error}"
                ) from error
            undo.callback(self._release_ports, opened)
        ports = publishing.ports_of(opened.published, request.exposed_ports)
        opened.sandbox = Sandbox(opened.sandbox.netns_path, opened.sandbox.endpoints, ports)

    def _release_ports(self, opened: _Open) -> None:
        publishing.release(self._reservations, opened.published)
        opened.published = []

    def _publish_all(self, opened: _Open, undo: ExitStack) -> None:
        for publication in opened.publications():
            self._firewall.publish(publication)
            undo.callback(self._withdraw, publication)

    def _withdraw(self, publication: Publication) -> None:
        self._firewall.withdraw(publication)

    async def _move_gateway(self, opened: _Open) -> None:
        """Let packets leave, and published ports arrive, by the next endpoint, if there is one."""
        if opened.gateway is None or opened.sandbox.netns_path is None:
            return
        gateways = endpoint_rules.gateways_of(opened.gateway)
        await _in_thread(bridge.set_default_route, opened.sandbox.netns_path, opened.gateway.interface, gateways)
        with ExitStack() as undo:
            self._publish_all(opened, undo)
            undo.pop_all()

    async def _adopt(self, request: SandboxRequest, sandbox: Sandbox) -> None:
        path = sandbox.netns_path
        if path is not None and not await _in_thread(namespace.is_pinned, path):
            log.error("container %s runs, but its network namespace %s is not there any more", request.name, path)
            return
        asked = {endpoint.network: endpoint for endpoint in request.endpoints}
        opened = _Open(request, asked, sandbox)
        for endpoint in sandbox.endpoints.values():
            try:
                endpoint_rules.reclaim(self._store.get(endpoint.network_id), endpoint)
            except (NotFound, Forbidden, InvalidArgument) as error:
                log.warning("container %s keeps %s, which it should not have: %s", request.name, endpoint.ipv4, error)
        for binding in publishing.bindings_of(sandbox.ports):
            try:
                opened.published += publishing.hold(self._reservations, [binding], default_ip="0.0.0.0")  # noqa: S104
            except PortInUse as error:
                log.warning(
                    "container %s is published on a port that another process took meanwhile: %s", request.name, error
                )
        self._open[request.container_id] = opened
        if path is not None and any(endpoint.dns_names for endpoint in sandbox.endpoints.values()):
            opened.server = self._serve(opened, await _in_thread(namespace.open_dns, path))

    def _serve(self, opened: _Open, sockets: dns.Sockets) -> dns.Server:
        zone = NeighbourZone(
            own_networks=lambda: [name for name, endpoint in opened.sandbox.endpoints.items() if endpoint.dns_names],
            own_requests=opened.asked.values,
            neighbours=self._neighbours,
        )
        servers = opened.request.dns or host_resolver_config().nameservers
        return dns.Server(sockets, zone, servers if opened.gateway else ())

    def _neighbours(self, network_name: str) -> Iterator[Neighbour]:
        for request, endpoint in self.on_network(network_name):
            yield Neighbour(request.container_id, request.name, {network_name: endpoint})

    def _write_files(self, opened: _Open) -> None:
        container_files.write_files(
            opened.request,
            opened.sandbox.endpoints.values(),
            links=self._legacy_links(opened),
            host_gateway=self._host_gateway(),
            has_embedded_dns=opened.server is not None,
        )

    def _legacy_links(self, opened: _Open) -> list[tuple[str, str]]:
        """Links on the default bridge, which has no name server: lines of the hosts file."""
        asked = opened.asked.get(DEFAULT_BRIDGE)
        found = []
        for link in asked.links if asked else ():
            target, _, alias = link.partition(":")
            for request, endpoint in self.on_network(DEFAULT_BRIDGE):
                if target.lstrip("/") in (request.name, request.container_id, request.container_id[:12]):
                    names = dict.fromkeys((alias or target.lstrip("/"), request.hostname, request.name))
                    found.append((endpoint.ipv4, " ".join(names)))
        return found

    def _host_gateway(self) -> str:
        default = self._store.by_name(DEFAULT_BRIDGE)
        return str(default.ipv4.gateway) if default and default.ipv4 else ""

    def _register(self, opened: _Open, undo: ExitStack) -> None:
        self._open[opened.request.container_id] = opened
        undo.callback(self._open.pop, opened.request.container_id, None)

    def _get(self, container_id: str) -> _Open:
        if container_id not in self._open:
            raise Conflict(f"container {container_id} has no network of its own now")
        return self._open[container_id]

    def _forget_endpoint(self, opened: _Open, name: str) -> None:
        others = {own: endpoint for own, endpoint in opened.sandbox.endpoints.items() if own != name}
        opened.sandbox = opened.sandbox.with_endpoints(others)
        opened.asked.pop(name, None)

    def _release(self, endpoint: Endpoint) -> None:
        try:
            endpoint_rules.release(self._store.get(endpoint.network_id), endpoint)
        except NotFound:
            return  # the network went while the container held on to it

    def _tell(self, action: str, network: Network, container_id: str) -> None:
        attributes = {"container": container_id, "name": network.name, "type": network.driver}
        self._publish("network", action, network.id, attributes)

    def _tell_disconnect(self, endpoint: Endpoint, container_id: str) -> None:
        try:
            self._tell("disconnect", self._store.get(endpoint.network_id), container_id)
        except NotFound:
            return

    def _sweep_later(self) -> None:
        if self._sweeper is None or self._sweeper.done():
            self._sweeper = asyncio.get_running_loop().create_task(self._sweep_after(_SWEEP_DELAY_S))

    async def _sweep_after(self, delay_s: float) -> None:
        await asyncio.sleep(delay_s)
        try:
            await self._sweep("veth")
        except OSError as error:
            log.warning("cables of ended containers could not be deleted: %s", error)

    async def _sweep(self, *kinds: str) -> None:
        """Delete links that belong to nobody: a namespace that someone else still holds keeps its cable.

        They are listed first and judged then: an endpoint is known before its link is made. A bridge is made before
        its network is known, so those are only swept before there are requests.
        """
        links = await _in_thread(bridge.own_links, self._instance)
        known = {
            endpoint.endpoint_id for opened in self._open.values() for endpoint in opened.sandbox.endpoints.values()
        }
        known |= {network.id for network in self._store}
        doomed = [link for link in links if link.kind in kinds and bridge.object_id_of(link) not in known]
        await _in_thread(bridge.delete_links, doomed)


def _with_name(names: tuple[str, ...], old: str, new: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(new if name == old else name for name in names))


def _check_connectable(opened: _Open, network: Network) -> None:
    if opened.sandbox.netns_path is None:
        raise InvalidArgument(_HOST_CONFLICT)
    if any(not endpoint.link for endpoint in opened.sandbox.endpoints.values()):
        raise InvalidArgument(_NONE_CONFLICT)
    _check_is_bridge(network)


def _check_is_bridge(network: Network) -> None:
    if network.driver != "bridge":
        raise InvalidArgument(_HOST_CONFLICT if network.driver == "host" else _NONE_CONFLICT)


async def _forget_connections(published: Iterable[Published]) -> None:
    """Let senders to these UDP ports, who may never pause, notice who is there now."""
    ports = {port.reservation.port for port in published if port.reservation.protocol == "udp"}
    if ports:
        await _in_thread(conntrack.forget_udp, ports)


async def _in_thread(function: Callable[..., Result], *args: object, **kwargs: object) -> Result:
    """Like asyncio.to_thread, but when we are cancelled the work is done before the cancellation goes on: what it makes
    is then there to be undone."""
    work = asyncio.ensure_future(asyncio.to_thread(function, *args, **kwargs))
    try:
        return await asyncio.shield(work)
    except asyncio.CancelledError:
        await asyncio.wait([work])
        raise
