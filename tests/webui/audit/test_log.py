"""The audit log's pages: who sees them, what the filters leave, how an outcome reads, what is kept."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django.asserts import assertContains, assertNotContains

from webui import audit
from webui.accounts.models import User
from webui.audit.entries import register_namer
from webui.audit.listing import outcome_of, target_words, took_words
from webui.audit.models import Entry
from webui.audit.tasks import trim
from webui.environment import SettingError, read_environment
from webui.gate import Actor
from webui.pages.formats import NOTHING

pytestmark = pytest.mark.django_db

LOG = reverse("audit:list")
SignedIn = Callable[[User], Client]


def written(operation: str = "container.stop", **fields: Any) -> Entry:
    values: dict[str, Any] = {
        "username": "marek", "user_id": 7, "role": "administrator", "address": "10.0.3.14", "host": "docks",
        "operation": operation, "resource": "container", "target": "shop-web", "method": "POST",
        "path": "/v1.41/containers/shop-web/stop", "is_allowed": True, "rule": "role administrator", "status": 204,
        "duration_ms": 412,
    }  # fmt: skip
    return Entry.objects.create(**{**values, **fields})


def shown(client: Client, query: str = "") -> list[int]:
    return [int(row.split('data-id="')[1].split('"')[0]) for row in client.get(f"{LOG}?{query}").context["list"].rows]


@pytest.mark.parametrize("url", [LOG, "/audit/1/", "/audit/export.csv", "/audit/export.json"])
def test_only_administrators_read_the_log(url: str, rita: User, signed_in: SignedIn) -> None:
    assert Client().get(url).headers["Location"].startswith("/sign-in/")
    assert signed_in(rita).get(url).status_code == 403
    assertNotContains(signed_in(rita).get("/"), f'href="{LOG}"')


def test_a_row_says_who_did_what_where_and_how_it_went(olga: User, signed_in: SignedIn) -> None:
    entry = written()
    response = signed_in(olga).get(LOG)
    for words in ("marek", "container.stop", "shop-web", "docks", "allowed · administrator", "10.0.3.14", "0.4 s"):
        assertContains(response, words)
    page = signed_in(olga).get(f"/audit/{entry.pk}/")
    assertContains(page, "/v1.41/containers/shop-web/stop")
    assertContains(page, "Everything by marek")
    assert signed_in(olga).get("/audit/9999/").status_code == 404


def test_every_filter_stands_in_the_url(olga: User, signed_in: SignedIn) -> None:
    client = signed_in(olga)
    stop = written()
    refused = written("container.create", is_allowed=False, status=None, duration_ms=None, rule="body", host="ships")
    failed = written("image.pull", username="olga", user_id=1, status=404, target="nothing:1", resource="image")
    console = written("container.exec", resource="exec", target="ab12")
    old = written(at=timezone.now() - timedelta(days=3))
    for query, wanted in {
        "": [console, failed, refused, stop],
        "range=7d": [old, console, failed, refused, stop],
        "range=all&person=olga": [failed],
        "host=ships": [refused],
        "operation=image.pull": [failed],
        "q=MAREK container.stop": [stop],
        "q=nothing": [failed],
        "show=refused": [refused],
        "show=failed": [failed],
        "show=consoles": [console],
        "show=sign-ins": [],
        f"range=between&to={(timezone.now() - timedelta(days=1)):%Y-%m-%dT%H:%M}": [old],
        f"range=between&from={(timezone.now() - timedelta(days=1)):%Y-%m-%dT%H:%M}": [console, failed, refused, stop],
        "range=between&from=nonsense": [old, console, failed, refused, stop],
    }.items():
        assert shown(client, query) == sorted((one.pk for one in wanted), reverse=True), query


def test_chips_count_what_the_other_filters_leave(olga: User, signed_in: SignedIn) -> None:
    written()
    written(is_allowed=False, rule="body")
    written(username="olga", is_allowed=False)
    page = signed_in(olga).get(f"{LOG}?person=marek&show=refused").context["list"]
    assert {chip.value: chip.count for chip in page.chips} == {
        "": 2, "refused": 1, "failed": 0, "consoles": 0, "sign-ins": 0,
    }  # fmt: skip
    assert page.total == 1


def test_a_long_log_comes_in_windows(olga: User, signed_in: SignedIn) -> None:
    client = signed_in(olga)
    for _ in range(120):
        written()
    first = client.get(f"{LOG}?person=marek").context["list"]
    assert len(first.rows) == 100
    part = client.get(f"{LOG}{first.next_url}", headers={"HX-Request": "true"})
    assert part.content.decode().count("<tr ") == 20


@pytest.mark.parametrize(
    ("fields", "words", "tone"),
    [
        ({}, "allowed · administrator", "good"),
        ({"is_allowed": False, "rule": "role reader"}, "refused · role reader", "bad"),
        ({"is_allowed": False, "rule": "wrong", "host": ""}, "refused · wrong name or password", "bad"),
        ({"status": 409, "message": "already in use"}, "failed · already in use (409)", "warning"),
        ({"status": None, "message": "Docks does not answer"}, "failed · Docks does not answer", "warning"),
        ({"status": None, "duration_ms": None}, "under way", "good"),
        ({"resource": "exec", "operation": "container.exec", "duration_ms": 360_000}, "session 6 min", "good"),
        ({"host": "", "method": "", "message": "reader to administrator"}, "allowed · reader to administrator", "good"),
    ],
)
def test_an_outcome_reads_as_a_person_would_say_it(fields: dict[str, Any], words: str, tone: str) -> None:
    outcome = outcome_of(written(**fields))
    assert (outcome.words, outcome.tone) == (words, tone)


def test_what_was_never_completed_says_so_after_a_day() -> None:
    entry = written(status=None, duration_ms=None, at=timezone.now() - timedelta(days=2))
    assert "not known" in str(outcome_of(entry).words)


def test_long_ids_are_shortened_and_names_win() -> None:
    assert target_words(written(target="4be2c0ffee12" + "0" * 52)) == "4be2c0ffee12"
    assert target_words(written(target="4be2c0ffee12" + "0" * 52, target_name="shop-web")) == "shop-web"
    assert [took_words(written(duration_ms=ms)) for ms in (None, 9, 412, 38_000)] == [NOTHING, "9 ms", "0.4 s", "38 s"]


def test_the_name_that_people_know_is_written_beside_the_id() -> None:
    from webui.audit import entries

    kept = list(entries._namers)
    register_namer(lambda host, resource, target: f"{resource} of {host}" if target == "4be2" else "")
    try:
        actor = Actor(1, "olga", "administrator")
        known = audit.record(actor, "x", is_allowed=True, host="docks", resource="container", target="4be2")
        unknown = audit.record(actor, "x", is_allowed=True, host="docks", resource="container", target="zz")
    finally:
        entries._namers[:] = kept
    names = dict(Entry.objects.values_list("pk", "target_name"))
    assert (names[known], names[unknown]) == ("container of docks", "")


def test_entries_go_when_they_are_older_than_the_setting(settings: Any) -> None:
    settings.QUAYSIDE_AUDIT_DAYS = 30
    old, young = (written(at=timezone.now() - timedelta(days=days)) for days in (31, 29))
    assert trim() == 1
    assert list(Entry.objects.all()) == [young]
    assert old not in Entry.objects.all()


@pytest.mark.parametrize("text", ["0", "-3", "soon", "99999"])
def test_a_setting_that_is_no_number_of_days_is_named(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QUAYSIDE_AUDIT_DAYS", text)
    with pytest.raises(SettingError, match="QUAYSIDE_AUDIT_DAYS"):
        read_environment()


def test_the_log_is_kept_half_a_year_if_nobody_says_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("QUAYSIDE_AUDIT_DAYS", raising=False)
    assert read_environment().audit_days == 180


def test_the_way_tells_tokens_from_the_console(olga: User, signed_in: Callable[[User], Client]) -> None:
    for token in ("", "laptop", "ci"):
        Entry.objects.create(username="olga", operation=f"by.{token or 'console'}", is_allowed=True, token=token)
    client = signed_in(olga)

    def shown(way: str) -> set[str]:
        page = client.get("/audit/", {"way": way}).content.decode()
        return {name for name in ("console", "laptop", "ci") if f'<td class="code">by.{name}</td>' in page}

    assert shown("console") == {"console"}
    assert shown("token") == {"laptop", "ci"}
    assert shown("token:ci") == {"ci"}
    assert shown("nonsense") == {"console", "laptop", "ci"}
