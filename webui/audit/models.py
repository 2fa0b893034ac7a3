"""One row per thing that was done or refused. Names are kept as words, so that they outlive what they name."""

from django.db import models
from django.utils import timezone


class Entry(models.Model):
    """`operation` is a name of the gate's table or of accounts ("account.sign-in"); `rule` is what decided.

    `target` is what the request named, often an id; `target_name` is what people called it then.

    `token` is the name of the personal token by which it was asked, "" in the console.

    `part_of` is the entry that this one belongs to (webui.audit.folding), None for one that stands by itself.

    `status` is the host's HTTP status, None while it is under way or where nothing was sent. No body is ever kept:
    bodies hold secrets.
    """

    at = models.DateTimeField(default=timezone.now, db_index=True)
    user_id = models.BigIntegerField(null=True)
    username = models.CharField(max_length=200, blank=True, db_index=True)
    role = models.CharField(max_length=64, blank=True)
    address = models.CharField(max_length=64, blank=True)
    host = models.CharField(max_length=200, blank=True, db_index=True)
    operation = models.CharField(max_length=64, blank=True, db_index=True)
    resource = models.CharField(max_length=32, blank=True)
    target = models.CharField(max_length=300, blank=True)
    target_name = models.CharField(max_length=300, blank=True)
    method = models.CharField(max_length=16, blank=True)
    path = models.CharField(max_length=500, blank=True)
    is_allowed = models.BooleanField()
    rule = models.CharField(max_length=200, blank=True)
    status = models.PositiveSmallIntegerField(null=True)
    message = models.CharField(max_length=500, blank=True)
    duration_ms = models.PositiveIntegerField(null=True)
    token = models.CharField(max_length=60, blank=True, db_index=True)
    part_of = models.ForeignKey("self", null=True, on_delete=models.SET_NULL, related_name="parts")

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.username or 'nobody'} {self.operation or self.method} {self.target}".strip()


class Recording(models.Model):
    """What a console session showed: a file in the data folder. `is_cut`: it grew too large, and ends early."""

    entry = models.OneToOneField(Entry, on_delete=models.CASCADE, related_name="recording")
    name = models.CharField(max_length=60)
    size_bytes = models.PositiveBigIntegerField()
    duration_ms = models.PositiveBigIntegerField()
    is_cut = models.BooleanField(default=False)

    def __str__(self) -> str:
        return self.name
