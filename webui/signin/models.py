"""The sources that vouch for people, which groups there are which teams here, and who is whom."""

from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from webui.access import Role
from webui.access.models import GRANTED, Team
from webui.sealed import SealedTextField


class Source(models.Model):
    """What providers and directories have in common. `slug` stands in addresses that others keep: it never changes."""

    # The name of the field that is sealed.
    sealed: ClassVar[str] = ""

    slug = models.SlugField(max_length=60, unique=True)
    name = models.CharField(_("Name"), max_length=60)
    is_enabled = models.BooleanField(_("In use"), default=True)
    creates_people = models.BooleanField(
        _("Add people at their first sign-in"),
        default=True,
        help_text=_("Otherwise only people who have connected their account, on their own profile, come in this way."),
    )
    first_role = models.CharField(
        _("Role of people who are added"), max_length=64, choices=GRANTED, default=Role.READER
    )
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(Lower("name"), name="signin_source_name_ignoring_case")]

    def __str__(self) -> str:
        return self.name

    @classmethod
    def readable(cls, **wanted: Any) -> Any:
        """The one that is wanted; one whose secret was sealed with another key comes without it.

        Raises DoesNotExist.
        """
        try:
            return cls.objects.get(**wanted)
        except ValueError:
            found = cls.objects.defer(cls.sealed).get(**wanted)
            setattr(found, cls.sealed, "")
            return found


class Provider(Source):
    """An OpenID Connect provider. The client secret is sealed; `ca` is for one whose authority is of its own."""

    sealed = "client_secret"

    issuer = models.CharField(_("Issuer"), max_length=300)
    client_id = models.CharField(_("Client id"), max_length=300)
    client_secret = SealedTextField(_("Client secret"), blank=True)
    scopes = models.CharField(_("Scopes"), max_length=300, default="openid profile email")
    team_claim = models.CharField(_("Claim with their groups"), max_length=100, blank=True, default="groups")
    asks_second_factor = models.BooleanField(
        _("It asks for a second factor itself"),
        default=False,
        help_text=_("Then none is asked for here, and teams that ask for one are content."),
    )
    ca = models.TextField(_("CA certificate"), blank=True)


class Directory(Source):
    """An LDAP directory. People are found by a search, or bind by a name made from what they type."""

    sealed = "bind_password"

    class Encryption(models.TextChoices):
        STARTTLS = "starttls", _("StartTLS")
        LDAPS = "ldaps", _("TLS from the start (ldaps)")
        NONE = "none", _("None: passwords travel in the clear")

    server = models.CharField(_("Server"), max_length=300)
    encryption = models.CharField(
        _("Encryption"), max_length=10, choices=Encryption.choices, default=Encryption.STARTTLS
    )
    ca = models.TextField(_("CA certificate"), blank=True)
    bind_name = models.CharField(_("Bind name"), max_length=300, blank=True)
    bind_password = SealedTextField(_("Bind password"), blank=True)
    own_name = models.CharField(_("Name to bind by"), max_length=300, blank=True)
    people_base = models.CharField(_("Where people are"), max_length=300)
    people_filter = models.CharField(_("How they are found"), max_length=300, default="(uid={user})")
    id_attribute = models.CharField(_("What never changes"), max_length=60, default="entryUUID")
    groups_base = models.CharField(_("Where groups are"), max_length=300, blank=True)
    check_minutes = models.PositiveSmallIntegerField(
        _("Look after people every … minutes"),
        default=5,
        help_text=_(
            "Who is gone or disabled there, or in other groups, loses at the latest then what they have here: the "
            "directory tells nobody at once. Who has no other way in is deactivated. 0: only at each sign-in."
        ),
    )
    checked_at = models.DateTimeField(null=True, editable=False)
    check_failure = models.CharField(max_length=300, blank=True, editable=False)
    people_found = models.PositiveIntegerField(default=0, editable=False)
    groups_filter = models.CharField(
        _("How theirs are found"), max_length=300, blank=True,
        default="(|(member={dn})(uniqueMember={dn})(memberUid={user}))",
    )  # fmt: skip


class TeamRule(models.Model):
    """Whoever has `value` among their groups there is a member of `team` here, as of each sign-in."""

    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="team_rules")
    value = models.CharField(max_length=300)
    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="+")

    class Meta:
        ordering = ["value", "pk"]

    def __str__(self) -> str:
        return f"{self.value} = {self.team}"


class Identity(models.Model):
    """Somebody of ours is `subject` there. Names and addresses there may change or be given to others; this not."""

    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="identities")
    subject = models.CharField(max_length=255)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="identities")
    name = models.CharField(max_length=300, blank=True)
    linked_at = models.DateTimeField(default=timezone.now)
    used_at = models.DateTimeField(null=True)
    # Since when a directory has them no more; what followed from that was done once.
    gone_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint("source", "subject", name="signin_one_person_per_subject"),
            models.UniqueConstraint("source", "user", name="signin_one_subject_per_person"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} is {self.name or self.subject} at {self.source_id}"
