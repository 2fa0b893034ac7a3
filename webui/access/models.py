"""Teams, who is in them, and grants: a role for a person or a team, on everything or on one host."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from webui.access.roles import Role

# Administrators are made on a person's own page, where the last one is guarded.
GRANTED = [(role.value, role.label) for role in Role if role is not Role.ADMINISTRATOR]


class Team(models.Model):
    name = models.CharField(_("Name"), max_length=60)
    about = models.CharField(_("What it does"), max_length=200, blank=True)
    members = models.ManyToManyField(
        settings.AUTH_USER_MODEL, verbose_name=_("Members"), blank=True, related_name="teams"
    )  # fmt: skip
    requires_second_factor = models.BooleanField(
        _("Ask its members for a second factor"),
        default=False,
        help_text=_("Who has none can do nothing but set one up, from the moment that this is saved."),
    )
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(Lower("name"), name="access_team_name_ignoring_case")]

    def __str__(self) -> str:
        return self.name


class Grant(models.Model):
    """`host` None means everything. A grant whose `ends_at` has passed gives nothing, and says so in lists."""

    role = models.CharField(_("Role"), max_length=64, choices=GRANTED)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.CASCADE, related_name="grants"
    )  # fmt: skip
    team = models.ForeignKey(Team, null=True, blank=True, on_delete=models.CASCADE, related_name="grants")
    host = models.ForeignKey(
        "hosts.Host", null=True, blank=True, on_delete=models.CASCADE, related_name="grants", verbose_name=_("On")
    )  # fmt: skip
    ends_at = models.DateTimeField(_("Until"), null=True, blank=True)
    made_by = models.CharField(max_length=150)
    made_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(user__isnull=False, team__isnull=True)
                | models.Q(user__isnull=True, team__isnull=False),
                name="access_grant_to_one",
            )
        ]

    def __str__(self) -> str:
        return f"{self.role} to {self.user or self.team} on {self.host or 'everything'}"

    @property
    def is_over(self) -> bool:
        return self.ends_at is not None and self.ends_at <= timezone.now()
