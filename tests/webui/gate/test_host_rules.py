"""The rules of a host widen what a standard user may write into a body, no further; refusals name field and rule."""

from pathlib import Path
from typing import Any

import pytest

from webui.access import Role
from webui.audit.models import Entry
from webui.gate import Actor, Decision, Refused, decide
from webui.gate.passage import begin, begin_async
from webui.hosts.models import Host
from webui.ownership.changes import set_policy
from webui.ownership.ledger import LEDGER
from webui.ownership.rules import Rules, rules_of_json, wrong_in

pytestmark = pytest.mark.django_db

STANDARD = Actor(2, "stan", Role.STANDARD)


@pytest.fixture
def here(db: None) -> Host:
    return Host.objects.create(slug="here", name="Here", url="unix:///nowhere")


def ruled(host: Host, **rules: Any) -> Host:
    set_policy(host.pk, is_unowned_public=False, rules=Rules(**rules))
    return host


def asked(host: Host, host_config: dict[str, Any], *, image: str = "busybox") -> Decision:
    body = {"Image": image, "HostConfig": host_config}
    return decide(STANDARD, host, "POST", "/containers/create", body=body)


@pytest.mark.parametrize(
    ("rules", "allowed", "refused", "rule"),
    [
        ({"is_privileged_allowed": True}, {"Privileged": True}, {"Privileged": 1}, "Privileged"),
        ({"capabilities": ("NET_ADMIN",)}, {"CapAdd": ["net_admin", "CAP_NET_ADMIN"]}, {"CapAdd": ["SYS_ADMIN"]},
         "CapAdd: rule capabilities"),
        ({"capabilities": ("NET_ADMIN",)}, {"CapAdd": []}, {"CapAdd": ["ALL"]}, "CapAdd: rule capabilities"),
        ({"devices": ("/dev/fuse",)}, {"Devices": [{"PathOnHost": "/dev/fuse", "PathInContainer": "/dev/fuse"}]},
         {"Devices": [{"PathOnHost": "/dev/fuse/../sda"}]}, "Devices: PathOnHost: rule devices"),
        ({"host_namespaces": ("network",)}, {"NetworkMode": "host"}, {"PidMode": "host"},
         "PidMode: rule host namespaces"),
        ({"joins_containers": True}, {"NetworkMode": "container:web", "VolumesFrom": ["web"]},
         {"UTSMode": "container:web"}, "UTSMode"),
        ({"security_options": ("seccomp=unconfined",)}, {"SecurityOpt": ["seccomp=unconfined", "no-new-privileges"]},
         {"SecurityOpt": ["apparmor=unconfined"]}, "SecurityOpt: rule security options"),
        ({"sysctls": ("net.ipv4.*",)}, {"Sysctls": {"net.ipv4.ip_forward": "1", "net/ipv4/tcp_syncookies": "1"}},
         {"Sysctls": {"kernel/msgmax": "1"}}, "Sysctls: rule sysctls"),
        ({"runtimes": ("runsc",)}, {"Runtime": "runsc"}, {"Runtime": "runc"}, "Runtime: rule runtimes"),
        ({"cgroup_parents": ("/shop",)}, {"CgroupParent": "/shop"}, {"CgroupParent": "/shop/../.."},
         "CgroupParent: rule cgroup parent"),
    ],
    ids=lambda value: str(value)[:40],
)  # fmt: skip
def test_a_rule_allows_what_it_names_and_nothing_beside(
    rules: dict[str, Any], allowed: dict[str, Any], refused: dict[str, Any], rule: str, here: Host
) -> None:
    assert not asked(here, refused).is_allowed
    ruled(here, **rules)
    assert asked(here, allowed).is_allowed, asked(here, allowed).refusal
    assert rule in asked(here, refused).refusal


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    (tmp_path / "shop" / "data").mkdir(parents=True)
    (tmp_path / "shop" / "out").symlink_to("/etc")
    (tmp_path / "shop" / "in").symlink_to(tmp_path / "shop" / "data")
    return tmp_path.resolve() / "shop"


def _mounts(path: str) -> list[dict[str, Any]]:
    return [{"Binds": [f"{path}:/in"]}, {"Mounts": [{"Type": "bind", "Source": path, "Target": "/in"}]}]


@pytest.mark.parametrize("below", ["", "/data", "/in", "/not-there-yet"])
def test_folders_below_an_allowed_root_are_mounted(below: str, here: Host, shop: Path) -> None:
    ruled(here, bind_roots=(str(shop),))
    for config in _mounts(f"{shop}{below}"):
        assert asked(here, config).is_allowed, asked(here, config).refusal


@pytest.mark.parametrize(
    "below", ["/out", "/out/ssh", "/../", "/..", "/./data", "//data", "/data/", "-other", "/../shop"]
)
def test_what_leads_out_of_the_root_in_whatever_spelling_is_refused(below: str, here: Host, shop: Path) -> None:
    ruled(here, bind_roots=(str(shop),))
    for config in _mounts(f"{shop}{below}"):
        assert "rule bind mounts" in asked(here, config).refusal
    for config in ({"Binds": ["relative/path:/in"]}, {"Binds": [f"{shop}:/in:rshared"]},
                   {"Mounts": [{"Type": "bind", "Source": str(shop), "Target": "/in",
                                "BindOptions": {"Propagation": "rshared"}}]},
                   {"Mounts": [{"Type": "bind", "Target": "/in"}]}):  # fmt: skip
        assert not asked(here, config).is_allowed


