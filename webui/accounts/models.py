"""A person, their sessions and one-time links, and what is remembered of failed sign-ins."""

from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.contrib.sessions.base_session import AbstractBaseSession
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from webui.access import Role


class UserManager(BaseUserManager["User"]):
    def create_user(self, username: str, password: str | None = None, **fields: Any) -> "User":
        user = self.model(username=self.model.normalize_username(username), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, username: str, password: str | None = None, **fields: Any) -> "User":
        """An administrator; the name is the one that Django's createsuperuser calls."""
        return self.create_user(username, password, role=Role.ADMINISTRATOR, **fields)

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(username__iexact=username)


class User(AbstractBaseUser):
    """Somebody who signs in. `theme` is light, dark, or "" for what their system prefers."""

    class Theme(models.TextChoices):
        SYSTEM = "", _("As the system")
        LIGHT = "light", _("Light")
        DARK = "dark", _("Dark")

    username = models.CharField(
        _("User name"),
        max_length=150,
        unique=True,
        validators=[UnicodeUsernameValidator()],
        error_messages={"unique": _("Somebody has this name already.")},
    )
    display_name = models.CharField(_("Name"), max_length=150, blank=True)
    email = models.EmailField(_("Email"), blank=True)
    role = models.CharField(_("Role"), max_length=64, choices=Role.choices, default=Role.READER)
    theme = models.CharField(_("Theme"), max_length=8, choices=Theme.choices, default=Theme.SYSTEM, blank=True)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=timezone.now)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "username"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        ordering = ["username"]
        constraints = [models.UniqueConstraint(Lower("username"), name="accounts_username_ignoring_case")]

    def __str__(self) -> str:
        return self.display_name or self.username

    @property
    def is_administrator(self) -> bool:
        return self.role == Role.ADMINISTRATOR


class SetUpLink(models.Model):
    """The one link that makes the first administrator. Only a hash of its token is kept."""

    token_hash = models.CharField(max_length=64, unique=True)
    made_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"set-up link of {self.made_at:%Y-%m-%d %H:%M}"


class OneTimeLink(models.Model):
    """A link by which one person chooses their password, once. Only a hash of its token is kept.

    `is_of_leader`: whoever leads a team made it, and it opens nothing that this team does not (webui.accounts.links).
    """

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="links")
    is_of_leader = models.BooleanField(default=False)
    token_hash = models.CharField(max_length=64, unique=True)
    made_by = models.CharField(max_length=150)
    made_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"link for {self.user_id}, until {self.expires_at:%Y-%m-%d %H:%M}"


class Session(AbstractBaseSession):
    """Somebody's sign-in on one device, or a stranger's few values. Deleting the row ends it."""

    user = models.ForeignKey(User, null=True, on_delete=models.CASCADE, related_name="sessions")
    address = models.CharField(max_length=64, blank=True)
    agent = models.CharField(max_length=300, blank=True)
    started_at = models.DateTimeField(default=timezone.now)
    seen_at = models.DateTimeField(default=timezone.now)

    class Meta(AbstractBaseSession.Meta):
        abstract = False

    @classmethod
    def get_session_store_class(cls) -> Any:
        from webui.accounts.session_store import SessionStore

        return SessionStore


class PasswordRules(models.Model):
    """What new passwords must be; the one row. Those that people have already stay as they are."""

    min_length = models.PositiveSmallIntegerField(
        _("Characters at least"), default=10, validators=[MinValueValidator(8), MaxValueValidator(128)]
    )
    refuses_common = models.BooleanField(_("Refuse the 20,000 most common ones"), default=True)
    refuses_similar = models.BooleanField(_("Refuse those like the person's name or email"), default=True)
    refuses_numeric = models.BooleanField(_("Refuse those of digits alone"), default=False)

    def __str__(self) -> str:
        return f"at least {self.min_length} characters"


class FailedSignIns(models.Model):
    """How often signing in failed in a row, for a name, an address, or both; and until when the next try must wait."""

    key = models.CharField(max_length=300, unique=True)
    failures = models.PositiveIntegerField(default=0)
    last_at = models.DateTimeField(default=timezone.now)
    waits_until = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.key}: {self.failures}"
