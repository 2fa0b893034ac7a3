"""The network room in the kernel: who reaches whom, what is refused, what is left, what a restart finds."""

import asyncio
import socket
import subprocess
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from engine.api.filters import Filters
from engine.config import EngineConfig
from engine.errors import Conflict, Forbidden, InvalidArgument, NotFound
from engine.linux import mounts, namespaces
from engine.linux.rtnetlink import RouteSocket
from engine.network import EndpointRequest, NetworkController, PortBinding, Sandbox, SandboxRequest
from engine.ports import PortInUse
from tests.engine.network.places import HOST_ADDRESS, WORLD_ADDRESS, Machine, ask, is_silent, open_socket

pytestmark = pytest.mark.real

ANY_PORT = PortBinding(80, "tcp", "", 8080)
LOOPBACK_PORT = PortBinding(80, "tcp", "127.0.0.1", 8081)


@pytest.fixture
def request_for(tmp_path: Path) -> Any:
    """A request for the sandbox of a container with this name."""

    def build(name: str, **changes: Any) -> SandboxRequest:
        directory = tmp_path / "containers" / name
        directory.mkdir(parents=True, exist_ok=True)
        container_id = name.encode().hex().ljust(64, "0")
        return replace(SandboxRequest(container_id, name, container_id[:12], directory), **changes)

    return build


def address_of(sandbox: Sandbox, network: str = "bridge") -> str:
    return sandbox.endpoints[network].ipv4


def netns_of(sandbox: Sandbox) -> Path:
    assert sandbox.netns_path is not None
    return sandbox.netns_path


def in_place(place: Path, command: str) -> str:
    return shell(f"nsenter --net={place} sh -c '{command}'")


def shell(script: str) -> str:
    return subprocess.run(["sh", "-c", script], check=False, capture_output=True, text=True).stdout


async def test_a_published_port_is_reached_from_everywhere(controller, machine: Machine, serve, request_for) -> None:
    web = await controller.open_sandbox(request_for("web", ports=(ANY_PORT,)))
    client = await controller.open_sandbox(request_for("client"))
    await serve(netns_of(web), 80)
    gateway = web.endpoints["bridge"].gateway

    assert await ask(None, "127.0.0.1", 8080) == gateway
    assert await ask(None, HOST_ADDRESS, 8080) == HOST_ADDRESS
    assert await ask(machine.world, HOST_ADDRESS, 8080) == WORLD_ADDRESS
    assert await ask(netns_of(client), gateway, 8080) == gateway
    assert await ask(netns_of(client), HOST_ADDRESS, 8080) == gateway
    assert await ask(netns_of(web), HOST_ADDRESS, 8080) == gateway
    assert await ask(netns_of(client), address_of(web), 80) == address_of(client)


async def test_a_port_published_on_the_loopback_is_reached_from_there_only(
    controller, machine: Machine, serve, request_for
) -> None:
    web = await controller.open_sandbox(request_for("web", ports=(LOOPBACK_PORT,)))
    await serve(netns_of(web), 80)

    assert await ask(None, "127.0.0.1", 8081)
    with pytest.raises(ConnectionRefusedError):
        await ask(machine.world, HOST_ADDRESS, 8081)


async def test_what_is_not_published_is_not_reached_from_outside(
    controller, machine: Machine, serve, request_for
) -> None:
    web = await controller.open_sandbox(request_for("web", ports=(ANY_PORT,)))
    await serve(netns_of(web), 80)
    await serve(netns_of(web), 81)
    in_place(machine.world, f"ip route add {address_of(web)} via {HOST_ADDRESS}")

    assert await is_silent(machine.world, address_of(web), 81)
    assert await is_silent(machine.world, address_of(web), 80)
    assert await ask(None, address_of(web), 81)


