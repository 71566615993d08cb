"""Whose fault it is when a product is not described: its own, or something outside of the work."""

from __future__ import annotations

import time
import uuid

import structlog

from catalog.models import VisionTask
from prodintel.llm.types import LanguageModelError

logger = structlog.get_logger(__name__)
# A product at whose call the provider fails so often in a row, while nothing else is answered that
# would tell whom it lies with, is taken for the cause: nothing is tried for ever.
SETBACKS = 12
UNFORESEEN = "Describing this product went wrong in an unforeseen way ({error}); the log says more."


def went_wrong(task: VisionTask, token: uuid.UUID, error: Exception) -> None:
    """What nobody foresaw costs this product a try, and no other product anything."""
    logger.error("product not described", product=task.product_id, exc_info=error)
    reason = UNFORESEEN.format(error=type(error).__name__)
    VisionTask.objects.fail(token, [task.pk], error=reason)


class Setbacks:
    """Which products' calls the provider failed at, and when it last answered anybody."""

    def __init__(self) -> None:
        self._answered_at = 0.0
        self._of: dict[int, tuple[int, float]] = {}

    def answered(self, task: VisionTask) -> None:
        """The provider works, and for this product."""
        self._answered_at = time.monotonic()
        self._of.pop(task.pk, None)

    def is_to_blame(self, task: VisionTask, error: LanguageModelError) -> bool:
        """Whether it is this product that makes the provider fail: again and again, and others are
        answered in between. Counts the failure.
        """
        if error.code != "unavailable" or not error.sent:
            return False
        count, failed_at = self._of.get(task.pk, (0, 0.0))
        self._of[task.pk] = count + 1, time.monotonic()
        return count >= SETBACKS or 0 < failed_at < self._answered_at
