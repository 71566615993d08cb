from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone

from catalog.models.catalog import Catalog
from catalog.models.exporting import ExportProfile
from catalog.models.photo import Placement


class PublishedPhoto(models.Model):
    """The address at which anybody may see a photo of an approved product, until it is revoked.

    The token is kept as it is: exports and feeds repeat the address.
    """

    placement = models.ForeignKey(Placement, on_delete=models.CASCADE, related_name="published")
    token = models.CharField(max_length=64, unique=True, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    revoked_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        ordering: ClassVar = ["-created_at", "-pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["placement"],
                condition=models.Q(revoked_at__isnull=True),
                name="published_once",
            )
        ]

    def __str__(self) -> str:
        return f"address of {self.placement}"


class PhotoPublishing(models.Model):
    """Where there is one: photos of all that is approved in the catalogue are published, also of
    what is approved later.
    """

    catalog = models.OneToOneField(
        Catalog, on_delete=models.CASCADE, related_name="photo_publishing"
    )
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name_plural = "publishing of photos"

    def __str__(self) -> str:
        return f"photos of {self.catalog}"


class Feed(models.Model):
    """A saved export that a platform polls at an address of its own.

    Only the digest of its token is kept; the address is shown once. `fingerprint` is of what the
    feed was made of when it was last asked for, and `changed_at` when that was first seen.
    """

    catalog = models.ForeignKey(Catalog, on_delete=models.CASCADE, related_name="feeds")
    profile = models.ForeignKey(ExportProfile, on_delete=models.CASCADE, related_name="feeds")
    digest = models.CharField(max_length=64, unique=True, editable=False)
    prefix = models.CharField(max_length=12, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    fingerprint = models.CharField(max_length=64, blank=True, default="", editable=False)
    changed_at = models.DateTimeField(null=True, blank=True, editable=False)
    polled_at = models.DateTimeField(null=True, blank=True, editable=False)
    polled_by = models.CharField(max_length=200, blank=True, default="", editable=False)
    product_count = models.PositiveIntegerField(null=True, blank=True, editable=False)
    revoked_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        ordering: ClassVar = ["-created_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.prefix}… of {self.profile}"
