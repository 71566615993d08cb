from __future__ import annotations

from decimal import Decimal

from django.conf import settings
from django.core.validators import MaxLengthValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from catalog.models.catalog import CURRENCY, MAX_PROSE, Catalog, SoftDeleteQuerySet
from catalog.models.outbox import IndexedQuerySet
from catalog.models.shapes import check_tags
from catalog.models.vocabulary import Category

MAX_OPTIONS = 3


class ProductStatus(models.TextChoices):
    DRAFT = "draft", "Draft"
    IN_REVIEW = "in_review", "In review"
    APPROVED = "approved", "Approved"
    ARCHIVED = "archived", "Archived"


class ProductQuerySet(IndexedQuerySet, SoftDeleteQuerySet):  # type: ignore[override]
    placements_path = "product__in"


class Product(models.Model):
    """What a shopper sees as one thing. What is sold are its variants, of which it has one or more.

    `category` is the projection of the ledger's field of that name. `changed_since_approval` says
    that an approved product no longer is as its last `ProductVersion`; `added_since_approval` that it
    is but for what machines have said since, of which that version says nothing: nobody has decided
    on it, and it goes out once the product is approved again.
    """

    catalog = models.ForeignKey(Catalog, on_delete=models.CASCADE, related_name="products")
    handle = models.SlugField(max_length=160)
    title = models.CharField(max_length=300, blank=True, default="")
    description = models.TextField(
        blank=True, default="", validators=[MaxLengthValidator(MAX_PROSE)]
    )
    brand = models.CharField(max_length=120, blank=True, default="")
    category = models.ForeignKey(
        Category, null=True, blank=True, on_delete=models.SET_NULL, related_name="products"
    )
    tags = models.JSONField(default=list, blank=True, validators=[check_tags])
    product_url = models.URLField(max_length=500, blank=True, default="")
    status = models.CharField(
        max_length=10, choices=ProductStatus.choices, default=ProductStatus.DRAFT
    )
    changed_since_approval = models.BooleanField(default=False, editable=False)
    added_since_approval = models.BooleanField(default=False, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        editable=False,
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(auto_now=True)
    deleted_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = ProductQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["catalog", "handle"],
                condition=Q(deleted_at__isnull=True),
                name="handle_unique_in_catalog",
                violation_error_message="Another product of this catalogue has this handle.",
            )
        ]
        indexes = [
            models.Index(fields=["catalog", "deleted_at", "-created_at"], name="product_newest"),
            # The newest of a status, and how many there are of each without reading the products.
            models.Index(
                fields=["catalog", "deleted_at", "status", "-created_at"],
                name="product_of_status",
            ),
            models.Index(
                fields=["catalog"], name="product_changed", condition=Q(changed_since_approval=True)
            ),
            models.Index(
                fields=["catalog"], name="product_added", condition=Q(added_since_approval=True)
            ),
            # Partial: nearly all products are not deleted, and SQLite would look those up by it.
            models.Index(
                fields=["deleted_at"],
                name="product_deleted",
                condition=Q(deleted_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.title or self.handle

    def get_absolute_url(self) -> str:
        return reverse("catalog:product", args=[self.catalog.slug, self.pk])


class Availability(models.TextChoices):
    IN_STOCK = "in_stock", "In stock"
    OUT_OF_STOCK = "out_of_stock", "Out of stock"
    PREORDER = "preorder", "Pre-order"
    BACKORDER = "backorder", "Back-order"


class Condition(models.TextChoices):
    NEW = "new", "New"
    REFURBISHED = "refurbished", "Refurbished"
    USED = "used", "Used"


def money(**options: object) -> models.DecimalField:
    return models.DecimalField(
        max_digits=14,
        decimal_places=4,
        null=True,
        blank=True,
        validators=[MinValueValidator(Decimal(0))],
        **options,  # type: ignore[arg-type]
    )


class VariantQuerySet(IndexedQuerySet, SoftDeleteQuerySet):  # type: ignore[override]
    placements_path = "product__variants__in"


class Variant(models.Model):
    """One thing that is sold: a size and colour of a product, with its own SKU and price.

    `catalog` and `deleted_at` repeat the product's, so that the database itself keeps SKUs unique
    among what is not deleted.
    """

    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="variants")
    catalog = models.ForeignKey(
        Catalog, on_delete=models.CASCADE, related_name="variants", editable=False
    )
    position = models.PositiveSmallIntegerField(default=0)
    sku = models.CharField("SKU", max_length=80, blank=True, default="")
    gtin = models.CharField("GTIN", max_length=14, blank=True, default="")
    mpn = models.CharField("MPN", max_length=80, blank=True, default="")
    option1_name = models.CharField(max_length=60, blank=True, default="")
    option1_value = models.CharField(max_length=120, blank=True, default="")
    option2_name = models.CharField(max_length=60, blank=True, default="")
    option2_value = models.CharField(max_length=120, blank=True, default="")
    option3_name = models.CharField(max_length=60, blank=True, default="")
    option3_value = models.CharField(max_length=120, blank=True, default="")
    price = money()
    compare_at_price = money()
    cost = money()
    currency = models.CharField(max_length=3, validators=[CURRENCY])
    weight_grams = models.PositiveIntegerField(null=True, blank=True)
    availability = models.CharField(
        max_length=12, choices=Availability.choices, default=Availability.IN_STOCK
    )
    condition = models.CharField(max_length=12, choices=Condition.choices, default=Condition.NEW)
    deleted_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = VariantQuerySet.as_manager()

    class Meta:
        ordering = ["position", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["catalog", "sku"],
                condition=Q(deleted_at__isnull=True) & ~Q(sku=""),
                name="sku_unique_in_catalog",
                violation_error_message="Another product of this catalogue has this SKU.",
            )
        ]
        indexes = [
            models.Index(fields=["catalog", "gtin"], name="variant_gtin", condition=~Q(gtin="")),
            models.Index(fields=["catalog", "price"], name="variant_price"),
        ]

    def __str__(self) -> str:
        return self.sku or self.option_text or str(self.product)

    @property
    def options(self) -> dict[str, str]:
        """Option names and values in order, such as {"Colour": "Red", "Size": "M"}."""
        pairs = (
            (getattr(self, f"option{n}_name"), getattr(self, f"option{n}_value"))
            for n in range(1, MAX_OPTIONS + 1)
        )
        return {name: value for name, value in pairs if name}

    @property
    def option_text(self) -> str:
        return " / ".join(self.options.values())
