"""Compose services, read as Compose reads them and written so that they are read back the same."""

import pytest

from tests.webui.containers.dialects.lines import LINES
from tests.webui.containers.dialects.test_run_writing import _meant
from webui.containers.dialects import DialectError, Raw
from webui.containers.dialects.compose_reading import parse_service, service_names
from webui.containers.dialects.compose_writing import compose_file
from webui.containers.docker_run import parse_run_line

WHOLE = """
name: shop
services:
  db:
    image: postgres:${PG:-17.2}
    container_name: shop-db
    command: postgres -c 'max_connections=20'
    entrypoint: ["docker-entrypoint.sh", --x]
    environment: {POSTGRES_DB: shop, N: 5, YES: yes, FLAG: true, TOKEN: }
    ports: ["127.0.0.1:5433:5432", 22:22, 8000-8001:9000-9001/udp, {target: 80, published: "8080", host_ip: '::1'}]
    expose: [7]
    volumes:
      - data:/var/lib/postgresql
      - /etc/pg.conf:/etc/pg.conf:ro
      - /cache
      - {type: tmpfs, target: /t, tmpfs: {size: 1m, mode: 0700}}
      - {type: bind, source: /a, target: /b, read_only: true, bind: {propagation: rslave, create_host_path: false}}
    tmpfs: /run
    networks:
      back: {aliases: [db, pg], ipv4_address: 10.1.0.9}
      front:
    healthcheck: {test: pg_isready, interval: 1m30s, retries: 3}
    deploy:
      replicas: 2
      resources: {limits: {cpus: "1.5", memory: 512m, pids: 100}, reservations: {memory: 64M, devices: [
        {driver: nvidia, count: 1, capabilities: [gpu, utility]}]}}
    ulimits: {nproc: 65535, nofile: {soft: 1000, hard: 2000}}
    logging: {driver: json-file, options: {max-size: 10m, max-file: 3}}
    sysctls: [net.core.somaxconn=1024]
    restart: no
    stop_grace_period: 1m
    extra_hosts: {gw: host-gateway, six: "::1"}
    labels: [a=b, c]
    depends_on: [cache]
    build: .
    x-mine: 1
    colour: red
  cache: {image: valkey}
volumes: {data: {name: shop_data}}
networks: {back: {external: true}, front: {driver: bridge}}
"""


def test_a_service_in_short_and_long_words_becomes_a_create_body() -> None:
    read = parse_service(WHOLE, "db")
    assert (read.image, read.name, read.asked_variables) == ("postgres:17.2", "shop-db", ("TOKEN",))
    body, host = read.body, read.body["HostConfig"]
    assert body["Cmd"] == ["postgres", "-c", "max_connections=20"]
    assert body["Env"] == ["POSTGRES_DB=shop", "N=5", "YES=yes", "FLAG=true"]
    assert sorted(host["PortBindings"]) == ["22/tcp", "5432/tcp", "80/tcp", "9000/udp", "9001/udp"]
    assert host["PortBindings"]["80/tcp"] == [{"HostIp": "::1", "HostPort": "8080"}]
    assert "7/tcp" in body["ExposedPorts"]
    assert host["Binds"] == ["shop_data:/var/lib/postgresql", "/etc/pg.conf:/etc/pg.conf:ro"]
    assert (body["Volumes"], host["Tmpfs"]) == ({"/cache": {}}, {"/run": ""})
    assert host["Mounts"][0]["TmpfsOptions"] == {"SizeBytes": 1 << 20, "Mode": 0o700}
    assert host["Mounts"][1]["BindOptions"] == {"Propagation": "rslave"}
    assert host["NetworkMode"] == "back"
    assert body["NetworkingConfig"]["EndpointsConfig"]["back"]["IPAMConfig"] == {"IPv4Address": "10.1.0.9"}
    assert body["Healthcheck"] == {"Test": ["CMD-SHELL", "pg_isready"], "Interval": 90_000_000_000, "Retries": 3}
    assert (host["NanoCpus"], host["Memory"], host["PidsLimit"]) == (1_500_000_000, 512 << 20, 100)
    assert host["DeviceRequests"] == [{"Driver": "nvidia", "Count": 1, "Capabilities": [["gpu", "utility"]]}]
    assert {"Name": "nofile", "Soft": 1000, "Hard": 2000} in host["Ulimits"]
    assert (host["RestartPolicy"], body["StopTimeout"]) == ({"Name": "no"}, 60)
    assert host["ExtraHosts"] == ["gw:host-gateway", "six:::1"]


