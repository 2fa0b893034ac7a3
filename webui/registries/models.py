"""The registries. Whose one is and who else may use it stands with the other belongings (webui.ownership)."""

import base64
from dataclasses import dataclass

import orjson
from django.db import models
from django.db.models.functions import Lower
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from webui.registries.names import HUB, server_of
from webui.sealed import seal, unseal


class Encryption(models.TextChoices):
    VERIFIED = "verified", _("TLS, by an authority that this machine trusts")
    OWN = "own", _("TLS, by an authority of your own")
    UNVERIFIED = "unverified", _("TLS, whoever answers: no certificate is checked")
    PLAIN = "plain", _("None, plain HTTP: passwords travel in the clear")


# What only administrators may choose.
UNSAFE = frozenset({Encryption.UNVERIFIED, Encryption.PLAIN})


@dataclass(frozen=True, slots=True, repr=False)
class Credentials:
    username: str
    password: str


class Registry(models.Model):
    """One way into a registry. The same address may be here several times, for other people or folders.

    `sealed_password` is sealed by webui.sealed; `is_vouched` is that an administrator has given its address, so that
    it may lie on this machine. `changed_at` moves with everything that may make a failed question worth asking again.
    """

    name = models.CharField(_("Name"), max_length=60)
    address = models.CharField(_("Address"), max_length=255)
    namespace = models.CharField(_("Folder"), max_length=200, blank=True)
    username = models.CharField(_("User name"), max_length=255, blank=True)
    sealed_password = models.TextField(blank=True)
    encryption = models.CharField(
        _("Encryption"), max_length=12, choices=Encryption.choices, default=Encryption.VERIFIED
    )
    ca = models.TextField(_("CA certificate"), blank=True)
    note = models.CharField(_("Note"), max_length=200, blank=True)
    is_vouched = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=timezone.now)
    changed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = [Lower("name"), "pk"]
        verbose_name_plural = "registries"

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("registries:change", args=[self.pk])

    @property
    def key(self) -> str:
        """What it is called among the belongings."""
        return str(self.pk)

    @property
    def where(self) -> str:
        """The address with the folder: "ghcr.io/shop"."""
        return f"{self.address}/{self.namespace}" if self.namespace else self.address

    @property
    def is_hub(self) -> bool:
        return self.address == HUB

    @property
    def is_anonymous(self) -> bool:
        return not self.username

    @property
    def credentials(self) -> Credentials | None:
        """None for one that is asked as nobody. Raises ValueError when the password was sealed with another key."""
        if self.is_anonymous:
            return None
        return Credentials(self.username, unseal(self.sealed_password) if self.sealed_password else "")

    def set_password(self, password: str) -> None:
        self.sealed_password = seal(password) if password else ""

    def auth_config(self) -> dict[str, str]:
        """What docker-py makes the X-Registry-Auth header of; {} for nobody. Raises ValueError as `credentials`."""
        found = self.credentials
        if found is None:
            return {}
        return {"username": found.username, "password": found.password, "serveraddress": server_of(self.address)}

    def auth_header(self) -> str:
        """The same as X-Registry-Auth takes it: JSON in base64 for URLs. Raises ValueError as `credentials`."""
        return base64.urlsafe_b64encode(orjson.dumps(self.auth_config())).decode()