async def test_a_container_reaches_the_world_under_the_address_of_the_host(
    controller, machine: Machine, serve, request_for
) -> None:
    web = await controller.open_sandbox(request_for("web"))
    await serve(machine.world, 90)

    assert await ask(netns_of(web), WORLD_ADDRESS, 90) == HOST_ADDRESS


async def test_a_container_does_not_reach_the_loopback_of_the_host(controller, serve, request_for) -> None:
    web = await controller.open_sandbox(request_for("web"))
    await serve(None, 95)
    gateway = web.endpoints["bridge"].gateway
    assert await ask(netns_of(web), gateway, 95)
    # What a container with NET_ADMIN can do: send packets for 127.0.0.1 to the bridge.
    in_place(
        netns_of(web),
        f"""ip link set lo down
        echo 1 > /proc/sys/net/ipv4/conf/eth0/route_localnet
        ip route add 127.0.0.1 via {gateway} src {address_of(web)}""",
    )

    assert await is_silent(netns_of(web), "127.0.0.1", 95)


async def test_a_udp_sender_that_never_pauses_reaches_the_next_container(
    controller, machine: Machine, request_for
) -> None:
    loop = asyncio.get_running_loop()
    udp_port = PortBinding(53, "udp", "", 8053)
    with open_socket(machine.world, socket.SOCK_DGRAM) as sender:
        sender.connect((HOST_ADDRESS, 8053))
        for name in ("one", "two"):
            sandbox = await controller.open_sandbox(request_for(name, ports=(udp_port,)))
            with open_socket(netns_of(sandbox), socket.SOCK_DGRAM) as receiver:
                receiver.bind(("0.0.0.0", 53))
                await loop.sock_sendall(sender, name.encode())
                async with asyncio.timeout(90):
                    assert await loop.sock_recv(receiver, 100) == name.encode()
            await controller.close_sandbox(request_for(name).container_id)


async def test_containers_of_different_networks_do_not_reach_each_other(controller, serve, request_for) -> None:
    await controller.create({"Name": "blue"})
    red = await controller.open_sandbox(request_for("red"))
    blue = await controller.open_sandbox(request_for("blue", mode="blue", ports=(ANY_PORT,)))
    await serve(netns_of(blue), 80)

    assert await is_silent(netns_of(red), address_of(blue, "blue"), 80)
    assert await ask(netns_of(red), HOST_ADDRESS, 8080)


async def test_an_internal_network_leads_nowhere(controller, machine: Machine, serve, request_for) -> None:
    await controller.create({"Name": "inner", "Internal": True})
    one = await controller.open_sandbox(request_for("one", mode="inner"))
    two = await controller.open_sandbox(request_for("two", mode="inner"))
    await serve(netns_of(one), 80)
    await serve(machine.world, 90)

    assert await ask(netns_of(two), address_of(one, "inner"), 80)
    assert in_place(netns_of(one), "ip route show default") == ""
    in_place(netns_of(one), f"ip route add default via {controller.get('inner').ipv4.gateway}")
    assert await is_silent(netns_of(one), WORLD_ADDRESS, 90)


async def test_without_icc_neighbours_are_silent_to_each_other(controller, serve, request_for) -> None:
    await controller.create({"Name": "mute", "Options": {"com.docker.network.bridge.enable_icc": "false"}})
    one = await controller.open_sandbox(request_for("one", mode="mute"))
    two = await controller.open_sandbox(request_for("two", mode="mute"))
    await serve(netns_of(one), 80)

    if Path("/proc/sys/net/bridge/bridge-nf-call-iptables").exists():
        assert await is_silent(netns_of(two), address_of(one, "mute"), 80)


async def test_a_port_that_a_process_of_the_host_has_is_refused_in_dockerds_words(controller, request_for) -> None:
    with (
        socket.create_server(("0.0.0.0", 8080)),
        pytest.raises(PortInUse, match=r"Bind for 0.0.0.0:8080 failed: port is already allocated"),
    ):
        await controller.open_sandbox(request_for("web", ports=(ANY_PORT,)))

    assert await controller.open_sandbox(request_for("web", ports=(ANY_PORT,)))


