from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone

from catalog.models.catalog import Catalog
from catalog.models.embedding import EmbeddingSpace


class SearchPhoto(models.Model):
    """A photo that somebody searches with, kept for a while so that the address can be shared.

    `image` is a small WebP without metadata; `vector` its embedding in `space`.
    """

    token = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    catalog = models.ForeignKey(Catalog, on_delete=models.CASCADE, related_name="+")
    image = models.BinaryField(editable=False)
    space = models.ForeignKey(
        EmbeddingSpace, null=True, on_delete=models.SET_NULL, related_name="+", editable=False
    )
    vector = models.BinaryField(null=True, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False, db_index=True)

    def __str__(self) -> str:
        return str(self.token)
