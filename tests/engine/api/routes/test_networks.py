"""The network routes: what they take out of a request, and what they answer."""

from typing import Any

from engine.api.filters import Filters
from engine.api.routes import networks
from engine.errors import Forbidden, NotFound
from tests.engine.api.conftest import Serve


class Rooms:
    """Both rooms that the routes ask, writing down what they were asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[Any, ...]] = []

    def list_wire(self, filters: Filters) -> list[dict[str, Any]]:
        return [{"Name": name} for name in filters.get("name")]

    def inspect(self, reference: str, *, scope: str = "") -> dict[str, Any]:
        raise NotFound(f"network {reference} not found")

    async def create(self, request: dict[str, Any]) -> tuple[str, str]:
        self.asked.append(("create", request["Name"]))
        return "f00", ""

    async def remove(self, reference: str) -> None:
        raise Forbidden(f"{reference} is a pre-defined network and cannot be removed")

    async def prune(self, filters: Filters) -> list[str]:
        return list(filters.get("label"))

    async def connect_network(self, container: str, network: str, settings: dict[str, Any]) -> None:
        self.asked.append(("connect", container, network, settings))

    async def disconnect_network(self, container: str, network: str, *, force: bool) -> None:
        self.asked.append(("disconnect", container, network, force))


async def test_requests_reach_the_rooms_and_their_words_come_back(serve: Serve) -> None:
    rooms = Rooms()
    client = await serve(networks.routes(rooms, rooms))

    created = await client.post("/v1.41/networks/create", json={"Name": "app"})
    assert (created.status, await created.json()) == (201, {"Id": "f00", "Warning": ""})
    listed = await client.get("/networks", params={"filters": '{"name":{"app":true}}'})
    assert await listed.json() == [{"Name": "app"}]
    pruned = await client.post("/networks/prune", params={"filters": '{"label":["a"]}'})
    assert await pruned.json() == {"NetworksDeleted": ["a"]}
    missing = await client.get("/networks/nope")
    assert (missing.status, await missing.json()) == (404, {"message": "network nope not found"})
    assert (await client.delete("/networks/bridge")).status == 403


async def test_connect_and_disconnect_name_the_container_in_the_body(serve: Serve) -> None:
    rooms = Rooms()
    client = await serve(networks.routes(rooms, rooms))

    body = {"Container": "web", "EndpointConfig": {"Aliases": ["www"]}}
    assert (await client.post("/networks/app/connect", json=body)).status == 200
    assert (await client.post("/networks/app/disconnect", json={"Container": "web", "Force": True})).status == 200
    assert (await client.post("/networks/app/connect", json={"EndpointConfig": None})).status == 400
    assert rooms.asked == [("connect", "web", "app", {"Aliases": ["www"]}), ("disconnect", "web", "app", True)]
