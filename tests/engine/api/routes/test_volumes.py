"""The volume routes on a real volume store."""

from pathlib import Path

from engine.api.routes import volumes
from engine.config import EngineConfig
from engine.volumes import VolumeStore
from tests.engine.api.conftest import Serve


async def test_a_volume_lives_and_goes_over_http(serve: Serve, tmp_path: Path) -> None:
    store = VolumeStore(EngineConfig(root=tmp_path, exec_root=tmp_path), lambda *event: None)
    await store.start()
    client = await serve(volumes.routes(store))

    created = await client.post("/v1.41/volumes/create", json={"Name": "data", "Labels": {"a": "b"}})
    assert created.status == 201
    assert (await created.json())["Name"] == "data"
    assert (await (await client.get("/volumes")).json())["Volumes"] == [
        await (await client.get("/volumes/data")).json()
    ]
    missing = await client.get("/volumes/nope")
    assert (missing.status, await missing.json()) == (404, {"message": "get nope: no such volume"})
    assert (await client.post("/v1.42/volumes/prune")).status == 200
    assert (await client.get("/volumes/data")).status == 200
    pruned = await client.post("/v1.41/volumes/prune")
    assert await pruned.json() == {"VolumesDeleted": ["data"], "SpaceReclaimed": 0}
    assert (await client.delete("/volumes/data")).status == 404
    assert (await client.delete("/volumes/data?force=1")).status == 204