def test_on_a_host_elsewhere_only_the_roots_themselves_are_as_links_cannot_be_followed(here: Host) -> None:
    here.url = "tcp://far.example:2376"
    ruled(here, bind_roots=("/srv/shop",))
    assert asked(here, {"Binds": ["/srv/shop:/in"]}).is_allowed
    assert "cannot be seen from here" in asked(here, {"Binds": ["/srv/shop/data:/in"]}).refusal


def test_volumes_with_options_stay_refused_whatever_the_roots(here: Host) -> None:
    ruled(here, bind_roots=("/srv/shop",))
    options = {"type": "none", "o": "bind", "device": "/srv/shop"}
    assert not decide(STANDARD, here, "POST", "/volumes/create", body={"Name": "x", "DriverOpts": options}).is_allowed


@pytest.mark.parametrize(
    ("image", "is_allowed"),
    [("nginx", True), ("docker.io/library/nginx:1.27", True), ("ghcr.io/shop/web@sha256:0f", True), ("redis", False),
     ("sha256:0f0f", False), ("evil.example/nginx", False), ("ghcr.io/shopping/web", False)],
)  # fmt: skip
def test_images_are_of_the_listed_names_and_registries(image: str, is_allowed: bool, here: Host) -> None:
    ruled(here, images=("nginx", "ghcr.io/shop/*"))
    assert asked(here, {}, image=image).is_allowed == is_allowed
    pulled = decide(STANDARD, here, "POST", "/images/create", query={"fromImage": image})
    assert pulled.is_allowed == is_allowed
    if not is_allowed:
        assert "rule images" in pulled.refusal
    assert "rule images" in decide(STANDARD, here, "POST", "/build", query={"t": "x"}, is_streamed=True).refusal


@pytest.mark.parametrize(
    ("path", "query"),
    [("/images/create", {"fromSrc": "-", "repo": "mine"}), ("/images/mine/tag", {"repo": "nginx"}),
     ("/commit", {"container": "c1", "repo": "docker.io/library/nginx"}),
     ("/images/mine/tag", {"repo": "ghcr.io/shop/web", "tag": "1"})],
)  # fmt: skip
def test_a_listed_name_is_not_given_to_what_was_made_here(path: str, query: dict[str, str], here: Host) -> None:
    assert decide(STANDARD, here, "POST", path, query=query, is_streamed=path == "/images/create").is_allowed
    ruled(here, images=("nginx", "ghcr.io/shop/*"))
    decision = decide(STANDARD, here, "POST", path, query=query, is_streamed=path == "/images/create")
    assert "rule images" in decision.refusal
    other = {**query, "repo": "mine"}
    if path != "/images/create":
        assert decide(STANDARD, here, "POST", path, query=other).is_allowed


def test_a_privileged_exec_follows_the_rule_of_privileged_containers(here: Host) -> None:
    body = {"Cmd": ["sh"], "Privileged": True}
    assert not decide(STANDARD, here, "POST", "/containers/c1/exec", body=body).is_allowed
    ruled(here, is_privileged_allowed=True)
    assert decide(STANDARD, here, "POST", "/containers/c1/exec", body=body).is_allowed


def test_rules_of_another_host_say_nothing(here: Host) -> None:
    other = Host.objects.create(slug="there", name="There", url="unix:///there")
    ruled(here, is_privileged_allowed=True)
    assert not asked(other, {"Privileged": True}).is_allowed


async def test_rules_that_another_process_took_back_hold_at_once(transactional_db: None) -> None:
    host = await Host.objects.acreate(slug="here", name="Here", url="unix:///nowhere")
    from asgiref.sync import sync_to_async

    await sync_to_async(ruled)(host, is_privileged_allowed=True)
    await sync_to_async(ruled)(host)
    # As this process would still know it.
    LEDGER._rules[host.pk], LEDGER._serial, LEDGER._asked_at = Rules(is_privileged_allowed=True), 1, float("-inf")
    body = b'{"Image": "busybox", "HostConfig": {"Privileged": true}}'
    assert decide(STANDARD, host, "POST", "/containers/create", body=body).is_allowed
    with pytest.raises(Refused, match="rule privileged"):
        await begin_async(STANDARD, host, "POST", "/containers/create", query={}, body=body)


def test_the_log_names_the_field_and_the_rule(here: Host) -> None:
    with pytest.raises(Refused, match="HostConfig: Binds: rule bind mounts"):
        begin(STANDARD, here, "POST", "/containers/create", query={},
              body={"Image": "busybox", "HostConfig": {"Binds": ["/:/host"]}})  # fmt: skip
    assert "rule bind mounts" in Entry.objects.get().message


def test_what_the_database_holds_of_an_unknown_kind_allows_nothing() -> None:
    assert rules_of_json({"capabilities": "ALL", "is_privileged_allowed": 1, "is_here": True, "x": [1]}) == Rules()
    assert rules_of_json(Rules(images=("a",), joins_containers=True).as_json()).images == ("a",)


@pytest.mark.parametrize(
    ("name", "line"),
    [("bind_roots", "/"), ("bind_roots", "srv"), ("bind_roots", "/srv/../etc"), ("bind_roots", "/srv/"),
     ("devices", "/etc/shadow"), ("devices", "/dev/../etc"), ("capabilities", "net admin"), ("sysctls", "a b")],
)  # fmt: skip
def test_a_rule_that_would_allow_more_than_it_says_is_not_taken(name: str, line: str) -> None:
    assert wrong_in(name, [line])
