from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone

from catalog.models.catalog import Catalog
from catalog.models.product import Product


class ChannelTarget(models.Model):
    """A channel and country that a catalogue is sold in: what its products are checked against.

    A removed one stays, so that a catalogue whose targets were all removed gets no first ones again.
    `marked_through` is the last product, by id, that was told to be checked against it; null once all
    were. `profile_stamp` is that of the profile that products were told to be checked against.
    """

    catalog = models.ForeignKey(Catalog, on_delete=models.CASCADE, related_name="channel_targets")
    channel = models.CharField(max_length=20)
    country = models.CharField(max_length=2)
    marked_through = models.BigIntegerField(null=True, default=0, editable=False)
    profile_stamp = models.CharField(max_length=16, blank=True, default="", editable=False)
    removed_at = models.DateTimeField(null=True, blank=True, editable=False)

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


class ReadinessGtin(models.Model):
    """A GTIN, as 14 digits, that a product had when it was last checked: how two that share one are
    found, and told when one of them no longer has it.
    """

    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="readiness_gtins")
    catalog = models.ForeignKey(Catalog, on_delete=models.CASCADE, db_index=False, related_name="+")
    gtin = models.CharField(max_length=14)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["product", "gtin"], name="readiness_gtin_once")
        ]
        indexes: ClassVar = [
            models.Index(fields=["catalog", "gtin"], name="readiness_gtin_of_catalog")
        ]

    def __str__(self) -> str:
        return self.gtin
