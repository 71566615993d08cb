"""Webhooks are told of approvals."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.dispatch import receiver

from catalog.models import Product, ProductVersion
from catalog.models.version import products_approved
from catalog.webhooks.events import APPROVED
from catalog.webhooks.services import products_tell


@receiver(products_approved)
def approval_told(
    products: Collection[Product], versions: Collection[ProductVersion], **_: Any
) -> None:
    numbers = {row.product_id: row.number for row in versions}
    products_tell(event=APPROVED, products=products, version=numbers)
