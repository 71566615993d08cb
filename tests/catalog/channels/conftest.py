from __future__ import annotations

import pytest

from catalog.channels.keeping import ReadinessChecker
from catalog.models import ReadinessGap


@pytest.fixture
def keep():
    """Runs the readiness runner's work until it finds none."""

    def run():
        checker = ReadinessChecker()
        while checker.step():
            pass

    return run


@pytest.fixture
def lacks(keep):
    """What a product lacks for a channel, once all is checked."""

    def lacking(product, channel="google"):
        keep()
        gaps = ReadinessGap.objects.filter(product=product, target__channel=channel)
        return set(gaps.values_list("requirement", flat=True))

    return lacking
