from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone

from catalog.models.catalog import Catalog, SoftDeleteQuerySet
from catalog.models.outbox import IndexedQuerySet
from catalog.models.product import Product, Variant


class Photo(models.Model):
    """The stored bytes of a picture, once a catalogue however often they are uploaded.

    `working_copy` is a plain decoded copy of formats whose decoders are not trusted; where there is
    one, everything after the upload reads it in place of the file.
    """

    catalog = models.ForeignKey(Catalog, on_delete=models.CASCADE, related_name="photos")
    sha256 = models.CharField(max_length=64, editable=False)
    file = models.FileField(max_length=200, editable=False)
    working_copy = models.FileField(max_length=200, blank=True, editable=False)
    original_name = models.CharField(max_length=200, blank=True, default="", editable=False)
    format = models.CharField(max_length=8, editable=False)
    extension = models.CharField(max_length=5, editable=False)
    width = models.PositiveIntegerField(editable=False)
    height = models.PositiveIntegerField(editable=False)
    size_bytes = models.PositiveIntegerField(editable=False)
    perceptual_hash = models.BigIntegerField(editable=False, db_index=True)
    digital_source_type = models.CharField(max_length=60, blank=True, default="", editable=False)
    colors = models.JSONField(
        default=list, blank=True, editable=False, help_text="Measured: [[name, share], ...]."
    )
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        editable=False,
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["catalog", "sha256"], name="photo_once_a_catalog")
        ]

    def __str__(self) -> str:
        return self.original_name or self.sha256[:12]

    @property
    def readable_name(self) -> str:
        """The stored file that may be decoded in this process."""
        return str(self.working_copy.name or self.file.name)


class PhotoRole(models.TextChoices):
    MAIN = "main", "Main"
    DETAIL = "detail", "Detail"
    LIFESTYLE = "lifestyle", "Lifestyle"
    SWATCH = "swatch", "Swatch"
    PACKAGING = "packaging", "Packaging"
    CHART = "chart", "Chart"


# Size charts look like each other and boxes like boxes: neither says what the product looks like.
SIMILARITY_ROLES = frozenset(
    {PhotoRole.MAIN, PhotoRole.DETAIL, PhotoRole.LIFESTYLE, PhotoRole.SWATCH}
)


class PlacementQuerySet(IndexedQuerySet, SoftDeleteQuerySet):  # type: ignore[override]
    placements_path = "pk__in"


class Placement(models.Model):
    """Where a photo stands: on which product, for which variant, as what. One point of the index."""

    photo = models.ForeignKey(Photo, on_delete=models.CASCADE, related_name="placements")
    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="placements")
    variant = models.ForeignKey(
        Variant, null=True, blank=True, on_delete=models.SET_NULL, related_name="placements"
    )
    role = models.CharField(max_length=10, choices=PhotoRole.choices, default=PhotoRole.DETAIL)
    position = models.PositiveSmallIntegerField(default=0)
    alt_text = models.CharField(max_length=300, blank=True, default="")
    deleted_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = PlacementQuerySet.as_manager()

    class Meta:
        ordering = ["position", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["product"],
                condition=models.Q(role=PhotoRole.MAIN, deleted_at__isnull=True),
                name="one_main_photo",
                violation_error_message="A product has one main photo.",
            ),
            models.UniqueConstraint(
                fields=["product", "photo"],
                condition=models.Q(deleted_at__isnull=True),
                name="photo_once_a_product",
                violation_error_message="This photo is on the product already.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.photo} on {self.product} ({self.get_role_display()})"
