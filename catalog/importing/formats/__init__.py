"""The kinds of files that products come in, the first that recognises a file being its kind."""

from __future__ import annotations

from catalog.importing.formats.base import ReadProduct, TableFormat
from catalog.importing.formats.google import GoogleFormat, MetaFormat
from catalog.importing.formats.json_lines import JsonLinesFormat
from catalog.importing.formats.own import OwnFormat
from catalog.importing.formats.shopify import ShopifyFormat
from catalog.importing.formats.woocommerce import WooCommerceFormat
from catalog.importing.tables import Layout

__all__ = ["FORMATS", "ReadProduct", "TableFormat", "format_of"]

FORMATS: dict[str, TableFormat] = {
    each.name: each
    for each in (
        JsonLinesFormat(),
        OwnFormat(),
        ShopifyFormat(),
        WooCommerceFormat(),
        MetaFormat(),
        GoogleFormat(),
        TableFormat(),
    )
}


def format_of(layout: Layout) -> TableFormat:
    return next(each for each in FORMATS.values() if each.recognises(layout))
