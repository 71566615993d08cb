from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone

from catalog.models.catalog import Catalog
from catalog.models.product import Product


class ChannelTarget(models.Model):
    """A channel and country that a catalogue is sold in: what its products are checked against."""

    catalog = models.ForeignKey(Catalog, on_delete=models.CASCADE, related_name="channel_targets")
    channel = models.CharField(max_length=20)
    country = models.CharField(max_length=2)

    class Meta:
        ordering: ClassVar = ["channel", "country"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["catalog", "channel", "country"], name="channel_target_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.channel} {self.country}"


class ReadinessCheck(models.Model):
    """When a product was last checked against the channels of its catalogue.

    A projection: a row that is missing, or whose `stale` is set, is to be checked anew.
    """

    product = models.OneToOneField(
        Product, on_delete=models.CASCADE, primary_key=True, related_name="readiness"
    )
    catalog = models.ForeignKey(Catalog, on_delete=models.CASCADE, related_name="+")
    stale = models.BooleanField(default=True)
    checked_at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes: ClassVar = [
            models.Index(
                fields=["catalog"], name="readiness_stale", condition=models.Q(stale=True)
            ),
        ]

    def __str__(self) -> str:
        return f"readiness of {self.product_id}"


class ReadinessGap(models.Model):
    """What a product lacks for a channel: a requirement of its profile, and in which words.

    A "required" gap keeps the product out; a "recommended" one does not.
    """

    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="readiness_gaps")
    target = models.ForeignKey(ChannelTarget, on_delete=models.CASCADE, related_name="gaps")
    requirement = models.CharField(max_length=60)
    severity = models.CharField(max_length=12, default="required")
    message = models.CharField(max_length=300)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["target", "requirement"], name="gap_of_target"),
            models.Index(fields=["product", "target"], name="gap_of_product"),
        ]

    def __str__(self) -> str:
        return f"{self.requirement}: {self.message}"
