"""A host: its address, and what we show it to prove who we are."""

from django.core.exceptions import ValidationError
from django.db import models
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from webui.gate.addresses import read_address
from webui.sealed import SealedTextField


def check_url(url: str) -> None:
    try:
        read_address(url)
    except ValueError as error:
        raise ValidationError(str(error)) from error


class Host(models.Model):
    """A Docker host. TLS is used when a CA or a certificate is given; the private key is sealed in the database.

    `records_consoles`: what execs and attached terminals show is kept with their entries in the audit log.
    """

    slug = models.SlugField(max_length=60, unique=True)
    name = models.CharField(_("Name"), max_length=60, unique=True)
    url = models.CharField(_("Address"), max_length=300, validators=[check_url])
    is_bundled = models.BooleanField(default=False)
    tls_ca = models.TextField(_("CA certificate"), blank=True)
    tls_certificate = models.TextField(_("Client certificate"), blank=True)
    tls_key = SealedTextField(_("Client key"), blank=True)
    records_consoles = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-is_bundled", "name"]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("hosts:detail", args=[self.slug])

    @property
    def uses_tls(self) -> bool:
        return bool(self.tls_ca or self.tls_certificate)