async def test_a_refused_sandbox_leaves_nothing(controller, config, request_for) -> None:
    with RouteSocket() as routes:
        before = {link.name for link in routes.links()}
    first = await controller.open_sandbox(request_for("first", ports=(ANY_PORT,)))
    await controller.close_sandbox(request_for("first").container_id)
    with socket.create_server(("0.0.0.0", 8080)), pytest.raises(PortInUse):
        await controller.open_sandbox(request_for("second", ports=(LOOPBACK_PORT, ANY_PORT)))

    assert list((config.exec_root / "netns").iterdir()) == []
    assert mounts.mountpoints_under(config.exec_root) == []
    assert controller.inspect("bridge")["Containers"] == {}
    third = await controller.open_sandbox(request_for("third", ports=(LOOPBACK_PORT,)))
    assert address_of(third) != address_of(first)
    await controller.close_sandbox(request_for("third").container_id)
    async with asyncio.timeout(90):
        with RouteSocket() as routes:
            while {link.name for link in routes.links()} != before:
                await asyncio.to_thread(RouteSocket().close)


async def test_ports_are_listed_as_inspect_shows_them(controller, request_for) -> None:
    web = await controller.open_sandbox(
        request_for("web", ports=(ANY_PORT, LOOPBACK_PORT, PortBinding(53, "udp")), exposed_ports=("80/tcp", "99/tcp"))
    )

    assert web.ports["80/tcp"] == [
        {"HostIp": "0.0.0.0", "HostPort": "8080"},
        {"HostIp": "127.0.0.1", "HostPort": "8081"},
    ]
    assert web.ports["99/tcp"] is None
    assert int(web.ports["53/udp"][0]["HostPort"]) >= 32768


async def test_the_files_name_the_container_and_its_extra_hosts(controller, request_for) -> None:
    request = request_for(
        "web", domainname="example.org", extra_hosts=("db:10.0.0.9", "me=host-gateway"), dns=("9.9.9.9",)
    )
    web = await controller.open_sandbox(request)
    hosts = (request.directory / "hosts").read_text()

    assert f"{address_of(web)}\t{request.hostname}.example.org {request.hostname}\n" in hosts
    assert "10.0.0.9\tdb\n" in hosts
    assert f"{web.endpoints['bridge'].gateway}\tme\n" in hosts
    assert (request.directory / "resolv.conf").read_text().startswith("nameserver 9.9.9.9\n")
    assert (request.directory / "hostname").read_text() == f"{request.hostname}\n"


async def test_host_and_none_need_no_addresses(controller, request_for) -> None:
    host = await controller.open_sandbox(request_for("host", mode="host"))
    none = await controller.open_sandbox(request_for("none", mode="none"))

    assert host.netns_path is None
    assert host.endpoints["host"].ipv4 == none.endpoints["none"].ipv4 == ""
    assert in_place(netns_of(none), "ip -o -4 address").split()[:4] == ["1:", "lo", "inet", "127.0.0.1/8"]


async def test_a_container_can_share_the_namespace_of_one_that_runs(controller, request_for) -> None:
    web = await controller.open_sandbox(request_for("web"))
    mode = f"container:{request_for('web').container_id}"

    assert (await controller.open_sandbox(request_for("side", mode=mode))).netns_path == web.netns_path
    with pytest.raises(Conflict, match="non running container"):
        await controller.open_sandbox(request_for("other", mode="container:nobody"))