def test_what_a_service_says_that_one_container_cannot_have_is_named() -> None:
    warnings = " ".join(parse_service(WHOLE, "db").warnings)
    for key in ("depends_on", "build", "colour", "deploy replicas", "front", "TOKEN"):
        assert key in warnings, key
    assert "x-mine" not in warnings


@pytest.mark.parametrize("line", LINES)
def test_a_body_written_as_a_service_is_read_back_as_it_was(line: str) -> None:
    asked = parse_run_line(line)
    written = compose_file(asked.body, name=asked.name, platform=asked.platform, pull=asked.pull)
    again = parse_service("\n".join(written.lines))
    assert _known(again.body, written.lost) == _known(asked.body, written.lost)
    assert (again.platform, again.pull, again.warnings) == (asked.platform, asked.pull, ())


def _known(body: Raw, lost: list[str]) -> Raw:
    """The body without the fields that were said to be lost."""
    meant = _meant(body)
    for name in lost:
        meant.pop(name, None)
        meant["HostConfig"].pop(name.removeprefix("HostConfig."), None)
    if any(name.startswith(("Networks", "Mounts")) for name in lost):
        meant["HostConfig"].pop("Mounts", None)
        meant.pop("NetworkingConfig", None)
    for one in (meant.get("NetworkingConfig") or {}).get("EndpointsConfig", {}).values():
        one.pop("Links", None)
    requests = [
        {key: one for key, one in each.items() if one} for each in meant["HostConfig"].get("DeviceRequests", [])
    ]
    meant["HostConfig"]["DeviceRequests"] = sorted(requests, key=str)
    paths = meant["HostConfig"].get("SecurityOpt", [])
    meant["HostConfig"]["SecurityOpt"] = [one for one in paths if one != "systempaths=unconfined"]
    return meant


@pytest.mark.parametrize(
    ("pasted", "words"),
    [
        ("services: {a: {image: x}, b: {image: y}}", "There are 2 services: a, b. Which one?"),
        ("a: [", "Line 1: "),
        ("hello", "A compose file holds settings by name, not “hello”."),
        ("services: {}", "There is no service in it."),
        ("a: 1", "That is no compose service: neither services: nor image: is in it."),
        ("build: .", "The service names no image, only what to build: build it first, then name it here."),
        ("image: x\nports: [99999]", "ports: “99999”: 99999 is not a port or a range of ports from 1 to 65535."),
        ("image: x\nmem_limit: lots", "mem_limit: “lots” is not a size, such as 512m or 2g."),
        ("image: x\nvolumes: [./a:/b]", "volumes: “./a:/b”: ./a is counted from a folder of yours; "),
        ("image: !!python/object/apply:os.system [id]", "Line 1: could not determine a constructor"),
        ("[" * 3000, "That is not YAML: "),
    ],
)
def test_what_cannot_be_read_says_where_and_why(pasted: str, words: str) -> None:
    with pytest.raises(DialectError) as refused:
        parse_service(pasted)
    assert str(refused.value).startswith(words)


def test_a_page_that_would_unfold_to_millions_of_values_is_refused() -> None:
    bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 9)
    )
    with pytest.raises(DialectError, match="refers to itself too often"):
        parse_service(bomb)


def test_services_are_named_for_a_choice() -> None:
    assert service_names(WHOLE) == ["db", "cache"]
    assert service_names("image: x") == [""]
    assert parse_service("web:\n  image: nginx").name == "web"


def test_variables_are_filled_in_and_those_without_a_value_named() -> None:
    read = parse_service("image: ${REG:-docker.io}/x:$TAG\nenvironment:\n- A=$$5\n- B=${C:-${D:-7}}")
    assert read.image == "docker.io/x:"
    assert read.warnings == ("$TAG has no value here: it is left empty.",)
    assert read.body["Env"] == ["A=$5", "B=7"]


def test_a_dollar_sign_that_is_meant_survives_compose() -> None:
    written = compose_file({"Image": "x", "Cmd": ["echo", "$HOME"]})
    assert "- echo\n    - $$HOME" in "\n".join(written.lines)
