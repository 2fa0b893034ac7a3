"""Slowing down whoever guesses passwords: each failure beyond a few doubles the wait, for name and address.

Kept in the database, so that a restart or a store that is down forgives nothing.
"""

from datetime import timedelta
from typing import Final

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import ngettext

# A person mistypes a few times; one address may hold many people, one name may be attacked from many addresses.
_FREE_FOR_BOTH: Final = 5
_FREE_FOR_ONE: Final = 20
_LONGEST_WAIT_S: Final = 300
_FORGOTTEN_AFTER: Final = timedelta(hours=12)


def seconds_to_wait(username: str, address: str) -> int:
    """How long the next try must wait; 0 when it may be now."""
    from webui.accounts.models import FailedSignIns

    now = timezone.now()
    waits = FailedSignIns.objects.filter(key__in=_keys(username, address), waits_until__gt=now)
    until = [wait for wait in waits.values_list("waits_until", flat=True) if wait is not None]
    return max((int((wait - now).total_seconds()) + 1 for wait in until), default=0)


def check(username: str, address: str) -> None:
    """Raise ValidationError ("throttled"), in words for a form, when the next try must wait."""
    wait_s = seconds_to_wait(username, address)
    if wait_s:
        words = ngettext(
            "Too many failed tries. Wait %d second, then try again.",
            "Too many failed tries. Wait %d seconds, then try again.",
            wait_s,
        )
        raise ValidationError(words % wait_s, code="throttled")


def failed(username: str, address: str) -> None:
    from webui.accounts.models import FailedSignIns

    now = timezone.now()
    FailedSignIns.objects.filter(last_at__lt=now - _FORGOTTEN_AFTER).delete()
    for key, free in _keys(username, address).items():
        with transaction.atomic():
            FailedSignIns.objects.get_or_create(key=key)
            FailedSignIns.objects.filter(key=key).update(failures=F("failures") + 1, last_at=now)
            failures = FailedSignIns.objects.values_list("failures", flat=True).get(key=key)
            if failures >= free:
                wait_s = min(2 ** min(failures - free + 1, 16), _LONGEST_WAIT_S)
                FailedSignIns.objects.filter(key=key).update(waits_until=now + timedelta(seconds=wait_s))


def succeeded(username: str, address: str) -> None:
    """Forget the failures of this person from this address; others' attempts on the name stay counted."""
    from webui.accounts.models import FailedSignIns

    FailedSignIns.objects.filter(key=next(iter(_keys(username, address)))).delete()


def _keys(username: str, address: str) -> dict[str, int]:
    name = username.casefold()[:150]
    return {
        f"both {address} {name}": _FREE_FOR_BOTH,
        f"name {name}": _FREE_FOR_ONE,
        f"address {address}": _FREE_FOR_ONE,
    }
