"""Whether the logs of a host are kept, and how much of them."""

from typing import Final

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from webui.hosts.models import Host

MEGABYTES: Final = 256
DAYS: Final = 7


class Keeping(models.Model):
    """What somebody chose for a host. Without one, the logs of the bundled engine are kept and no others."""

    host = models.OneToOneField(Host, on_delete=models.CASCADE, related_name="keeping")
    keeps_logs = models.BooleanField(_("Keep logs"), default=True)
    megabytes = models.PositiveIntegerField(
        _("At most, in MB"), default=MEGABYTES, validators=[MinValueValidator(16), MaxValueValidator(1_000_000)]
    )
    days = models.PositiveIntegerField(
        _("At most, in days"), default=DAYS, validators=[MinValueValidator(1), MaxValueValidator(3650)]
    )

    def __str__(self) -> str:
        return f"{self.host}: {self.megabytes} MB, {self.days} days" if self.keeps_logs else f"{self.host}: none"


def keeping_of(host: Host) -> Keeping:
    """What holds for a host, saved or not."""
    found = Keeping.objects.filter(host=host).first()
    return found or Keeping(host=host, keeps_logs=host.is_bundled)
