from datetime import timedelta

import pytest
from django.db.models import BooleanField, CharField, DateTimeField
from django.utils import timezone

from webui.accounts.models import User
from webui.prepared import Given, Prepared


@pytest.fixture
def named() -> Prepared[User]:
    return Prepared(lambda: User.objects.filter(username=Given("name", CharField()), is_active=True))


@pytest.mark.django_db
def test_one_query_answers_for_each_value_it_is_asked_with(named: Prepared[User]) -> None:
    olga, sam = User.objects.create_user("olga"), User.objects.create_user("sam")
    assert (named.first(name="olga"), named.first(name="sam"), named.first(name="nobody")) == (olga, sam, None)


@pytest.mark.django_db
def test_what_was_changed_since_the_last_question_is_in_the_next_answer(named: Prepared[User]) -> None:
    olga = User.objects.create_user("olga", role="operator")
    found = named.first(name="olga")
    assert found is not None
    assert found.role == "operator"
    User.objects.filter(pk=olga.pk).update(role="reader")
    assert [user.role for user in named.all(name="olga")] == ["reader"]
    User.objects.filter(pk=olga.pk).update(is_active=False)
    assert named.all(name="olga") == []


@pytest.mark.django_db
def test_values_reach_the_database_as_their_field_writes_them_and_come_back_as_it_reads_them() -> None:
    now = timezone.now()
    old, new = User.objects.create_user("old", created_at=now - timedelta(days=2)), User.objects.create_user("new")
    before = Prepared(lambda: User.objects.filter(
        created_at__lt=Given("moment", DateTimeField()), is_active=Given("active", BooleanField())
    ))  # fmt: skip
    assert [(user, user.created_at) for user in before.all(moment=now - timedelta(days=1), active=True)] == [
        (old, old.created_at)
    ]
    assert set(before.all(moment=now + timedelta(days=1), active=True)) == {old, new}
    assert before.all(moment=now + timedelta(days=1), active=False) == []


@pytest.mark.django_db
def test_a_value_is_never_read_as_sql(named: Prepared[User]) -> None:
    User.objects.create_user("olga")
    assert named.all(name="' OR 1=1 --") == []


@pytest.mark.django_db
def test_it_asks_once_and_works_out_no_sql_again(named: Prepared[User], django_assert_num_queries, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    User.objects.create_user("olga")
    named.all(name="olga")
    monkeypatch.setattr(named, "_build", lambda: pytest.fail("made into SQL a second time"))
    with django_assert_num_queries(1):
        assert named.all(name="olga")
