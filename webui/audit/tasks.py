"""Forgetting what is older than the settings say. Scheduled every hour."""

from datetime import timedelta
from typing import Final

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from webui.audit.models import Entry
from webui.audit.recordings import forget

# A long delete locks SQLite against everybody who writes.
_AT_ONCE: Final = 2000


@shared_task(name="audit.trim", ignore_result=True)
def trim() -> int:
    """Delete entries older than QUAYSIDE_AUDIT_DAYS, some at a time; returns how many went."""
    before = timezone.now() - timedelta(days=settings.QUAYSIDE_AUDIT_DAYS)
    gone = 0
    while True:
        ids = list(Entry.objects.filter(at__lt=before).order_by("pk").values_list("pk", flat=True)[:_AT_ONCE])
        if not ids:
            return gone
        forget(ids)
        Entry.objects.filter(pk__in=ids).delete()
        gone += len(ids)
