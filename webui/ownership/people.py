"""What becomes of somebody's things when they are renamed or removed: nobody's, for administrators to give away."""

from typing import Any

from django.conf import settings
from django.db.models.signals import post_save, pre_delete
from django.dispatch import receiver

from webui.ownership.changes import recount


@receiver(pre_delete, sender=settings.AUTH_USER_MODEL, dispatch_uid="ownership.removed")
def _removed(instance: Any, **_kwargs: Any) -> None:
    recount(owner_id=instance.pk, is_leaving=True)


@receiver(post_save, sender=settings.AUTH_USER_MODEL, dispatch_uid="ownership.renamed")
def _renamed(instance: Any, created: bool, update_fields: Any = None, **_kwargs: Any) -> None:
    if not created and (update_fields is None or "username" in update_fields):
        recount(owner_id=instance.pk, is_leaving=False)
