from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.live_site import LiveSite, PreparedSite, live_site


@pytest.fixture
def site(prepared: PreparedSite, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveSite]:
    """A site of the test's own, not started yet."""
    with live_site(prepared, tmp_path_factory.mktemp("site")) as running:
        yield running