async def test_connect_and_disconnect_move_the_default_route_and_the_ports(controller, serve, request_for) -> None:
    await controller.create({"Name": "blue"})
    web = await controller.open_sandbox(request_for("web", ports=(ANY_PORT,)))
    container_id = request_for("web").container_id
    await serve(netns_of(web), 80)
    both = await controller.connect(container_id, EndpointRequest("blue", aliases=("www",)))
    assert set(both.endpoints) == {"bridge", "blue"}
    with pytest.raises(Forbidden, match="already exists in network blue"):
        await controller.connect(container_id, EndpointRequest("blue"))

    left = await controller.disconnect(container_id, "bridge")

    assert set(left.endpoints) == {"blue"}
    assert left.endpoints["blue"].gateway in in_place(netns_of(web), "ip route show default")
    assert await ask(None, "127.0.0.1", 8080) == left.endpoints["blue"].gateway


async def test_names_and_aliases_resolve_on_user_defined_networks(controller, request_for) -> None:
    await controller.create({"Name": "app"})
    alias = EndpointRequest("app", aliases=("database",))
    database = await controller.open_sandbox(request_for("db", mode="app", endpoints=(alias,)))
    web = await controller.open_sandbox(request_for("web", mode="app"))

    assert "nameserver 127.0.0.11\n" in (request_for("web").directory / "resolv.conf").read_text()
    for name in ("db", "Database", "db.app", request_for("db").container_id[:12]):
        assert address_of(database, "app") in await resolve(web, name)
    assert await resolve(web, "nobody.invalid") == ""
    assert await resolve(web, "db", over_tcp=True)


async def resolve(sandbox: Sandbox, name: str, *, over_tcp: bool = False) -> str:
    """What getaddrinfo gives inside the sandbox, whose resolv.conf is 127.0.0.11."""
    message = b"\0\7\1\0\0\1\0\0\0\0\0\0" + b"".join(bytes([len(part)]) + part.encode() for part in name.split("."))
    message += b"\0\0\1\0\1"
    loop = asyncio.get_running_loop()
    with open_socket(netns_of(sandbox), socket.SOCK_STREAM if over_tcp else socket.SOCK_DGRAM) as client:
        async with asyncio.timeout(90):
            await loop.sock_connect(client, ("127.0.0.11", 53))
            await loop.sock_sendall(client, len(message).to_bytes(2, "big") + message if over_tcp else message)
            answer = await loop.sock_recv(client, 600)
    answer = answer[2:] if over_tcp else answer
    count = int.from_bytes(answer[6:8], "big")
    return " ".join(socket.inet_ntoa(answer[len(answer) - 16 * i - 4 : len(answer) - 16 * i]) for i in range(count))


async def test_a_static_address_needs_a_subnet_that_was_asked_for(controller, request_for) -> None:
    await controller.create({"Name": "auto"})
    await controller.create({"Name": "own", "IPAM": {"Config": [{"Subnet": "10.9.0.0/24"}]}})
    static = EndpointRequest("own", ipv4_address="10.9.0.77", mac_address="02:42:00:00:00:77")
    web = await controller.open_sandbox(request_for("web", mode="own", endpoints=(static,)))

    assert address_of(web, "own") == "10.9.0.77"
    assert "02:42:00:00:00:77" in in_place(netns_of(web), "ip link show eth0")
    with pytest.raises(Forbidden, match="Address already in use"):
        await controller.open_sandbox(request_for("two", mode="own", endpoints=(static,)))
    with pytest.raises(InvalidArgument, match="user configured subnets"):
        await controller.open_sandbox(request_for("two", mode="auto", endpoints=(replace(static, network="auto"),)))
    with pytest.raises(NotFound, match="network nowhere not found"):
        await controller.open_sandbox(request_for("two", mode="nowhere"))


async def test_an_ipv6_network_gives_addresses_of_both_kinds(controller, request_for) -> None:
    config = [{"Subnet": "10.9.0.0/24"}, {"Subnet": "fd00:9::/64"}]
    await controller.create({"Name": "six", "EnableIPv6": True, "IPAM": {"Config": config}})
    web = await controller.open_sandbox(request_for("web", mode="six"))
    endpoint = web.endpoints["six"]

    assert endpoint.ipv6 == "fd00:9::2"
    assert "inet6 fd00:9::2/64" in in_place(netns_of(web), "ip address show eth0")
    assert "via fd00:9::1" in in_place(netns_of(web), "ip -6 route show default")


