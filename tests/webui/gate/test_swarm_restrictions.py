"""A restricted role that may make services reaches no node by them; nor the host by plugins, sessions or the swarm."""

from dataclasses import replace
from typing import Any

import pytest

from webui.access import Held, Operation, Role, RoleFacts
from webui.access.models import CUSTOM
from webui.gate import Actor, Refused, decide
from webui.gate.passage import begin
from webui.gate.swarm_restrictions import service
from webui.hosts.models import Host
from webui.ownership.rules import Rules

EVERYTHING = RoleFacts("custom:all", "all", frozenset(Operation))
SOMEBODY = Actor(5, "ann", Role.NONE, grants=(Held(CUSTOM, custom=EVERYTHING),))
HOST = Host(slug="local", name="Local", url="unix:///nowhere")


def _asked(container: dict[str, Any], task: dict[str, Any] | None = None, **more: Any) -> str:
    body = {"Name": "web", "TaskTemplate": {"ContainerSpec": {"Image": "nginx", **container}, **(task or {})}, **more}
    said = {
        decide(SOMEBODY, HOST, "POST", path, body=body).refusal for path in ("/services/create", "/services/s1/update")
    }
    assert len(said) == 2 or said == {""}
    return " ".join(said)


@pytest.mark.parametrize(
    ("field", "value"),
    [("Mounts", [{"Type": "bind", "Source": "/", "Target": "/h"}]), ("CapabilityAdd", ["SYS_ADMIN"]),
     ("Mounts", [{"Type": "volume", "Source": "x", "Target": "/h", "VolumeOptions": {"DriverConfig": {
         "Name": "local", "Options": {"type": "none", "o": "bind", "device": "/"}}}}]),
     ("Privileges", {"Seccomp": {"Mode": "unconfined"}}), ("Privileges", {"CredentialSpec": {"File": "x"}}),
     ("Sysctls", {"kernel.msgmax": "1"}), ("OomScoreAdj", -1000), ("Hereafter", 1),
     ("Ulimits", [{"Name": "memlock", "Soft": -1, "Hard": -1}])],
)  # fmt: skip
def test_a_field_of_a_service_that_reaches_a_node_is_refused_by_its_name(field: str, value: Any) -> None:
    assert field in _asked({field: value})


def test_networks_plugins_and_drivers_of_the_host_are_refused() -> None:
    for networks in (
        [{"Target": "host"}],
        [{"Target": "Host"}],
        [{"Target": "ingress"}],
        [{"Target": "ok", "DriverOpts": {"a": "b"}}],
    ):
        assert "Networks" in _asked({}, Networks=networks)
        assert "Networks" in _asked({}, {"Networks": networks})
    assert "Runtime" in _asked({}, {"Runtime": "plugin"})
    assert "LogDriver" in _asked({}, {"LogDriver": {"Name": "syslog"}})
    secret = {"Name": "x", "Data": "", "Driver": {"Name": "vault"}}
    assert "Driver" in decide(SOMEBODY, HOST, "POST", "/secrets/create", body=secret).refusal


def test_the_hosts_own_network_follows_the_rule_of_containers() -> None:
    body = {"TaskTemplate": {"ContainerSpec": {"Image": "nginx"}}, "Networks": [{"Target": "host"}]}
    strict = Rules()
    assert "rule host namespaces" in (service(strict)(body) or "")
    assert service(replace(strict, host_namespaces=("network",)))(body) is None


def test_going_back_to_what_a_service_was_is_refused_as_nobody_can_look_at_it() -> None:
    asked = decide(SOMEBODY, HOST, "POST", "/services/s1/update", query={"rollback": "previous"}, body={})
    assert "rollback" in asked.refusal
    administrator = Actor(1, "olga", Role.ADMINISTRATOR)
    assert decide(
        administrator, HOST, "POST", "/services/s1/update", query={"rollback": "previous"}, body={}
    ).is_allowed


def test_what_services_need_every_day_goes_through() -> None:
    container = {"Env": ["A=b"], "Mounts": [{"Type": "volume", "Source": "data", "Target": "/d"}], "Init": True,
                 "Secrets": [{"SecretID": "s1", "SecretName": "key", "File": {"Name": "key", "UID": "0"}}]}  # fmt: skip
    more = {"Mode": {"Replicated": {"Replicas": 3}}, "EndpointSpec": {"Ports": [{"TargetPort": 80}]}}
    assert not _asked(container, {"Networks": [{"Target": "shop_default"}], "ForceUpdate": 1}, **more).strip()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "/plugins/pull"), ("POST", "/plugins/x/enable"), ("POST", "/session"), ("POST", "/swarm/init"),
     ("GET", "/swarm"), ("GET", "/swarm/unlockkey"), ("POST", "/nodes/n1/update"), ("POST", "/containers/prune"),
     ("POST", "/images/load"), ("POST", "/build/prune")],
)  # fmt: skip
def test_what_touches_everything_is_not_for_a_restricted_role_though_it_is_in_it(method: str, path: str) -> None:
    host = Host.objects.create(slug="docks", name="Docks", url="unix:///nowhere")
    is_streamed = path in {"/session", "/images/load"}
    with pytest.raises(Refused, match="is not for you") as refused:
        begin(SOMEBODY, host, method, path, query={}, body=None, is_streamed=is_streamed)
    assert refused.value.rule == "ownership"
