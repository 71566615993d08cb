from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone

from catalog.models.catalog import Catalog


class ExportProfile(models.Model):
    """An export that somebody set up, to be done again or to be polled as a feed.

    `format` is a name of `catalog.exporting.formats`, `columns` their headers in order (empty: all),
    `options` the rest (what is exported: `approved_only`, the product list's filters, ...).
    """

    catalog = models.ForeignKey(Catalog, on_delete=models.CASCADE, related_name="export_profiles")
    name = models.CharField(max_length=120)
    format = models.CharField(max_length=20)
    columns = models.JSONField(default=list, blank=True)
    options = models.JSONField(default=dict, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering: ClassVar = ["name", "pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["catalog", "name"],
                name="export_profile_name",
                violation_error_message="Another saved export of this catalogue has this name.",
            )
        ]

    def __str__(self) -> str:
        return self.name
