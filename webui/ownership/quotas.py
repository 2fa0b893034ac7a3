"""What the members of a team may have together on a host: asked and taken in one step, before a request is sent.

What was taken is `settle`d under the id of what was made, or given back when the host said no. For threads.
"""

from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import timedelta

from django.db import transaction
from django.db.models import Sum
from django.utils import timezone

from webui.ownership.models import Quota, Usage
from webui.ownership.wanted import OverQuota, Wanted

_MB = 1024 * 1024
_MILLI = 1_000_000


def reserve(host_id: int, user_id: int, team_ids: Collection[int], wanted: Wanted, *, key: str = "") -> int:
    """Take it, if all their teams may have it. Returns what to settle or give back. Raises OverQuota.

    `key` is the container or service that is changed: what it had is not counted on top, and stays where nothing is
    said. What is made while no team has a quota is noted too: it counts when there is one.
    """
    with transaction.atomic():
        if before := Usage.objects.filter(host_id=host_id, key=key).first() if key else None:
            wanted = _changed(before, wanted)
        # On PostgreSQL two requests of one team wait for each other here; SQLite has one writer anyway.
        quotas = list(Quota.objects.select_for_update().filter(host_id=host_id, team_id__in=team_ids))
        for quota in quotas:
            _check(quota, wanted, key)
        kept = before if before and not wanted.is_whole else Usage()
        return Usage.objects.create(
            host_id=host_id, user_id=user_id, containers=wanted.containers or kept.containers,
            memory_bytes=wanted.memory_bytes, nano_cpus=wanted.nano_cpus,
            volumes=wanted.volumes or (before.volumes if before else 0),
        ).pk  # fmt: skip


def _changed(before: Usage, wanted: Wanted) -> Wanted:
    if wanted.is_whole:
        return wanted
    memory, cpus = wanted.memory_bytes or before.memory_bytes, wanted.nano_cpus or before.nano_cpus
    return replace(wanted, memory_bytes=memory, nano_cpus=cpus)


def settle(usage_id: int, key: str) -> None:
    """It was made, and is called this; or changed, and what it had before counts no more."""
    mine = Usage.objects.filter(pk=usage_id)
    found = mine.first()
    if found is None:
        return
    with transaction.atomic():
        Usage.objects.filter(host_id=found.host_id, key=key).exclude(pk=usage_id).delete()
        mine.update(key=key)


def give_back(usage_id: int) -> None:
    Usage.objects.filter(pk=usage_id).delete()


def carry(host_id: int, key: str, *, to: str) -> None:
    """A container was made anew under another id by who is not counted: it counts for whom the old one does."""
    for one in Usage.objects.filter(host_id=host_id, key=key):
        Usage.objects.create(
            host_id=host_id, user_id=one.user_id, key=to, containers=one.containers, memory_bytes=one.memory_bytes,
            nano_cpus=one.nano_cpus,
        )  # fmt: skip


def forget(host_id: int, keys: Iterable[str]) -> None:
    """These are gone, and count no more."""
    Usage.objects.filter(host_id=host_id, key__in=list(keys)).delete()


def forget_gone(host_id: int, there: Collection[str]) -> None:
    """Count no more what the host has no more, nor what a process that died had asked for."""
    old = Usage.objects.filter(host_id=host_id, made_at__lt=timezone.now() - timedelta(minutes=10))
    gone = [pk for pk, key in old.values_list("pk", "key") if key not in there]
    Usage.objects.filter(pk__in=gone).delete()


def _check(quota: Quota, wanted: Wanted, key: str) -> None:
    of_team = Usage.objects.filter(host_id=quota.host_id, user__teams=quota.team_id)
    if key:
        of_team = of_team.exclude(key=key)
    has = of_team.aggregate(
        containers=Sum("containers"), memory=Sum("memory_bytes"), cpus=Sum("nano_cpus"), volumes=Sum("volumes")
    )
    for word, most, is_asked, value, unit in (
        ("containers", quota.containers, bool(wanted.containers), wanted.containers, 1),
        ("volumes", quota.volumes, bool(wanted.volumes), wanted.volumes, 1),
        ("memory", quota.memory_mb, wanted.bounds_matter, wanted.memory_bytes, _MB),
        ("cpus", quota.cpus, wanted.bounds_matter, wanted.nano_cpus, _MILLI),
    ):
        if most is None or not is_asked:
            continue
        if unit > 1 and value <= 0:
            raise OverQuota(f"rule quotas: the team {quota.team.name} has a bound on {word}: say how much it may use")
        if (has[word] or 0) + value > most * unit:
            raise OverQuota(f"rule quotas: {_over(quota, word, has[word] or 0, value, most, unit)}")


def _over(quota: Quota, word: str, has: int, value: int, most: int, unit: int) -> str:  # noqa: PLR0917
    def said(number: int) -> str:
        return {"memory": f"{number // _MB} MB", "cpus": f"{number / 1e9:g}"}.get(word, str(number))

    total = said(most * unit)
    return f"{word}: the team {quota.team.name} has {said(has)} of {total} here, and this asks for {said(value)} more"
