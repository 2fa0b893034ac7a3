"""The protocol and its bounds: against servers that misbehave, and (marked) against real ones."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.daemons import Registry as RunningRegistry
from tests.peers import make_certificates
from tests.ports import free_port
from tests.registries import PASSWORD, USER, Answer, Asked, basic, basic_registry, fill, serving
from webui.registries import client as client_module
from webui.registries import transport
from webui.registries.client import RegistryClient, client_of
from webui.registries.errors import RegistryFailed
from webui.registries.examination import examine
from webui.registries.models import Credentials, Encryption
from webui.registries.transport import Reply, Trust, ask, is_closed

from .conftest import way_into

HERE = Trust(Encryption.PLAIN, may_be_here=True)
OLGA = Credentials(USER, PASSWORD)


def failure(address: str, trust: Trust = HERE, credentials: Credentials | None = OLGA) -> RegistryFailed:
    with pytest.raises(RegistryFailed) as raised:
        RegistryClient(address, trust, credentials).check()
    return raised.value


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (Answer(200, b"<html>a page</html>"), "not a registry"),
        (Answer(404, b"nothing"), "not a registry"),
        (Answer(302, b"", {"Location": "https://elsewhere.example/v2/"}), "not a registry"),
        (Answer(401, {}), "not a registry"),
        (Answer(401, {}, {"WWW-Authenticate": "Negotiate"}), "not a registry"),
        (Answer(500, {"errors": [{"message": "my disk"}]}), "broken"),
        (Answer(200, b"x" * (transport.LARGEST_BYTES + 1)), "broken"),
        (Answer(429, {}, {"Retry-After": "120"}), "rate"),
    ],
)
def test_what_answers_and_is_no_registry_is_told_apart(answer: Answer, why: str) -> None:
    with serving(lambda _asked: answer) as address:
        failed = failure(address)
    assert failed.why == why
    assert failed.retry_after_s == (120 if why == "rate" else 0)


def test_nothing_that_listens_no_such_name_and_no_tls_are_told_apart() -> None:
    assert failure(f"127.0.0.1:{free_port()}").why == "refused"
    assert failure("no-such-registry.invalid:5000").why == "name"
    with serving(lambda _asked: Answer()) as address:
        assert failure(address, Trust(may_be_here=True)).why == "plain"


def test_a_certificate_is_checked_by_the_authority_that_was_given(tmp_path: Path) -> None:
    certificates = make_certificates(tmp_path)
    with serving(lambda _asked: Answer(), certificates) as address:
        assert failure(address, Trust(may_be_here=True)).why == "certificate"
        own = Trust(Encryption.OWN, certificates.ca.read_text(), may_be_here=True)
        assert RegistryClient(address, own, None).check() == "open"
        assert RegistryClient(address, Trust(Encryption.UNVERIFIED, may_be_here=True), None).check() == "open"


def test_an_answer_that_trickles_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "ANSWER_S", 0.2)

    def slow(_asked: Asked) -> Answer:
        time.sleep(1)
        return Answer()

    with serving(slow) as address:
        assert failure(address).why == "silent"


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "127.8.8.8", "0.0.0.0", "169.254.169.254", "::1", "fe80::1%eth0", "::ffff:127.0.0.1", "224.0.0.1",
     "2002:7f00:1::", "::"],
)  # fmt: skip
def test_this_machine_and_its_link_are_closed(address: str) -> None:
    assert is_closed(address)


def test_other_machines_are_open_also_those_of_one_s_own_network() -> None:
    assert not any(is_closed(one) for one in ("10.0.0.5", "192.168.7.7", "93.184.216.34", "2606:2800:220::1"))


def test_nobody_but_an_administrator_has_this_machine_asked() -> None:
    asked: list[Asked] = []
    with serving(lambda one: asked.append(one) or Answer()) as address:  # type: ignore[func-returns-value]
        assert failure(address, Trust(Encryption.PLAIN)).why == "address"
        assert failure(f"localhost:{address.rpartition(':')[2]}", Trust(Encryption.PLAIN)).why == "address"
    assert asked == []


def test_a_token_server_that_is_on_this_machine_or_in_the_clear_gets_no_password(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The registry is elsewhere (the test says so); what it names as its token server is still looked at."""
    asked: list[Asked] = []
    with serving(lambda one: asked.append(one) or Answer(200, {"token": "t"})) as inner:  # type: ignore[func-returns-value]
        client = RegistryClient("registry.example", Trust(), OLGA)
        for realm, why in ((f"https://{inner}/token", "address"), ("http://elsewhere.example/token", "address")):
            with pytest.raises(RegistryFailed) as raised:
                client._token({"realm": realm}, "")
            assert raised.value.why == why
    assert asked == []


def test_a_redirect_is_not_followed_and_takes_no_password_along() -> None:
    asked: list[Asked] = []
    with serving(lambda one: asked.append(one) or Answer()) as elsewhere:  # type: ignore[func-returns-value]

        def leads_away(one: Asked) -> Answer:
            if "authorization" not in one.headers:
                return Answer(401, {}, {"WWW-Authenticate": 'Basic realm="x"'})
            return Answer(307, b"", {"Location": f"http://{elsewhere}/v2/"})

        with serving(leads_away) as address, pytest.raises(RegistryFailed):
            RegistryClient(address, HERE, OLGA).tags("shop/web")
    assert asked == []


