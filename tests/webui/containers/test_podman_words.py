"""What Podman says of a container in its own words becomes a body that Podman, and any other engine, takes."""

from typing import Any

from webui.containers.podman_words import untold_words
from webui.containers.recreation import recipe_of

ID = "3ff9" * 16
IMAGE = {"Config": {"Cmd": ["sh"], "Env": ["PATH=/bin"]}}


def found(networks: dict[str, Any] | None = None, config: dict[str, Any] | None = None, **host: Any) -> dict[str, Any]:
    """An inspection as Podman 4.3.1 answers it, as far as it matters here."""
    name = ID[:12]
    env = ["PATH=/bin", "TERM=xterm", "container=podman", "HOME=/root", f"HOSTNAME={name}", "MODE=live"]
    return {
        "Id": ID, "Mounts": [], "NetworkSettings": {"Networks": networks or {"podman": {"Aliases": [name]}}},
        "Config": {
            "Hostname": name, "Env": env, "Cmd": ["sleep", "600"], "Entrypoint": [], "User": "", "WorkingDir": "/",
            "StopSignal": "15", "StopTimeout": 0, "Image": "localhost/busybox:latest", **(config or {}),
        },
        "HostConfig": {
            "NetworkMode": "bridge", "Runtime": "oci", "PidMode": "private", "UTSMode": "private", "UsernsMode": "",
            "IpcMode": "shareable", "Memory": 0, "MemorySwappiness": 0, "Devices": [],
            "Ulimits": [{"Name": "RLIMIT_NOFILE", "Soft": 1024, "Hard": 1024}], **host,
        },
    }  # fmt: skip


def test_what_podman_adds_to_every_container_is_left_to_it() -> None:
    body = recipe_of(found(), IMAGE).body
    assert body["Env"] == ["MODE=live"]
    assert not {"WorkingDir", "StopSignal", "Hostname", "NetworkingConfig"} & body.keys()
    assert "Runtime" not in body["HostConfig"]
    assert "MemorySwappiness" not in body["HostConfig"]
    assert (body["HostConfig"]["PidMode"], body["HostConfig"]["UTSMode"]) == ("", "")
    assert body["HostConfig"]["NetworkMode"] == "bridge"


def test_limits_are_said_in_the_words_that_it_takes() -> None:
    host = recipe_of(found(NanoCpus=500_000_000, CpuPeriod=100_000, CpuQuota=50_000), IMAGE).body["HostConfig"]
    assert host["Ulimits"] == [{"Name": "nofile", "Soft": 1024, "Hard": 1024}]
    assert (host["NanoCpus"], host["CpuPeriod"], host["CpuQuota"]) == (500_000_000, 0, 0)
    assert recipe_of(found(Memory=1 << 26, MemorySwappiness=0), IMAGE).body["HostConfig"]["MemorySwappiness"] == 0


def test_a_home_that_is_not_roots_was_chosen() -> None:
    chosen = {"User": "33", "Env": ["HOME=/root"]}
    assert recipe_of(found(config=chosen), IMAGE).body["Env"] == ["HOME=/root"]


def test_its_networks_are_joined_by_their_names() -> None:
    recipe = recipe_of(found({"quay": {"Aliases": ["also"]}, "harbour": {"Aliases": ["web", ID[:12]]}}), IMAGE)
    assert recipe.body["HostConfig"]["NetworkMode"] == "harbour"
    assert recipe.body["NetworkingConfig"] == {"EndpointsConfig": {"harbour": {"Aliases": ["web"]}}}
    assert recipe.networks == {"quay": {"Aliases": ["also"]}}
    beside = recipe_of(found({"podman": {}, "quay": {}}), IMAGE)
    assert (beside.body["HostConfig"]["NetworkMode"], dict(beside.networks)) == ("bridge", {"quay": {}})


def test_a_check_with_blanks_in_its_words_is_put_together_by_a_shell() -> None:
    for test, kept in (
        (["CMD", "true", "a b"], ["CMD-SHELL", "true 'a b'"]), (["CMD", "true"], ["CMD", "true"]),
        (["CMD-SHELL", "test -f /x y"], ["CMD-SHELL", "test -f /x y"]), (["NONE"], ["NONE"]),
    ):  # fmt: skip
        assert recipe_of(found(config={"Healthcheck": {"Test": test}}), IMAGE).body["Healthcheck"]["Test"] == kept


def test_what_it_does_not_tell_is_said_before_anything_is_made_anew() -> None:
    assert "fixed IP" in untold_words(found())
    assert untold_words(found(Runtime="runc")) == ""
