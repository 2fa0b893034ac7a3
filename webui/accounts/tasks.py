"""Forgetting sessions and links that have run out. Scheduled every hour."""

from celery import shared_task
from django.utils import timezone

from webui.accounts.models import OneTimeLink, Session


@shared_task(name="accounts.tidy", ignore_result=True)
def tidy() -> None:
    now = timezone.now()
    Session.objects.filter(expire_date__lt=now).delete()
    OneTimeLink.objects.filter(expires_at__lt=now).delete()
