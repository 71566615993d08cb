"""What tests of the tools need: catalogues at work, as the catalogue's own tests have them."""

from __future__ import annotations

from tests.catalog.conftest import (  # noqa: F401 -- fixtures
    catalog,
    embedder,
    encoder,
    engine,
    indexer,
    ingest,
    make_product,
    no_engine,
    person,
    site_engine,
    vocabulary,
)
