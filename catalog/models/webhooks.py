from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone

from catalog.models.catalog import Catalog
from prodintel.lib.work import Work, WorkQuerySet, spread

# After the first try; with them, a receiver that is away for a day still gets the message.
DELAYS = (
    timedelta(seconds=5),
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=8),
    timedelta(hours=8),
)


class Webhook(models.Model):
    """Where another system is told of what happens in a catalogue.

    Secrets are stored encrypted. `old_secret` signs as well until `old_secret_until`, so that a
    receiver may take the new one when it can. `failing_since` is when deliveries began to fail of
    which none has succeeded since; `disabled_why` is set where it was not a person who turned it off.
    """

    catalog = models.ForeignKey(Catalog, on_delete=models.CASCADE, related_name="webhooks")
    address = models.URLField(max_length=500)
    events = models.JSONField(default=list)
    secret = models.TextField(editable=False)
    old_secret = models.TextField(blank=True, default="", editable=False)
    old_secret_until = models.DateTimeField(null=True, blank=True, editable=False)
    is_active = models.BooleanField(default=True)
    disabled_why = models.CharField(max_length=300, blank=True, default="", editable=False)
    failing_since = models.DateTimeField(null=True, blank=True, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering: ClassVar = ["-created_at", "-pk"]

    def __str__(self) -> str:
        return self.address


class DeliveryQuerySet(WorkQuerySet):
    """Deliveries are tried for about a day: a receiver is another's, and may be away for long."""

    max_attempts = len(DELAYS) + 1

    def delay_after(self, attempts: int) -> timedelta:
        return spread(DELAYS[min(attempts, len(DELAYS)) - 1])


class WebhookDelivery(Work):
    """One message to one webhook: work that is tried again, and its log.

    `payload` is the whole message, `status`, `answer` and `took_ms` are of the last try.
    """

    webhook = models.ForeignKey(Webhook, on_delete=models.CASCADE, related_name="deliveries")
    message_id = models.UUIDField(default=uuid.uuid4, editable=False)
    event = models.CharField(max_length=40)
    payload = models.JSONField()
    status = models.PositiveSmallIntegerField(null=True, blank=True)
    answer = models.CharField(max_length=500, blank=True, default="")
    took_ms = models.PositiveIntegerField(null=True, blank=True)

    objects: ClassVar[models.Manager[Any]] = DeliveryQuerySet.as_manager()

    class Meta(Work.Meta):
        verbose_name_plural = "webhook deliveries"
        ordering: ClassVar = ["-created_at", "-pk"]
        indexes: ClassVar = [
            *Work.Meta.indexes,
            models.Index(fields=["webhook", "-created_at"], name="delivery_log"),
        ]

    def __str__(self) -> str:
        return f"{self.event} to {self.webhook}"
