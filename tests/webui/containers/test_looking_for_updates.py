"""Looking for newer images at a real registry, through a real engine."""

import json
import urllib.request
from pathlib import Path

import pytest
from django.core.cache import cache

from tests.daemons import Daemon, Registry
from tests.images import busybox_layer, layer_tar, save_tar
from webui.containers import updates
from webui.containers.columns import rows_of
from webui.containers.tasks import look_for_updates
from webui.containers.updates import answers_of
from webui.hosts.models import Host
from webui.live import picture, picture_after

pytestmark = [pytest.mark.real, pytest.mark.django_db(transaction=True)]


def push(engine: Daemon, name: str, folder: Path, content: bytes) -> None:
    """Put an image of this content under `name:1` into its registry, and leave nothing of it on the engine."""
    save_tar(folder / "image.tar", tags=[f"{name}:1"], layers=[busybox_layer(), layer_tar({"content": content})])
    engine.load(folder / "image.tar")
    engine.api("POST", f"/images/{name}/push?tag=1", X_Registry_Auth="e30=")
    engine.json("DELETE", f"/images/{name}:1")


def test_a_name_under_which_the_registry_has_another_image_now_is_marked(
    engine: Daemon, registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache.clear()
    monkeypatch.setattr(updates, "_READ_AGAIN_S", 0.0)
    host = Host.objects.create(slug="updates", name="Updates", url=engine.url)
    name = f"{registry.address}/shop"
    push(engine, name, tmp_path, b"old")
    engine.api("POST", f"/images/create?fromImage={name}&tag=1")
    picture(host)
    container_id = engine.json("POST", "/containers/create?name=shop", {"Image": f"{name}:1", "Cmd": ["true"]})["Id"]
    try:
        picture_after(host, "containers", container_id, timeout_s=60)

        def is_marked() -> bool:
            look_for_updates("updates", is_forced=True)
            return next(row.has_update for row in rows_of("updates", picture(host)) if row.id == container_id)

        assert not is_marked()
        # The engine's own tag stays with the old image: it is only the registry that has a newer one.
        old_id = engine.json("GET", f"/images/{name}:1/json")["Id"]
        engine.json("POST", f"/images/{old_id}/tag?repo=kept&tag=old")
        save_tar(tmp_path / "new.tar", tags=[f"{registry.address}/other:1"], layers=[layer_tar({"content": b"new"})])
        engine.load(tmp_path / "new.tar")
        _move(engine, registry, tmp_path)
        assert is_marked()
    finally:
        engine.api("DELETE", "/containers/shop?force=1")
        for one in (f"{name}:1", "kept:old", f"{registry.address}/other:1"):
            engine.api("DELETE", f"/images/{one}?force=1")


def _move(engine: Daemon, registry: Registry, folder: Path) -> None:
    """Let the registry's `shop:1` be the manifest of `other:1`, by the registry's own API."""
    engine.api("POST", f"/images/{registry.address}/other/push?tag=1", X_Registry_Auth="e30=")
    base = f"http://{registry.address}/v2"
    kinds = "application/vnd.docker.distribution.manifest.v2+json, application/vnd.oci.image.manifest.v1+json"
    with urllib.request.urlopen(
        urllib.request.Request(f"{base}/other/manifests/1", headers={"Accept": kinds}), timeout=90
    ) as answer:
        body, kind = answer.read(), answer.headers["Content-Type"]
    manifest = json.loads(body)
    for blob in (manifest["config"], *manifest["layers"]):
        mount = f"{base}/shop/blobs/uploads/?mount={blob['digest']}&from=other"
        urllib.request.urlopen(urllib.request.Request(mount, method="POST", data=b""), timeout=90).close()
    put = urllib.request.Request(f"{base}/shop/manifests/1", method="PUT", data=body, headers={"Content-Type": kind})
    urllib.request.urlopen(put, timeout=90).close()


def test_a_host_that_is_not_there_does_no_harm_to_the_others(tmp_path: Path) -> None:
    Host.objects.create(slug="gone", name="Gone", url=f"unix://{tmp_path}/none.sock")
    look_for_updates(is_forced=True)
    assert answers_of("gone") == {}
