"""Would it be allowed? Asked of the gate as a person, for lines, files and calls; nothing is sent."""

from collections.abc import Callable
from pathlib import Path

import pytest
from django.test import Client

from tests.daemons import Daemon
from webui.access import Role
from webui.access.models import Grant
from webui.accounts.models import User
from webui.audit.models import Entry
from webui.gate import actor_of
from webui.hosts.models import Host
from webui.teams.questions import Unreadable, Verdict, ask, requests_of

_FILE = """
name: shop
services:
  web:
    image: nginx
    volumes: ["cargo:/cargo"]
    ports: ["8080:80"]
volumes:
  cargo: {}
"""


@pytest.fixture
def host(db: None, tmp_path: Path) -> Host:
    return Host.objects.create(slug="docks", name="Docks", url=f"unix://{tmp_path}/nobody.sock")


@pytest.fixture
def standard(db: None, host: Host) -> User:
    user = User.objects.create_user("stan", None, role=Role.READER)
    Grant.objects.create(user=user, host=host, role=Role.STANDARD, made_by="olga")
    return user


def _asked(user: User, host: Host, kind: str, **asked: str) -> Verdict:
    given = {"line": "", "file": "", "method": "POST", "path": "", "body": "", **asked}
    return ask(actor_of(user), host, *requests_of(kind, given))


def _refusals(verdict: Verdict) -> list[str]:
    return [answer.words for answer in verdict.answers if answer.counts and not answer.is_allowed]


def test_a_run_line_that_mounts_the_hosts_root_is_refused_by_rule_and_field(standard: User, host: Host) -> None:
    verdict = _asked(standard, host, "line", line="docker run -v /:/host alpine")
    assert not verdict.is_allowed
    (refused,) = [answer for answer in verdict.answers if not answer.is_allowed]
    assert refused.operation == "container.create"
    assert refused.rule == "body HostConfig"
    assert "Binds" in refused.words


def test_the_same_line_is_allowed_to_who_rules_the_host(olga: User, host: Host) -> None:
    assert _asked(olga, host, "line", line="docker run -v /:/host alpine").is_allowed


def test_a_reader_may_not_even_run_a_plain_line_and_nothing_is_written_down(rita: User, host: Host) -> None:
    verdict = _asked(rita, host, "line", line="docker run alpine")
    assert "container.create" in {answer.operation for answer in verdict.answers if not answer.is_allowed}
    assert not Entry.objects.exists()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("    privileged: true\n", "Privileged"),
        ("    pid: host\n", "PidMode"),
        ('    volumes: ["./data:/data"]\n', "Binds"),
        ('    volumes: [{type: bind, source: /etc, target: /e}]\n', "Mounts"),
        ("    secrets: [token]\nsecrets:\n  token: {file: ./token}\n", "Mounts"),
    ],
)  # fmt: skip
def test_a_compose_file_is_refused_for_each_disguise_of_the_same_thing(
    standard: User, host: Host, change: str, words: str
) -> None:
    file = f"services:\n  web:\n    image: nginx\n{change}"
    assert any(words in refusal for refusal in _refusals(_asked(standard, host, "file", file=file)))


def test_a_volume_that_is_a_folder_of_the_host_is_refused_where_it_is_declared(standard: User, host: Host) -> None:
    bind = "{driver_opts: {type: none, o: bind, device: /}}"
    verdict = _asked(standard, host, "file", file=_FILE.replace("{}", bind))
    assert any("DriverOpts" in refusal for refusal in _refusals(verdict))


def test_a_call_is_answered_for_exactly_what_was_written(standard: User, host: Host) -> None:
    verdict = _asked(standard, host, "call", path="/containers/prune")
    assert [answer.operation for answer in verdict.answers] == ["container.prune"]
    assert not verdict.is_allowed
    verdict = _asked(standard, host, "call", path="/grpc")
    assert "BuildKit" in verdict.answers[0].words


@pytest.mark.parametrize(
    ("kind", "text"), [("line", "rm -rf /"), ("file", "services: ["), ("line", ""), ("file", "a: &a [*a, *a]")]
)
def test_what_is_no_line_or_file_is_said_to_be_none(kind: str, text: str) -> None:
    with pytest.raises(Unreadable):
        requests_of(kind, {"line": "", "file": "", "method": "GET", "path": "", "body": "", kind: text})


def test_the_page_answers_beside_the_question(
    olga: User, standard: User, host: Host, signed_in: Callable[[User], Client]
) -> None:
    client = signed_in(olga)
    url = f"/people/{standard.pk}/access/?host=docks"
    assert b"Would it be allowed?" in client.get(url).content
    page = client.post(url, {"kind": "line", "line": "docker run --privileged alpine"}).content.decode()
    assert "Refused on Docks" in page
    assert "Privileged" in page
    page = client.post(url, {"kind": "file", "file": "nonsense"}).content.decode()
    assert 'role="alert"' in page


def test_only_administrators_may_ask_about_somebody(
    rita: User, standard: User, host: Host, signed_in: Callable[[User], Client]
) -> None:
    assert signed_in(rita).post(f"/people/{standard.pk}/access/", {"kind": "line"}).status_code == 403


@pytest.mark.real
def test_what_the_file_itself_makes_and_pulls_counts_as_there(
    standard: User, engine: Daemon, transactional_db: None
) -> None:
    live = Host.objects.create(slug="local", name="Local", url=engine.url)
    Grant.objects.create(user=standard, host=live, role=Role.STANDARD, made_by="olga")
    verdict = _asked(standard, live, "file", file=_FILE)
    assert verdict.is_allowed, _refusals(verdict)
    verdict = _asked(standard, live, "line", line="docker run --network nowhere alpine")
    assert _refusals(verdict) == ["network nowhere not found"]
