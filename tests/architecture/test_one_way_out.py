"""Only the gate can open a connection to a host: nothing else in the console imports what would let it."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

_WEBUI = Path(__file__).parents[2] / "webui"
# Whatever opens a connection or starts a program that could.
_CONNECTING = {
    "_socket", "aiohttp", "docker", "ftplib", "http.client", "httplib2", "httpx", "ldap3", "requests", "smtplib",
    "socket", "socketserver", "subprocess", "urllib.request", "urllib3", "websocket", "websockets", "xmlrpc",
}  # fmt: skip
_METHODS = {"create_connection", "create_unix_connection", "open_connection", "open_unix_connection", "sock_connect"}
# Names of docker-py and requests that open nothing: errors and types.
_HARMLESS = ("docker.errors", "docker.types", "docker.models", "docker.utils", "requests.exceptions",
             "requests.RequestException", "requests.Response")  # fmt: skip
# Each with its reason. A new line here is a decision about security, not a formality.
_EXCEPTIONS: dict[str, set[str]] = {
    "access/middleware.py": {"socket"},  # gethostname
    "jobs/workers.py": {"socket"},  # gethostname
    "proxy/names.py": {"socket"},  # gethostname
    "registries/transport.py": {
        "create_connection",
        "requests",
        "socket",
        "urllib3",
    },  # asks registries: http and https; no unix socket
    "signin/ldap/connection.py": {"ldap3"},  # speaks LDAP, with the server that administrators name
    "signin/ldap/people.py": {"ldap3"},  # escapes names, and its errors
    "signin/oidc/transport.py": {"requests"},  # asks providers: https, or http within this machine; no unix socket
    "supervisor/lock.py": {"socket"},  # listens
    "supervisor/processes.py": {"socket"},  # names the type of a listening socket
    "supervisor/up.py": {"socket", "http.client"},  # asks the store and the console's own page whether they are up
    "containers/jobs.py": {"docker"},  # a type
    "images/jobs.py": {"docker"},  # a type
    "resources/opened.py": {"docker"},  # a type
    "containers/files/archive.py": {"urllib3"},  # its errors
    "live/upstream.py": {"aiohttp"},  # its errors
    "resources/acting.py": {"requests"},  # its errors
}
# These do open connections, and to no host.
_CONNECT_ELSEWHERE = {"registries/transport.py", "signin/ldap/connection.py", "signin/oidc/transport.py"}
# What those may name that are not of the supervisor.
_NAMED: set[str] = {
    "ClientError",
    "ClientPayloadError",
    "DockerClient",
    "errors",
    "exceptions",
    "RequestException",
    "Timeout",
    "gethostname",
}


def _connecting_names(source: str) -> Iterator[str]:
    for node in _without_type_checking(ast.parse(source)):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Attribute) and node.attr in _METHODS:
            yield node.attr
            continue
        elif isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) in {
            "__import__", "import_module",
        }:  # fmt: skip
            names = [str(argument.value) for argument in node.args if isinstance(argument, ast.Constant)]
        else:
            continue
        for name in names:
            found = next((one for one in _CONNECTING if name == one or name.startswith(f"{one}.")), None)
            if found and not name.startswith(_HARMLESS):
                yield found


def _uses(source: str) -> Iterator[str]:
    """Names taken from a connecting module, and calls of docker-py's client, which a type never is."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in _CONNECTING:
            yield node.attr
        if isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) == "DockerClient":
            yield "DockerClient()"


def _without_type_checking(tree: ast.AST) -> Iterator[ast.AST]:
    for child in ast.iter_child_nodes(tree):
        if isinstance(child, ast.If) and getattr(child.test, "id", "") == "TYPE_CHECKING":
            continue
        yield child
        yield from _without_type_checking(child)


def test_nothing_outside_the_gate_can_open_a_connection_to_a_host() -> None:
    found: dict[str, set[str]] = {}
    for path in _WEBUI.rglob("*.py"):
        name = str(path.relative_to(_WEBUI))
        names = set() if name.startswith("gate/") else set(_connecting_names(path.read_text()))
        if names:
            found[name] = names
    assert found == _EXCEPTIONS


def test_who_imports_a_client_for_its_errors_and_types_uses_nothing_else_of_it() -> None:
    named = {name for name in _EXCEPTIONS if not name.startswith("supervisor/")} - _CONNECT_ELSEWHERE
    used = {name: set(_uses((_WEBUI / name).read_text())) - _NAMED for name in named}
    assert not {name: names for name, names in used.items() if names}


@pytest.mark.parametrize(
    "source",
    [
        "import aiohttp",
        "def f():\n    from aiohttp import UnixConnector",
        "import http.client as quiet",
        "from http import client",
        "import docker",
        "from docker import DockerClient",
        "from requests import get",
        "from urllib import request",
        "import socket",
        "import asyncio\nasyncio.open_unix_connection('/x')",
        "import importlib\nimportlib.import_module('aiohttp')",
        "__import__('socket')",
    ],
)
def test_the_test_sees_each_way_to_connect(source: str) -> None:
    assert list(_connecting_names(source))
