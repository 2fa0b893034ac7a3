"""Requests that could be read in two ways, by raw sockets: each is refused, none reaches the host, all are logged."""

import json
import socket
import ssl

import pytest

from tests.webui.proxy.conftest import Proxy
from webui.accounts.models import User
from webui.audit.models import Entry
from webui.tokens.models import Authority, Token

pytestmark = pytest.mark.real

_HOST = b"Host: quay\r\n"
_HIDDEN = b"POST /containers/prune HTTP/1.1\r\n" + _HOST + b"\r\n"
_CREATE = b"POST /containers/create HTTP/1.1\r\n" + _HOST
_CHUNKED = _CREATE + b"Transfer-Encoding: chunked\r\n\r\n"
_PING = b"GET /_ping HTTP/1.1\r\n"
_LIST = b"GET /containers/json HTTP/1.1\r\n" + _HOST


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (_CREATE + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + _HIDDEN, 400),
        (_CREATE + b"Content-Length: 2\r\nContent-Length: 40\r\n\r\n{}", 400),
        (_CREATE + b"Content-Length: +2\r\n\r\n{}", 400),
        (_CREATE + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", 501),
        (_CREATE + b"Transfer-Encoding: identity, chunked\r\n\r\n0\r\n\r\n", 501),
        (_CREATE + b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n", 400),
        (_CHUNKED + b'2;a="\n"\r\n{}\r\n0\r\n\r\n', 400),
        (_CHUNKED + b"2\r\n{}x\r\n0\r\n\r\n", 400),
        (_CHUNKED + b"0\r\nContent-Length: 5\r\n\r\n", 400),
        (_CREATE + b"Expect: 100-continue\r\nContent-Length: 2\r\n\r\n", 417),
        (_PING + _HOST + b"X-A: one\r\n two\r\n\r\n", 400),
        (_PING + _HOST + b"X-A: one\nContent-Length: 5\r\n\r\n", 400),
        (_PING + _HOST + _HOST + b"\r\n", 400),
        (_PING + b"\r\n", 400),
        (b"GET /_ping HTTP/1.0\r\n" + _HOST + b"\r\n", 400),
        (b"GET http://elsewhere/_ping HTTP/1.1\r\n" + _HOST + b"\r\n", 400),
        (b"CONNECT elsewhere:443 HTTP/1.1\r\n" + _HOST + b"\r\n", 400),
        (_PING + _HOST + b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n\r\n", 400),
        (_LIST + b"Connection: Upgrade\r\nUpgrade: tcp\r\n\r\n", 400),
        (_LIST + b"Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n", 400),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
    ],
)
def test_what_could_be_read_in_two_ways_is_refused_and_ends_the_connection(
    proxy: Proxy, admin: User, raw: bytes, status: int
) -> None:
    answer = proxy.send(proxy.token(admin), raw)
    assert answer.startswith(b"HTTP/1.1 %d " % status), answer
    assert answer.count(b"HTTP/1.1 %d" % status) == 1
    assert not Entry.objects.filter(operation__startswith="container.").exists()
    assert Entry.objects.filter(rule="request", is_allowed=False).exists()


@pytest.mark.parametrize(
    "path",
    [
        b"//containers//json", b"/containers/../containers/json", b"/%2e%2e/containers/json", b"/containers%2fjson",
        b"/%252e/containers/json", b"/v1.41/v1.41/containers/json", b"/CONTAINERS/json", b"/V1.41/containers/json",
        b"/v1.41/libpod/containers/json", b"/grpc", b"/containers/json/",
    ],
)  # fmt: skip
def test_a_path_in_disguise_is_not_in_the_table(proxy: Proxy, admin: User, path: bytes) -> None:
    answer = proxy.send(
        proxy.token(admin), b"GET " + path + b" HTTP/1.1\r\n" + _HOST + b"Connection: close\r\n\r\n"
    )  # fmt: skip
    assert answer.startswith(b"HTTP/1.1 403 "), answer


@pytest.mark.parametrize(
    ("head", "body", "words"),
    [
        (b"/containers/create HTTP/1.1\r\n", b'{"Image":"busybox","Image":"other"}', "twice"),
        (b"/containers/create HTTP/1.1\r\n", b'{"HostConfig":{},"hostconfig":{"Privileged":true}}', "twice"),
        (b"/containers/create HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded\r\n", b"name=x", "kind"),
        (b"/images/create HTTP/1.1\r\nContent-Type: multipart/form-data; boundary=x\r\n", b"--x--", "kind"),
        (b"/containers/create?name=one&name=two HTTP/1.1\r\n", b'{"Image":"busybox"}', "twice"),
    ],
)
def test_a_body_that_a_host_might_read_otherwise_is_refused(
    proxy: Proxy, admin: User, head: bytes, body: bytes, words: str
) -> None:
    ending = _HOST + b"Connection: close\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)
    answer = proxy.send(proxy.token(admin), b"POST " + head + ending)
    assert answer.startswith(b"HTTP/1.1 403 "), answer
    assert words in json.loads(answer.partition(b"\r\n\r\n")[2])["message"]


def test_two_requests_on_one_connection_are_decided_about_one_by_one(proxy: Proxy, admin: User) -> None:
    token = proxy.token(admin, access=Token.Access.READ)
    allowed = b"GET /_ping HTTP/1.1\r\n" + _HOST + b"\r\n"
    refused = b"POST /containers/prune HTTP/1.1\r\n" + _HOST + b"Connection: close\r\n\r\n"
    answer = proxy.send(token, allowed + refused)
    assert answer.count(b"HTTP/1.1 ") == 2
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert b"HTTP/1.1 403 " in answer


def test_a_stranger_learns_nothing_and_is_written_down_once(proxy: Proxy, admin: User) -> None:
    for _ in range(3):
        answer = proxy.send(None, b"GET /containers/json HTTP/1.1\r\n" + _HOST + b"\r\n")
        assert answer.startswith(b"HTTP/1.1 401 ")
        assert b"WWW-Authenticate: Bearer" in answer
    assert Entry.objects.filter(rule="token", is_allowed=False).count() == 1


def test_a_token_in_an_address_is_refused_however_right_it_is(proxy: Proxy, admin: User) -> None:
    token = proxy.token(admin)
    secret = proxy.secrets[token.pk].encode()
    answer = proxy.send(token, b"GET /_ping?token=" + secret + b" HTTP/1.1\r\n" + _HOST + b"\r\n")
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert not Entry.objects.filter(path__contains=secret.decode()).exists()


def test_a_bearer_token_asks_the_host_that_its_path_names(proxy: Proxy, admin: User) -> None:
    token = proxy.token(admin)
    secret = proxy.secrets[token.pk].encode()

    def ask(path: bytes, shown: bytes) -> bytes:
        return proxy.send(
            None, b"GET %s HTTP/1.1\r\n%sAuthorization: Bearer %s\r\nConnection: close\r\n\r\n" % (path, _HOST, shown)
        )

    assert ask(b"/h/local/v1.41/containers/json", secret).startswith(b"HTTP/1.1 200 ")
    assert ask(b"/h/elsewhere/containers/json", secret).startswith(b"HTTP/1.1 404 ")
    assert ask(b"/h/local/containers/json", secret[:-1] + b"!").startswith(b"HTTP/1.1 401 ")
    assert ask(b"/h/local//containers/json", secret).startswith(b"HTTP/1.1 403 ")


def test_a_certificate_of_another_authority_is_refused_in_the_handshake(proxy: Proxy, admin: User) -> None:
    token = proxy.token(admin)
    with proxy.connect(token):
        pass
    ours = Authority.objects.get()
    Authority.objects.all().delete()
    folder = proxy.files(token)  # signed by a fresh authority, which the running proxy does not know
    context = ssl.create_default_context(cadata=ours.certificate)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    with (
        socket.create_connection(("127.0.0.1", proxy.port), timeout=90) as raw,
        pytest.raises((ssl.SSLError, ConnectionError)),
    ):
        _ask(context.wrap_socket(raw, server_hostname="127.0.0.1"))


def _ask(connection: ssl.SSLSocket) -> bytes:
    """In TLS 1.3 the refusal of a client's certificate comes with the first thing that is read."""
    with connection:
        connection.sendall(_PING + _HOST + b"\r\n")
        return connection.recv(100)
