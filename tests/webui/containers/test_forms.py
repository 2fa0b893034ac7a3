"""What the run form makes of what was typed."""

import pytest
from django.http import QueryDict

from webui.containers.forms import RunForm
from webui.containers.rows import ContainerRow, row_of
from webui.containers.run_facts import HostFacts, free_name
from webui.images.reference import listed_name


def container(name: str, *, state: str = "running", stack: str = "", host_port: int = 0) -> ContainerRow:
    ports = [{"IP": "0.0.0.0", "PrivatePort": 80, "PublicPort": host_port, "Type": "tcp"}] if host_port else []
    labels = {"com.docker.compose.project": stack} if stack else {}
    raw = {
        "Id": "a" * 64,
        "Names": [f"/{name}"],
        "State": state,
        "Status": "Up 1 hour",
        "Ports": ports,
        "Labels": labels,
    }
    return row_of(raw, seen_at=0)


FACTS = HostFacts(
    containers=(container("shop-db-1", stack="shop"), container("shop-web-1", host_port=8080)),
    image_sizes={"postgres:17.2": 152_000_000, "busybox:latest": 4_000_000, "localhost:5000/app:2": 1},
    networks=("bridge", "host", "none", "front", "back"),
)


def form(**fields: str | list[str]) -> RunForm:
    data = QueryDict(mutable=True)
    for name, value in {"image": "postgres:17.2", **fields}.items():
        data.setlist(name, value if isinstance(value, list) else [value])
    return RunForm(data, facts=FACTS)


def error_of(filled: RunForm, field: str) -> str:
    assert not filled.is_valid()
    return str(filled.errors[field][0])


def test_a_whole_form_becomes_a_create_body() -> None:
    filled = form(
        name="shop-db-2", command="postgres -c 'max_connections=20 '", restart="unless-stopped",
        memory="512m", cpus="0.5",
        port_outside=["127.0.0.1:5433", ""], port_inside=["5432", "9187"], port_protocol=["tcp", "tcp"],
        variable_name=["POSTGRES_DB", "EMPTY"], variable_value=["shop ", ""],
        mount_source=["shop_db", "/etc/pg.conf"], mount_target=["/data", "/etc/pg.conf"], mount_mode=["rw", "ro"],
        network_name=["front", "back"], network_aliases=["db pg", ""], network_addresses=["", "10.1.0.9 fd00::9"],
    )  # fmt: skip
    assert filled.is_valid(), filled.errors
    recipe = filled.request()
    assert recipe.body == {
        "Image": "postgres:17.2",
        "Cmd": ["postgres", "-c", "max_connections=20 "],
        "Env": ["POSTGRES_DB=shop ", "EMPTY="],
        "ExposedPorts": {"5432/tcp": {}, "9187/tcp": {}},
        "HostConfig": {
            "PortBindings": {
                "5432/tcp": [{"HostIp": "127.0.0.1", "HostPort": "5433"}],
                "9187/tcp": [{"HostIp": "", "HostPort": ""}],
            },
            "Binds": ["shop_db:/data:rw", "/etc/pg.conf:/etc/pg.conf:ro"],
            "RestartPolicy": {"Name": "unless-stopped"},
            "NetworkMode": "front",
            "Memory": 512 << 20,
            "NanoCpus": 500_000_000,
        },
        "NetworkingConfig": {"EndpointsConfig": {"front": {"Aliases": ["db", "pg"]}}},
    }
    assert recipe.networks == {"back": {"IPAMConfig": {"IPv4Address": "10.1.0.9", "IPv6Address": "fd00::9"}}}


def test_a_taken_name_says_by_whom_and_offers_the_next() -> None:
    assert error_of(form(name="shop-db-1"), "name") == "Taken by a running container of the stack shop. Try shop-db-2."


def test_a_name_with_a_slash_is_refused_with_a_name_that_works() -> None:
    assert error_of(form(name="shop/db"), "name") == "A name cannot hold a slash. Try shop-db."


def test_an_image_that_is_not_here_is_told_apart_from_one_that_cannot_be() -> None:
    missing = form(image="nginx")
    assert error_of(missing, "image") == "This host has no image nginx:latest."
    assert missing.image_is_missing
    impossible = form(image="Nginx Latest")
    assert "is not the name of an image" in error_of(impossible, "image")
    assert not impossible.image_is_missing
    assert "Try nginx:1." in error_of(form(image="Nginx:1"), "image")


@pytest.mark.parametrize("name", ["docker.io/library/busybox", "busybox", "busybox:latest", "localhost:5000/app:2"])
def test_an_image_that_is_here_is_found_under_each_of_its_names(name: str) -> None:
    assert form(image=name).is_valid()


def test_a_port_in_use_names_who_has_it_and_the_next_free_one() -> None:
    filled = form(port_outside="8080", port_inside="80", port_protocol="tcp")
    assert not filled.is_valid()
    assert [line.error for line in filled.ports] == ["8080 is used by shop-web-1; next free is 8081."]


def test_lines_keep_what_was_typed_and_only_wrong_ones_are_blamed() -> None:
    filled = form(
        port_outside=["8082", "eighty"], port_inside=["80", "80"], port_protocol=["tcp", "tcp"],
        mount_source=["data", "data"], mount_target=["relative", "/ok"], mount_mode=["rw", "ro"],
        variable_name=["A", "A", ""], variable_value=["1", "2", "orphan"],
    )  # fmt: skip
    assert not filled.is_valid()
    assert [bool(line.error) for line in filled.ports] == [False, True]
    assert [(line.target, bool(line.error)) for line in filled.mounts] == [("relative", True), ("/ok", False)]
    assert [bool(line.error) for line in filled.variables] == [False, True, True]
    assert filled.variables[2].value == "orphan"


