"""Teams, groups of hosts, roles made by administrators, and grants: a role for a person or a team, somewhere."""

from typing import Final

from django.conf import settings
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from webui.access.operations import Operation
from webui.access.roles import Role, RoleFacts

# Administrators are made on a person's own page, where the last one is guarded.
GRANTED = [(role.value, role.label) for role in Role if role is not Role.ADMINISTRATOR]
# What stands as `role` in a grant of a role that administrators made; `custom` then says which.
CUSTOM: Final = "custom"


class Team(models.Model):
    name = models.CharField(_("Name"), max_length=60)
    about = models.CharField(_("What it does"), max_length=200, blank=True)
    members = models.ManyToManyField(
        settings.AUTH_USER_MODEL, verbose_name=_("Members"), blank=True, related_name="teams", through="Membership"
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


class Membership(models.Model):
    """Somebody in a team. A leader (administrators appoint them) says who else is in it, and changes nothing else.

    `is_invited`: they were made by a leader's invitation into this team.
    """

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships")
    is_leader = models.BooleanField(default=False)
    is_invited = models.BooleanField(default=False)

    class Meta:
        # The table that Django made for Team.members before anybody could lead.
        db_table = "access_team_members"
        unique_together = [("team", "user")]

    def __str__(self) -> str:
        return f"{self.user_id} {'leads' if self.is_leader else 'is in'} {self.team_id}"


class HostGroup(models.Model):
    """Hosts that a grant may be for all at once, also for those that join later."""

    name = models.CharField(_("Name"), max_length=60)
    hosts = models.ManyToManyField("hosts.Host", verbose_name=_("Hosts"), blank=True, related_name="groups")

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(Lower("name"), name="access_group_name_ignoring_case")]

    def __str__(self) -> str:
        return self.name


class CustomRole(models.Model):
    """A role that administrators made. Restricted: only what is theirs or shared, within the rules of the host.

    An operation that is no longer known gives nothing.
    """

    name = models.CharField(_("Name"), max_length=60)
    about = models.CharField(_("What it is for"), max_length=200, blank=True)
    operations = models.JSONField(_("May"), default=list)
    is_restricted = models.BooleanField(_("Restricted"), default=True)

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(Lower("name"), name="access_custom_role_name_ignoring_case")]

    def __str__(self) -> str:
        return self.name

    @property
    def facts(self) -> RoleFacts:
        known = frozenset(one for one in Operation if one.value in self.operations)
        is_free = not self.is_restricted
        # No role that is built in has a colon in its name, so none can be mistaken for one.
        return RoleFacts(f"custom:{self.name}", self.name, known, sees_all=is_free, rules_the_host=is_free)


class Grant(models.Model):
    """On `host`, else on the hosts of `group`, else on everything. With `custom`, `role` is CUSTOM.

    A grant whose `ends_at` has passed gives nothing, and says so in lists.
    """

    role = models.CharField(_("Role"), max_length=64, choices=[*GRANTED, (CUSTOM, _("A role of your own"))])
    # A role that is in use cannot be removed from under those who hold it.
    custom = models.ForeignKey(CustomRole, null=True, blank=True, on_delete=models.PROTECT, related_name="grants")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.CASCADE, related_name="grants"
    )  # fmt: skip
    team = models.ForeignKey(Team, null=True, blank=True, on_delete=models.CASCADE, related_name="grants")
    host = models.ForeignKey(
        "hosts.Host", null=True, blank=True, on_delete=models.CASCADE, related_name="grants", verbose_name=_("On")
    )  # fmt: skip
    group = models.ForeignKey(
        HostGroup, null=True, blank=True, on_delete=models.CASCADE, related_name="grants", verbose_name=_("On")
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
            ),
            models.CheckConstraint(
                condition=models.Q(host__isnull=True) | models.Q(group__isnull=True),
                name="access_grant_on_host_or_group",
            ),
            models.CheckConstraint(
                condition=models.Q(role=CUSTOM, custom__isnull=False)
                | (~models.Q(role=CUSTOM) & models.Q(custom__isnull=True)),
                name="access_grant_names_its_custom_role",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.role_words} to {self.user or self.team} on {self.host or self.group or 'everything'}"

    @property
    def role_words(self) -> str:
        return self.custom.name if self.custom else self.role

    @property
    def is_over(self) -> bool:
        return self.ends_at is not None and self.ends_at <= timezone.now()