async def test_of_many_creations_of_one_name_one_succeeds(controller) -> None:
    results = await asyncio.gather(*(controller.create({"Name": "app"}) for _ in range(8)), return_exceptions=True)

    assert sum(isinstance(result, tuple) for result in results) == 1
    assert all("already exists" in str(result) for result in results if not isinstance(result, tuple))


async def test_networks_refuse_what_dockerd_refuses(controller, request_for) -> None:
    await controller.create({"Name": "app", "IPAM": {"Config": [{"Subnet": "10.9.0.0/24"}]}})
    await controller.open_sandbox(request_for("web", mode="app"))

    with pytest.raises(Forbidden, match="Pool overlaps with other one on this address space"):
        await controller.create({"Name": "two", "IPAM": {"Config": [{"Subnet": "10.9.0.0/16"}]}})
    with pytest.raises(Forbidden, match="operation is not permitted on predefined bridge network"):
        await controller.create({"Name": "bridge"})
    with pytest.raises(Forbidden, match='only one instance of "host" network is allowed'):
        await controller.create({"Name": "two", "Driver": "host"})
    with pytest.raises(NotFound, match='plugin "nothing" not found'):
        await controller.create({"Name": "two", "Driver": "nothing"})
    with pytest.raises(Forbidden, match="has active endpoints"):
        await controller.remove("app")
    with pytest.raises(Forbidden, match="bridge is a pre-defined network and cannot be removed"):
        await controller.remove("bridge")
    with pytest.raises(NotFound, match="network nope not found"):
        await controller.remove("nope")


async def test_prune_takes_the_networks_that_nobody_is_on(controller, request_for) -> None:
    await controller.create({"Name": "used"})
    await controller.create({"Name": "idle"})
    await controller.open_sandbox(request_for("web", mode="used"))

    assert await controller.prune(Filters()) == ["idle"]
    assert {network.name for network in controller.list(Filters())} == {"bridge", "host", "none", "used"}


async def test_a_daemon_that_was_killed_finds_its_sandboxes_and_removes_the_others(
    start_engine, serve, config, request_for
) -> None:
    first: NetworkController = await start_engine()
    await first.restore([])
    await first.create({"Name": "app"})
    request = request_for("web", mode="app", ports=(ANY_PORT,))
    web = await first.open_sandbox(request)
    orphan = await first.open_sandbox(request_for("orphan", ports=(LOOPBACK_PORT,)))
    await serve(netns_of(web), 80)
    await first._sandboxes.stop()  # what a kill does: sockets close, the kernel's objects stay

    second: NetworkController = await start_engine()
    assert await ask(None, "127.0.0.1", 8080)
    await second.restore([(request, Sandbox.from_json(web.to_json()))])

    assert list((config.exec_root / "netns").iterdir()) == [web.netns_path]
    assert await ask(None, "127.0.0.1", 8080)
    assert address_of(web, "app") in await resolve(web, "web")
    with RouteSocket() as routes:
        assert routes.link(orphan.endpoints["bridge"].link) is None
    with pytest.raises(PortInUse):
        await second.open_sandbox(request_for("two", ports=(ANY_PORT,)))
    assert await second.open_sandbox(request_for("three", ports=(LOOPBACK_PORT,)))
    assert [container["Name"] for container in second.inspect("app")["Containers"].values()] == ["web"]


async def test_sweeping_spares_the_cables_of_containers_that_start_meanwhile(controller, request_for) -> None:
    names = [f"c{number}" for number in range(20)]
    opened, *_ = await asyncio.gather(
        asyncio.gather(*(controller.open_sandbox(request_for(name)) for name in names)),
        *(controller._sandboxes._sweep("veth") for _ in range(20)),
    )

    with RouteSocket() as routes:
        assert all(routes.link(sandbox.endpoints["bridge"].link) for sandbox in opened)


