from __future__ import annotations

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone

from catalog.models.catalog import Catalog
from prodintel.lib.work import Work


class Webhook(models.Model):
    """Where another system is told of what happens in a catalogue. `secret` is stored encrypted."""

    catalog = models.ForeignKey(Catalog, on_delete=models.CASCADE, related_name="webhooks")
    address = models.URLField(max_length=500)
    events = models.JSONField(default=list)
    secret = models.TextField(editable=False)
    is_active = models.BooleanField(default=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering: ClassVar = ["-created_at"]

    def __str__(self) -> str:
        return self.address


class WebhookDelivery(Work):
    """One message to one webhook: work that is tried again, and its log."""

    webhook = models.ForeignKey(Webhook, on_delete=models.CASCADE, related_name="deliveries")
    message_id = models.UUIDField(default=uuid.uuid4, editable=False)
    event = models.CharField(max_length=40)
    payload = models.JSONField()
    status = models.PositiveSmallIntegerField(null=True, blank=True)
    answer = models.CharField(max_length=500, blank=True, default="")
    took_ms = models.PositiveIntegerField(null=True, blank=True)

    class Meta(Work.Meta):
        ordering: ClassVar = ["-created_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.event} to {self.webhook}"