def test_a_name_that_means_another_machine_a_moment_later_reaches_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is connected to is what was looked at: the name is resolved once."""
    real, answers = transport.socket.getaddrinfo, iter(["203.0.113.9", "127.0.0.1"])
    monkeypatch.setattr(transport, "CONNECT_S", 0.2)
    connected: list[object] = []
    monkeypatch.setattr(transport.socket, "getaddrinfo", lambda _name, port, **more: real(next(answers), port, **more))

    def connect(address: object, _timeout: float) -> object:
        connected.append(address)
        raise OSError("refused")

    monkeypatch.setattr(transport.socket, "create_connection", connect)
    with pytest.raises(RegistryFailed):
        ask("https://two-faced.example/v2/", Trust())
    assert connected == [("203.0.113.9", 443)]


def pages_of(count: int, per_page: int) -> "list[list[str]]":
    names = [f"1.{number}" for number in range(count)]
    return [names[start : start + per_page] for start in range(0, count, per_page)]


def paged(asked: Asked, pages: "list[list[str]]", link: str = "/v2/shop/web/tags/list?page={}") -> Answer:
    number = int(asked.query.get("page", "0"))
    more = {"Link": f'<{link.format(number + 1)}>; rel="next"'} if number + 1 < len(pages) else {}
    return Answer(200, {"name": "shop/web", "tags": pages[number]}, more)


def test_pages_are_followed_to_the_last() -> None:
    with serving(lambda asked: paged(asked, pages_of(7, 3))) as address:
        found = RegistryClient(address, HERE, None).tags("shop/web")
    assert (len(found.names), found.is_cut) == (7, False)


def test_pages_without_end_are_cut_and_said_to_be() -> None:
    with serving(lambda asked: paged(asked, pages_of(5000, 100))) as address:
        found = RegistryClient(address, HERE, None).tags("shop/web")
    assert (len(found.names), found.is_cut) == (800, True)


def test_what_is_there_when_the_patience_ends_is_told_and_said_to_be_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages are read for as long as somebody waits for them."""
    with serving(lambda asked: paged(asked, pages_of(700, 100))) as address:
        client = RegistryClient(address, HERE, None)

        def taking_long(url: str, trust: Trust, **more: Any) -> Reply:
            client._until -= client_module.CONVERSATION_S / 3
            return ask(url, trust, headers=more["headers"])

        monkeypatch.setattr(client_module, "ask", taking_long)
        found = client.tags("shop/web")
    assert (len(found.names), found.is_cut) == (300, True)


def test_a_page_that_leads_to_another_host_is_the_last() -> None:
    away = "http://elsewhere.example/v2/shop/web/tags/list?page={}"
    with serving(lambda asked: paged(asked, pages_of(7, 3), away)) as address:
        assert len(RegistryClient(address, HERE, None).tags("shop/web").names) == 3


@pytest.mark.parametrize("tags", [None, "1", [1, None, {"a": 1}], ["ok", "x" * 999]])
def test_nonsense_in_place_of_tags_is_none(tags: object) -> None:
    with serving(lambda _asked: Answer(200, {"name": "a", "tags": tags})) as address:
        assert set(RegistryClient(address, HERE, None).tags("a").names) <= {"ok"}


def test_the_password_goes_out_only_once_it_is_asked_for() -> None:
    asked: list[Asked] = []

    def answer(one: Asked) -> Answer:
        asked.append(one)
        if one.headers.get("authorization") != basic(USER, PASSWORD):
            return Answer(401, {}, {"WWW-Authenticate": 'Basic realm="x"'})
        return Answer(200, {"tags": ["1"]})

    with serving(answer) as address:
        assert RegistryClient(address, HERE, OLGA).tags("a").names == ("1",)
    assert ["authorization" in one.headers for one in asked] == [False, True]


@pytest.fixture
def filled(basic_peer: RunningRegistry) -> Iterator[RunningRegistry]:
    fill(basic_peer, "shop/web", ["1", "2", "latest"])
    return basic_peer


@pytest.mark.real
def test_a_real_registry_with_a_password(filled: RunningRegistry) -> None:
    client = client_of(way_into(filled.address))
    assert client.check() == "basic"
    assert set(client.tags("shop/web").names) == {"1", "2", "latest"}
    assert client.repositories().names == ("shop/web",)
    with pytest.raises(RegistryFailed) as raised:
        client.tags("shop/none")
    assert raised.value.why == "not there"
    assert failure(filled.address, credentials=None).why == "sign-in"
    wrong = failure(filled.address, credentials=Credentials(USER, "wrong"))
    assert wrong.why == "password"
    assert "wrong" not in str(wrong).replace("wrong user", "")


@pytest.mark.real
def test_a_real_registry_behind_tls(tmp_path: Path) -> None:
    certificates = make_certificates(tmp_path)
    with basic_registry(tmp_path, certificates=certificates) as registry:
        assert failure(registry.address, Trust(may_be_here=True)).why == "certificate"
        way = way_into(registry.address, encryption=Encryption.OWN, ca=certificates.ca.read_text())
        assert client_of(way).check() == "basic"
        told = [finding.words for finding in examine(way) if finding.is_good]
        assert told[1] == f"It takes the user name {USER} with this password."


@pytest.mark.real
def test_a_real_registry_with_tokens(token_peer: RunningRegistry) -> None:
    fill(token_peer, "shop/web", ["1"])
    fill(token_peer, "public/web", ["7"])
    client = client_of(way_into(token_peer.address))
    assert client.check() == "token"
    assert client.tags("shop/web").names == ("1",)
    assert set(client.repositories().names) == {"public/web", "shop/web"}
    nobody = client_of(way_into(token_peer.address, username=""))
    assert nobody.check() == "token"
    assert nobody.tags("public/web").names == ("7",)
    with pytest.raises(RegistryFailed) as raised:
        nobody.tags("shop/web")
    assert raised.value.why == "sign-in"
    assert failure(token_peer.address, credentials=Credentials(USER, "wrong")).why == "password"