async def test_a_container_on_host_or_none_takes_no_other_network(controller, request_for) -> None:
    await controller.create({"Name": "app"})
    for mode in ("host", "none"):
        await controller.open_sandbox(request_for(mode, mode=mode))
        with pytest.raises(InvalidArgument, match="container cannot be"):
            await controller.connect(request_for(mode).container_id, EndpointRequest("app"))
    with pytest.raises(InvalidArgument, match="container cannot be"):
        await controller.open_sandbox(request_for("web", mode="app", endpoints=(EndpointRequest("none"),)))


async def test_a_flushed_ruleset_is_put_back(controller, serve, request_for) -> None:
    web = await controller.open_sandbox(request_for("web", ports=(ANY_PORT,)))
    await serve(netns_of(web), 80)
    shell("nft flush ruleset")

    async with asyncio.timeout(90):
        while await is_silent(None, "127.0.0.1", 8080):
            await asyncio.sleep(0.05)


async def test_a_bridge_that_somebody_deletes_comes_back_with_the_cables_on_it(
    controller, machine: Machine, serve, request_for
) -> None:
    web = await controller.open_sandbox(request_for("web", ports=(ANY_PORT,)))
    await serve(netns_of(web), 80)
    shell(f"ip link delete {controller.get('bridge').document['Link']}")

    async with asyncio.timeout(90):
        while await is_unreachable(machine.world, HOST_ADDRESS, 8080):
            await asyncio.sleep(0.05)
    assert await ask(netns_of(web), HOST_ADDRESS, 8080) == web.endpoints["bridge"].gateway


async def test_a_start_makes_a_missing_bridge_again_and_reaches_its_neighbours(controller, serve, request_for) -> None:
    controller._bridge_watch.stop()  # whoever deletes may be quicker than the watch
    await controller.create({"Name": "app"})
    old = await controller.open_sandbox(request_for("old", mode="app"))
    await serve(netns_of(old), 80)
    shell(f"ip link delete {controller.get('app').document['Link']}")
    new = await controller.open_sandbox(request_for("new", mode="app"))

    assert await ask(netns_of(new), address_of(old, "app"), 80) == address_of(new, "app")
    shell(f"ip link delete {controller.get('app').document['Link']}")
    await controller.open_sandbox(request_for("other"))
    await controller.connect(request_for("other").container_id, EndpointRequest("app"))
    assert await ask(netns_of(new), address_of(old, "app"), 80) == address_of(new, "app")


async def test_a_bridge_whose_name_was_taken_comes_back_under_another(controller, serve, request_for) -> None:
    controller._bridge_watch.stop()
    web = await controller.open_sandbox(request_for("web", ports=(ANY_PORT,)))
    await serve(netns_of(web), 80)
    name = controller.get("bridge").document["Link"]
    shell(f"ip link delete {name} && ip link add {name} type bridge")
    await controller.open_sandbox(request_for("next"))

    assert controller.get("bridge").document["Link"] != name
    assert await ask(None, "127.0.0.1", 8080)
    assert shell(f"ip -o link show master {name}") == ""


async def test_a_daemon_that_starts_puts_running_containers_back_on_a_deleted_bridge(
    start_engine, machine: Machine, serve, request_for
) -> None:
    first: NetworkController = await start_engine()
    await first.restore([])
    request = request_for("web", ports=(ANY_PORT,))
    web = await first.open_sandbox(request)
    await serve(netns_of(web), 80)
    first._bridge_watch.stop()
    first._firewall.stop_watching()
    await first._sandboxes.stop()
    shell(f"ip link delete {first.get('bridge').document['Link']}; nft flush ruleset")

    second: NetworkController = await start_engine()
    await second.restore([(request, Sandbox.from_json(web.to_json()))])
    assert await ask(machine.world, HOST_ADDRESS, 8080) == WORLD_ADDRESS
    assert await ask(netns_of(web), HOST_ADDRESS, 8080) == web.endpoints["bridge"].gateway


