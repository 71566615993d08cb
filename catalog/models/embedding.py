from __future__ import annotations

import uuid
from typing import ClassVar

import numpy as np
from django.db import models
from django.db.models import Q
from django.utils import timezone

from catalog.models.photo import Photo
from catalog.models.product import Product
from prodintel.lib.work import Work


class SpaceState(models.TextChoices):
    FILLING = "filling", "Filling"
    LIVE = "live", "Live"
    RETIRED = "retired", "Retired"


class EmbeddingSpace(models.Model):
    """The vectors of one model with one preprocessing: one collection of the index. One is live.

    `clip_model` and `clip_pretrained` are the settings that loaded the model, so that it can be
    loaded again while the next one's space fills. `background` is a sample of the space's own
    vectors (float16, count x dimension), against which the scores of a query are judged.

    `key` names the collection: the number alone would be the same in another installation, which may
    use the same index server.

    `filled_index` is the identity of the index that holds all of the space's points, and empty from
    before they are put in until the last one is. Whoever puts them in holds `fill_token` until
    `fill_until`.
    """

    model_id = models.CharField(max_length=300)
    clip_model = models.CharField(max_length=500, blank=True, default="", editable=False)
    clip_pretrained = models.CharField(max_length=500, blank=True, default="", editable=False)
    dimension = models.PositiveSmallIntegerField()
    fingerprint = models.CharField(max_length=64, unique=True)
    key = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    state = models.CharField(
        max_length=8, choices=SpaceState.choices, default=SpaceState.FILLING, editable=False
    )
    background = models.BinaryField(null=True, blank=True, editable=False)
    background_count = models.PositiveIntegerField(default=0, editable=False)
    filled_index = models.CharField(max_length=64, blank=True, default="", editable=False)
    fill_token = models.UUIDField(null=True, blank=True, editable=False)
    fill_until = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    live_since = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["state"], condition=Q(state=SpaceState.LIVE), name="one_live_space"
            )
        ]

    def __str__(self) -> str:
        return f"{self.model_id} ({self.get_state_display()})"

    @property
    def collection(self) -> str:
        return f"space-{self.key.hex}"


class Embedding(models.Model):
    """A photo's vector in a space: L2-normalised, kept as float16 bytes. The index is made of these."""

    photo = models.ForeignKey(Photo, on_delete=models.CASCADE, related_name="embeddings")
    space = models.ForeignKey(EmbeddingSpace, on_delete=models.CASCADE, related_name="embeddings")
    vector = models.BinaryField(editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["photo", "space"], name="one_embedding_a_space")
        ]

    def __str__(self) -> str:
        return f"{self.photo_id} in {self.space_id}"

    @property
    def array(self) -> np.ndarray:
        """The vector as float32, shape (dimension,)."""
        return unpack_vectors(self.vector)


def pack_vectors(vectors: np.ndarray) -> bytes:
    return np.ascontiguousarray(vectors, dtype="<f2").tobytes()


def unpack_vectors(data: bytes | memoryview, dimension: int | None = None) -> np.ndarray:
    """float32 of shape (dimension,), or (count, dimension) when `dimension` is given."""
    flat = np.frombuffer(bytes(data), dtype="<f2").astype(np.float32)
    return flat if dimension is None else flat.reshape(-1, dimension)


class EmbedTask(Work):
    """A photo that waits for its vector in a space, or has it."""

    photo = models.ForeignKey(Photo, on_delete=models.CASCADE, related_name="embed_tasks")
    space = models.ForeignKey(EmbeddingSpace, on_delete=models.CASCADE, related_name="tasks")

    class Meta(Work.Meta):
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["photo", "space"], name="one_embed_task_a_space")
        ]

    def __str__(self) -> str:
        return f"embed {self.photo_id} ({self.state})"


class DescribeTask(Work):
    """A product that waits to be described, or has been."""

    product = models.OneToOneField(Product, on_delete=models.CASCADE, related_name="describe_task")

    def __str__(self) -> str:
        return f"describe {self.product_id} ({self.state})"
