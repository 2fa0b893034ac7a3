"""Hundreds of sockets of one person ask whether they may at once: the database is asked for all of them together."""

import asyncio
from typing import Any

import pytest

from webui.accounts.models import User
from webui.hosts.models import Host
from webui.live import rights

pytestmark = [pytest.mark.real, pytest.mark.django_db(transaction=True)]


async def test_questions_that_wait_are_asked_once_and_later_ones_anew(
    host: Host, olga: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = 0
    ask = rights.rights_of

    def counted(*arguments: Any, **named: Any) -> rights.Rights:
        nonlocal asked
        asked += 1
        return ask(*arguments, **named)

    monkeypatch.setattr(rights, "rights_of", counted)
    answers = await asyncio.gather(*(rights.rights_asked(olga, host.slug, "container.exec") for _ in range(100)))
    assert {answer.code for answer in answers} == {0}
    assert asked <= 2
    before = asked
    await User.objects.filter(pk=olga.pk).aupdate(is_active=False)
    assert (await rights.rights_asked(olga, host.slug, "container.exec")).code == 4401
    assert asked == before + 1
