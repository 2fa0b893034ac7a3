"""A personal token, and the authority that signs the certificates by which the docker CLI shows one."""

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from webui.sealed import SealedTextField


class Token(models.Model):
    """`key` is its public half, by which people and certificates name it; of the secret only a hash is kept.

    `operations` is a list of names for what is CHOSEN; `hosts` counts unless it is for every host that the person may
    see. A token never gives more than its person may do. Deleting the row revokes it.
    """

    class Access(models.TextChoices):
        READ = "read", _("Look only")
        EVERYTHING = "everything", _("Everything that I may do")
        CHOSEN = "chosen", _("What I choose")

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="tokens")
    name = models.CharField(_("Name"), max_length=60)
    key = models.CharField(max_length=16, unique=True)
    secret_hash = models.CharField(max_length=64)
    access = models.CharField(_("May"), max_length=16, choices=Access.choices, default=Access.READ)
    operations = models.JSONField(default=list, blank=True)
    is_for_every_host = models.BooleanField(default=False)
    hosts = models.ManyToManyField("hosts.Host", verbose_name=_("On"), blank=True, related_name="tokens")
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(_("Until"))
    used_at = models.DateTimeField(null=True)
    used_from = models.CharField(max_length=64, blank=True)
    used_by = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint("user", "name", name="tokens_name_once_a_person")]

    def __str__(self) -> str:
        return self.name

    @property
    def shown_key(self) -> str:
        return f"qs_{self.key}_…"

    @property
    def is_over(self) -> bool:
        return self.expires_at <= timezone.now()


class Authority(models.Model):
    """The one certificate authority of this console. Its key is sealed."""

    certificate = models.TextField()
    key = SealedTextField()
    made_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"authority of {self.made_at:%Y-%m-%d}"
