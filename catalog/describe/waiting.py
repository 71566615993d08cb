"""What the vision model would have to do now, for the page of language models."""

from __future__ import annotations

from catalog.describe.queue import UNFINISHED
from catalog.describe.usual import usual_call
from catalog.models import VisionTask
from prodintel.llm.types import Ability
from prodintel.llm.waiting import Waiting


def waiting_products() -> Waiting:
    """The products of all catalogues that wait for the vision model, or for a key, a call each."""
    count = VisionTask.objects.askable().filter(state__in=UNFINISHED).count()
    what = "product to describe" if count == 1 else "products to describe"
    return Waiting(what, Ability.VISION, count, usual_call().tokens)