async def is_unreachable(place: Path | None, address: str, port: int) -> bool:
    try:
        return await is_silent(place, address, port)
    except OSError:
        return True


async def test_the_last_stop_leaves_nothing_in_the_kernel(controller, config, request_for) -> None:
    await controller.create({"Name": "app"})
    await controller.open_sandbox(request_for("web", mode="app", ports=(ANY_PORT,)))
    await controller.close_sandbox(request_for("web").container_id)
    await controller.stop()

    with RouteSocket() as routes:
        assert [link.name for link in routes.links() if link.alias] == []
    assert "quayside" not in shell("nft list tables")
    assert list((config.exec_root / "netns").iterdir()) == []


async def test_the_default_bridge_avoids_networks_that_the_machine_has(start_engine, machine: Machine) -> None:
    shell(f"ip route add 172.17.5.0/24 via {WORLD_ADDRESS}")
    controller = await start_engine()

    assert str(controller.get("bridge").ipv4.subnet) == "172.18.0.0/16"


async def test_connections_get_through_a_forward_chain_that_drops(
    controller, machine: Machine, serve, request_for
) -> None:
    web = await controller.open_sandbox(request_for("web", ports=(ANY_PORT,)))
    await serve(netns_of(web), 80)
    # What a dockerd that starts beside us does.
    shell(
        "iptables -N DOCKER-USER && iptables -A DOCKER-USER -j RETURN"
        " && iptables -P FORWARD DROP && iptables -I FORWARD -j DOCKER-USER"
    )

    async with asyncio.timeout(90):
        while await is_silent(machine.world, HOST_ADDRESS, 8080):
            pass
    await controller.close_sandbox(request_for("web").container_id)
    await controller.stop()
    rules = shell("iptables -S")
    assert "quayside" not in rules
    assert "-A DOCKER-USER -j RETURN" in rules


async def test_a_second_engine_leaves_the_bridges_of_the_first_alone(controller, tmp_path: Path, request_for) -> None:
    (tmp_path / "second").mkdir()
    second = NetworkController(EngineConfig(root=tmp_path / "second", exec_root=tmp_path / "run2"), lambda *event: None)
    await second.start()
    await second.restore([])
    await second.stop()

    sandbox = await controller.open_sandbox(request_for("web"))
    with RouteSocket() as routes:
        assert routes.link(sandbox.endpoints["bridge"].link) is not None


async def test_a_renamed_container_is_found_by_its_new_name_only(controller, request_for) -> None:
    await controller.create({"Name": "app"})
    one = await controller.open_sandbox(request_for("one", mode="app"))
    two = await controller.open_sandbox(request_for("two", mode="app"))
    renamed = controller.rename(request_for("two").container_id, "three")

    address = two.endpoints["app"].ipv4
    assert renamed.endpoints["app"].dns_names[0] == "three"
    assert await resolve(one, "three") == address
    assert await resolve(one, "two") == ""


async def test_a_bridge_name_that_another_has_is_refused(controller) -> None:
    options = {"com.docker.network.bridge.name": "up0"}
    with pytest.raises(Conflict, match="up0 is taken"):
        await controller.create({"Name": "app", "Options": options})

    with pytest.raises(NotFound):
        controller.get("app")


def test_a_namespace_that_fails_half_way_is_not_pinned(tmp_path: Path) -> None:
    def fail() -> None:
        raise ValueError("half way")

    with pytest.raises(ValueError, match="half way"):
        namespaces.create_network_namespace(tmp_path / "netns", fail)

    assert not (tmp_path / "netns").exists()