def test_nothing_is_published_on_the_hosts_own_network() -> None:
    filled = form(network_name="host", port_outside="8085", port_inside="80", port_protocol="tcp")
    assert not filled.is_valid()
    assert "host's own network" in filled.ports[0].error


@pytest.mark.parametrize("memory", ["512", "lots", "-1g"])
def test_a_memory_limit_without_sense_is_refused(memory: str) -> None:
    assert not form(memory=memory).is_valid()


@pytest.mark.parametrize(
    ("message", "field", "words"),
    [
        ('Conflict. The container name "/a" is already in use by container "12"', "name", "Taken a moment ago"),
        ("No such image: postgres:17.2", "image", "This host has no image postgres:17.2."),
        (
            'exec: "sleeep": executable file not found in $PATH: unknown',
            "command",
            "The image has no program “sleeep”.",
        ),
        ("No command specified", "command", "says" and "names no command"),
        ("something else went wrong", "__all__", "The host refused: something else went wrong."),
    ],
)
def test_what_the_engine_refuses_is_put_beside_its_field(message: str, field: str, words: str) -> None:
    filled = form(command="sleeep 60")
    assert filled.is_valid()
    filled.blame(message)
    assert words in str(filled.errors[field][0])


def test_a_port_that_another_program_holds_is_put_on_its_line() -> None:
    filled = form(port_outside=["8090", "8091"], port_inside=["80", "81"], port_protocol=["tcp", "tcp"])
    assert filled.is_valid()
    filled.blame(
        "driver failed programming external connectivity: Bind for 0.0.0.0:8091 failed: port is already allocated"
    )
    assert [bool(line.error) for line in filled.ports] == [False, True]


@pytest.mark.parametrize(
    ("message", "field", "typed"),
    [
        ("unable to find user sam: no matching entries in passwd file", "user", {"user": "sam"}),
        ("unable to find group wheel: no matching entries in group file", "groups", {"user": "1", "groups": "wheel"}),
        ("Unable to find group wheel: no matching entries in group file", "user", {"user": "root:wheel"}),
        ("Invalid signal: SIGFOO", "stop_signal", {"stop_signal": "SIGFOO"}),
        ("invalid volume specification: 'a:b:c:d'", "binds_more", {"binds_more": "a:b:c:d"}),
        ("could not get container for db: No such container: db", "links", {"links": "db:x", "pid": "host"}),
        ("No such container: db", "pid", {"links": "other:x", "pid": "container:db"}),
        ("Timeout in Healthcheck cannot be less than 1ms", "health_timeout", {"health_timeout": "-5s"}),
        ("Requested memory nodes are not available - requested 9, available: 0", "cpuset_mems", {"cpuset_mems": "9"}),
        ('invalid CapAdd: unknown capability: "CAP_FOO"', "cap_add", {"cap_add": "FOO", "cap_drop": "FOO"}),
        ('error gathering device information while adding custom device "/dev/x": no such file or directory',
         "devices", {"devices": "/dev/x", "read_bps": "/dev/y:1m"}),
        ("Unknown runtime specified fast", "runtime", {"runtime": "fast"}),
        ("write /sys/fs/cgroup/cpu/x/cpu.rt_runtime_us: invalid argument", "cpu_rt_runtime", {"cpu_rt_runtime": "5"}),
        ("something new about net.foo.bar=1 there", "sysctls", {"sysctls": "net.foo.bar=1"}),
        ("Invalid signal: SIGFOO", "__all__", {}),
    ],
)  # fmt: skip
def test_a_refusal_stands_beside_what_was_typed(message: str, field: str, typed: dict[str, str]) -> None:
    filled = form(**typed)
    assert filled.is_valid(), filled.errors
    filled.blame(message)
    assert list(filled.errors) == [field]


def test_a_refusal_about_rows_stands_at_the_row_that_it_names() -> None:
    rows = {
        "mount_source": ["/a", "data"], "mount_target": ["/x", "/y"], "mount_mode": ["rw", "rw"],
        "network_name": ["front", "back"], "network_addresses": ["", "10.1.0.9"],
    }  # fmt: skip
    filled = form(**rows)
    assert filled.is_valid(), filled.errors
    filled.blame("Duplicate mount point: /y")
    assert [bool(line.error) for line in filled.mounts] == [False, True]
    filled = form(**rows)
    assert filled.is_valid()
    filled.blame("Address already in use: 10.1.0.9")
    assert [bool(line.error) for line in filled.networks] == [False, True]


def test_volumes_without_a_name_are_the_paths_of_a_mapping() -> None:
    filled = form(nameless="/cache\n/other")
    assert filled.is_valid(), filled.errors
    assert filled.request().body["Volumes"] == {"/cache": {}, "/other": {}}
    assert "whole path" in error_of(form(nameless="cache"), "nameless")


def test_the_next_free_name_counts_on() -> None:
    assert free_name("shop-db-1", FACTS) == "shop-db-2"
    assert free_name("web", FACTS) == "web-2"
    assert listed_name("docker.io/library/nginx") == "nginx:latest"
