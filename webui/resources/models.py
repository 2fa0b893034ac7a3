"""What each person keeps of the lists: how they arranged them, and the views that they saved."""

from typing import Final

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

MOST_VIEWS: Final = 50


class ListLayout(models.Model):
    """The columns of one kind of list as one person sees them; `widths` are pixels by column."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=32)
    columns = models.JSONField(default=list)
    widths = models.JSONField(default=dict)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "kind"], name="one_layout_each")]

    def __str__(self) -> str:
        return f"{self.kind}: {', '.join(self.columns)}"


class SavedView(models.Model):
    """A filter, sort and grouping under a name: the query string of a list. One of a kind may be what opens first."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=32)
    name = models.CharField(_("Name"), max_length=60)
    query = models.CharField(max_length=2000, blank=True)
    is_default = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["user", "kind", "name"], name="one_view_of_a_name")]

    def __str__(self) -> str:
        return self.name
