from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.dispatch import Signal
from django.utils import timezone

from catalog.models.product import Product

# Sent with `sender`, the `catalog`, its `products` that were approved, the `versions` that were made
# of them and the `actor`, inside the transaction of the approval.
products_approved = Signal()


class VersionQuerySet(models.QuerySet):
    def standing(self) -> VersionQuerySet:
        """Versions whose approval was not taken back at once."""
        return self.filter(withdrawn_at__isnull=True)


class ProductVersion(models.Model):
    """A product as somebody approved it. `content` is everything a shopper would see, as JSON.

    Its form is that of `catalog.approval.content`. A version whose approval was undone is
    `withdrawn`: it keeps its number, and the one before counts again.
    """

    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    content = models.JSONField()
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    approved_at = models.DateTimeField(default=timezone.now, editable=False)
    withdrawn_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = VersionQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["-number"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["product", "number"], name="version_number_of_product")
        ]

    def __str__(self) -> str:
        return f"{self.product_id} v{self.number}"
