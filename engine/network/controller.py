"""The door of the network room: networks and sandboxes, made, changed, removed, found again after a restart."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Protocol, TypeVar

from engine.config import EngineConfig
from engine.errors import EngineError, Forbidden, InvalidArgument, NotFound
from engine.events import Publish
from engine.linux.rtnetlink import RouteSocket
from engine.network.bridge_watch import BridgeWatch
from engine.network.drivers import bridge
from engine.network.drivers.bridge import BridgeGone
from engine.network.firewall import Firewall, TableGone
from engine.network.forward_policy import ForwardPolicy
from engine.network.ipam import Subnet
from engine.network.model import EndpointRequest, Sandbox, SandboxRequest
from engine.network.networks import PREDEFINED, Network, NetworkStore
from engine.network.sandboxes import Sandboxes

log = logging.getLogger(__name__)

_LIST_FILTERS = ("dangling", "driver", "id", "label", "label!", "name", "scope", "type")
_PRUNE_FILTERS = ("label", "label!", "until")
_FORWARDING = Path("/proc/sys/net/ipv4/ip_forward")

Result = TypeVar("Result")

# Named here because inside the class `list` is its method.
Networks = list[Network]
Names = list[str]
Wires = list[dict[str, Any]]


class Filters(Protocol):
    """The filters of a request, as the API hands them in."""

    def __contains__(self, key: str) -> bool: ...
    def get(self, key: str) -> tuple[str, ...]: ...
    def check_known(self, known: Iterable[str]) -> None: ...
    def flag(self, key: str, *, default: bool) -> bool: ...
    def match_labels(self, labels: Mapping[str, str]) -> bool: ...
    def until(self) -> Any: ...


class NetworkController:
    """All networks and sandboxes of one daemon. `start` it first, then `restore`; `stop` leaves what containers use."""

    def __init__(self, config: EngineConfig, publish: Publish) -> None:
        self._instance = config.instance
        self._publish = publish
        self._store = NetworkStore(config)
        self._firewall = Firewall(config.instance)
        self._forward_policy = ForwardPolicy(config.instance)
        self._bridge_watch = BridgeWatch(config.instance)
        self._is_stopped = False
        self._changing = asyncio.Lock()  # one network is made or removed at a time: they share names and subnets
        self._sandboxes = Sandboxes(
            instance=config.instance,
            directory=config.exec_root / "netns",
            store=self._store,
            firewall=self._firewall,
            publish=publish,
        )

    async def start(self) -> None:
        """Make what is missing of the networks in the kernel: table, bridges, forwarding. Running containers go on."""
        self._store.load()
        self._sandboxes.start()
        # Side by side: each waits for a program to end.
        await asyncio.gather(self._firewall.start(), self._start_bridges())
        self._replace_bridges()
        self._forward_policy.watch(self._foreign_links)
        self._firewall.watch(self._put_back_firewall)
        self._bridge_watch.start(self._put_back_bridges)

    async def _start_bridges(self) -> None:
        await asyncio.to_thread(_enable_forwarding)
        for name in PREDEFINED:
            if self._store.by_name(name) is None:
                self._store.keep(self._store.plan_predefined(name, await asyncio.to_thread(_routed)))
        for network in self._store:
            if network.driver == "bridge":
                await self._raise_bridge(network)
        await self._forward_policy.ensure(self._foreign_links())

    async def stop(self) -> None:
        """Let go. While containers run all that they use stays; after the last one nothing is left in the kernel.

        A second call is fine.
        """
        if self._is_stopped:
            return
        self._is_stopped = True
        self._bridge_watch.stop()
        await self._sandboxes.stop()
        self._forward_policy.stop()
        self._firewall.stop_watching()
        if len(self._sandboxes) == 0:
            await asyncio.to_thread(lambda: bridge.delete_links(bridge.own_links(self._instance)))
            self._firewall.remove()
            await self._forward_policy.remove()
        self._firewall.close()

    def list(self, filters: Filters) -> Networks:
        """The networks that pass; raises InvalidArgument for a filter that networks do not have."""
        filters.check_known(_LIST_FILTERS)
        return [network for network in self._store if self._passes(network, filters)]

    def get(self, reference: str) -> Network:
        """By name, id, or the beginning of an id. Raises NotFound, InvalidArgument when several begin so."""
        return self._store.get(reference)

    def list_wire(self, filters: Filters) -> Wires:
        return [network.to_wire() for network in self.list(filters)]

    def inspect(self, reference: str, *, scope: str = "") -> dict[str, Any]:
        """The network with its running containers, as GET /networks/{id} has it."""
        network = self._store.get(reference)
        if scope not in ("", "local"):
            raise NotFound(f"network {reference} not found")
        containers = {
            request.container_id: {
                "Name": request.name,
                "EndpointID": endpoint.endpoint_id,
                "MacAddress": endpoint.mac_address,
                "IPv4Address": f"{endpoint.ipv4}/{endpoint.prefix}" if endpoint.ipv4 else "",
                "IPv6Address": f"{endpoint.ipv6}/{endpoint.ipv6_prefix}" if endpoint.ipv6 else "",
            }
            for request, endpoint in self._sandboxes.on_network(network.name)
        }
        return network.to_wire(containers)

    async def create(self, request: dict[str, Any]) -> tuple[str, str]:
        """Make a network from a body of POST /networks/create; returns its id and a warning.

        Raises Conflict, Forbidden, InvalidArgument, NotFound, Unsupported; then nothing is left.
        """
        async with self._changing:
            network = self._store.plan(request, await asyncio.to_thread(_routed))
            try:
                await self._raise_bridge(network)
                self._firewall.add_bridge(bridge.policy_of(network))
                await self._forward_policy.ensure(self._foreign_links(network))
                self._store.keep(network)
            except BaseException:
                await asyncio.to_thread(bridge.remove_bridge, network, self._instance)
                raise
        self._publish("network", "create", network.id, {"name": network.name, "type": network.driver})
        return network.id, ""

    async def remove(self, reference: str) -> None:
        """Remove a network that no running container is on. Raises NotFound, Forbidden."""
        async with self._changing:
            network = self._store.get(reference)
            if network.is_predefined:
                raise Forbidden(f"{network.name} is a pre-defined network and cannot be removed")
            names = [request.name for request, _ in self._sandboxes.on_network(network.name)]
            if names:
                raise Forbidden(
                    f"error while removing network: network {network.name} id {network.id} has active endpoints"
                    f" ({', '.join(sorted(names))})"
                )
            await self._take_down(network)

    async def prune(self, filters: Filters) -> Names:
        """Remove every network of users that no running container is on; returns their names."""
        filters.check_known(_PRUNE_FILTERS)
        until = filters.until()
        removed = []
        async with self._changing:
            for network in self._store:
                is_used = network.is_predefined or any(self._sandboxes.on_network(network.name))
                is_meant = filters.match_labels(network.document["Labels"]) and (
                    until is None or network.document["Created"] < until.isoformat()
                )
                if is_meant and not is_used:
                    await self._take_down(network)
                    removed.append(network.name)
        self._publish("network", "prune", "", {"reclaimed": "0"})
        return removed

    async def open_sandbox(self, request: SandboxRequest) -> Sandbox:
        """Make the network of a container that is about to start; see Sandboxes.open."""
        return await self._healing(lambda: self._sandboxes.open(request))

    async def close_sandbox(self, container_id: str) -> None:
        """Take the network of an ended container apart; one that is not there is fine."""
        await self._sandboxes.close(container_id)

    async def connect(self, container_id: str, request: EndpointRequest) -> Sandbox:
        """Put a running container on one more network."""
        return await self._healing(lambda: self._sandboxes.connect(container_id, request))

    async def disconnect(self, container_id: str, network: str) -> Sandbox:
        """Take a running container off a network."""
        return await self._sandboxes.disconnect(container_id, network)

    def rename(self, container_id: str, name: str) -> Sandbox | None:
        """Let neighbours find a running container by its new name; None when it has no sandbox of its own."""
        return self._sandboxes.rename(container_id, name)

    async def restore(self, saved: Iterable[tuple[SandboxRequest, Sandbox]]) -> None:
        """Take over the sandboxes of the containers that run; remove all others. Call it once, after `start`."""
        await self._sandboxes.restore(saved)

    async def _raise_bridge(self, network: Network) -> None:
        name = await asyncio.to_thread(bridge.ensure_bridge, network, self._instance)
        if name != network.document["Link"]:
            network.document["Link"] = name
            if self._store.by_name(network.name) is network:
                self._store.keep(network)

    async def _take_down(self, network: Network) -> None:
        # Forgotten first: after a crash in the middle the next start removes the bridge that nobody knows.
        self._store.forget(network)
        self._firewall.remove_bridge(bridge.policy_of(network))
        await asyncio.to_thread(bridge.remove_bridge, network, self._instance)
        self._publish("network", "destroy", network.id, {"name": network.name, "type": network.driver})

    async def _healing(self, work: Callable[[], Awaitable[Result]]) -> Result:
        """Do the work; what it finds missing because somebody deleted it is made again, and the work done anew."""
        for _ in ("the table", "the bridge"):
            try:
                return await work()
            except TableGone as error:
                log.warning("%s and is made again: somebody flushed the ruleset", error)
                await self._renew_firewall()
            except BridgeGone as error:
                log.warning("%s; it is made again", error)
                await self._renew_bridges()
        return await work()

    async def _put_back_bridges(self) -> None:
        try:
            await self._renew_bridges()
        except (EngineError, OSError) as error:
            log.error("bridges could not be made again; the next container start tries anew: %s", error)

    async def _renew_bridges(self) -> None:
        """Every bridge that is missing is made, with the cables of running containers and the rules on it."""
        async with self._changing:
            for network in self._bridges():
                await self._raise_bridge(network)
            await self._sandboxes.rejoin_bridges()
            self._replace_bridges()
            await self._forward_policy.ensure(self._foreign_links())

    async def _put_back_firewall(self) -> None:
        log.warning("the nftables table of this engine was deleted and is made again: somebody flushed the ruleset")
        try:
            await self._renew_firewall()
        except (EngineError, OSError) as error:
            log.error("the nftables table could not be made again; the next container start tries anew: %s", error)

    async def _renew_firewall(self) -> None:
        await self._firewall.start()
        self._replace_bridges()
        self._sandboxes.refill_firewall()

    def _replace_bridges(self) -> None:
        self._firewall.replace_bridges([bridge.policy_of(network) for network in self._bridges()])

    def _bridges(self) -> Networks:
        return [network for network in self._store if network.driver == "bridge"]

    def _foreign_links(self, *more: Network) -> Names:
        """Bridges whose names were asked for and do not begin as ours do."""
        links = [network.document["Link"] for network in (*self._bridges(), *more)]
        return [link for link in links if not link.startswith(bridge.LINK_PREFIX)]

    def _passes(self, network: Network, filters: Filters) -> bool:
        if "dangling" in filters:
            is_dangling = not network.is_predefined and not any(self._sandboxes.on_network(network.name))
            if filters.flag("dangling", default=False) != is_dangling:
                return False
        kinds = filters.get("type")
        if any(kind not in ("builtin", "custom") for kind in kinds):
            raise InvalidArgument(f"invalid filter: 'type'={kinds}")
        kind = "builtin" if network.is_predefined else "custom"
        return (
            filters.match_labels(network.document["Labels"])
            and _any(filters.get("driver"), lambda driver: network.driver == driver)
            and _any(filters.get("id"), network.id.startswith)
            and _any(filters.get("name"), lambda part: part in network.name)
            and _any(filters.get("scope"), lambda scope: scope == "local")
            and (not kinds or kind in kinds)
        )


def _any(wanted: Iterable[str], matches: Callable[[str], bool]) -> bool:
    """Whether one of the values asked for matches; asking for none is no condition."""
    values = tuple(wanted)
    return not values or any(matches(value) for value in values)


def _routed() -> list[Subnet]:
    with RouteSocket() as routes:
        return list(routes.routed_networks())


def _enable_forwarding() -> None:
    if _FORWARDING.read_text().strip() == "1":
        return
    _FORWARDING.write_text("1")
    log.warning("net.ipv4.ip_forward was off and is on now: containers need it to reach other machines")
