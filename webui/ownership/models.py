"""Who owns what on each host, who else may see it, and in which order that changed.

Rows are read into memory once (webui.ownership.ledger) and followed by `serial`; so every change goes through
webui.ownership.changes, which counts it.
"""

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from webui.access.models import Team
from webui.ownership.kinds import Kind, Visibility


class Owned(models.Model):
    """The access of one object. A gone one stays for a while as `is_gone`, so that every process hears of it."""

    # None is for what belongs to no host.
    host = models.ForeignKey("hosts.Host", null=True, on_delete=models.CASCADE, related_name="owned")
    kind = models.CharField(max_length=16, choices=Kind.choices)
    key = models.CharField(max_length=300)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("Owner"), null=True, blank=True, on_delete=models.SET_NULL,
        related_name="+",
    )  # fmt: skip
    visibility = models.CharField(_("Visible to"), max_length=16, choices=Visibility.choices,
                                  default=Visibility.PRIVATE)  # fmt: skip
    changed_at = models.DateTimeField(default=timezone.now)
    serial = models.BigIntegerField(db_index=True)
    is_gone = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["host", "kind", "key"], name="ownership_one_access_each"),
            models.UniqueConstraint(
                fields=["kind", "key"], condition=models.Q(host=None), name="ownership_one_access_each_nowhere"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.key} of {self.owner}"


class Share(models.Model):
    """A person or a team that may see somebody's thing, or change it too."""

    owned = models.ForeignKey(Owned, on_delete=models.CASCADE, related_name="shares")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )  # fmt: skip
    team = models.ForeignKey(Team, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    may_write = models.BooleanField(default=False)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(user__isnull=False, team__isnull=True)
                | models.Q(user__isnull=True, team__isnull=False),
                name="ownership_share_with_one",
            )
        ]

    def __str__(self) -> str:
        return f"{self.owned} with {self.user or self.team}"


class Policy(models.Model):
    """What holds on a host for who does not rule it: what they see of what nobody owns, because it was made outside
    Quayside, and `rules` (webui.ownership.rules) for what they may ask for.
    """

    host = models.OneToOneField("hosts.Host", on_delete=models.CASCADE, related_name="+")
    is_unowned_public = models.BooleanField(default=False)
    rules = models.JSONField(default=dict)

    def __str__(self) -> str:
        return f"on {self.host}: what nobody owns is {'public' if self.is_unowned_public else 'for administrators'}"


class Quota(models.Model):
    """The most that the members of a team may have together on a host; None is no bound. `cpus` in thousandths."""

    host = models.ForeignKey("hosts.Host", on_delete=models.CASCADE, related_name="+")
    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="+")
    containers = models.PositiveIntegerField(null=True, blank=True)
    memory_mb = models.PositiveIntegerField(null=True, blank=True)
    cpus = models.PositiveIntegerField(null=True, blank=True)
    volumes = models.PositiveIntegerField(null=True, blank=True)

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["host", "team"], name="ownership_one_quota_each")]

    def __str__(self) -> str:
        return f"of {self.team} on {self.host}"


class Usage(models.Model):
    """What somebody who is not above quotas made, and what it may use. `key` "" while the host has not answered."""

    host = models.ForeignKey("hosts.Host", on_delete=models.CASCADE, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=300, blank=True, db_index=True)
    containers = models.PositiveIntegerField(default=0)
    memory_bytes = models.BigIntegerField(default=0)
    nano_cpus = models.BigIntegerField(default=0)
    volumes = models.PositiveIntegerField(default=0)
    made_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"{self.key or 'pending'} of {self.user}"


class Serial(models.Model):
    """Counts the changes, in one row. `epoch` tells a database from another that has counted as far."""

    epoch = models.CharField(max_length=32)
    value = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.epoch}:{self.value}"
