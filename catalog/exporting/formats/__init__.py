"""One module a file format that is written."""

from catalog.exporting.formats.archive import ZIP
from catalog.exporting.formats.base import Choice, Format, Writing
from catalog.exporting.formats.google import GOOGLE, GOOGLE_XML
from catalog.exporting.formats.meta import META
from catalog.exporting.formats.own import CSV, JSONL, XLSX
from catalog.exporting.formats.shopify import SHOPIFY
from catalog.exporting.formats.woocommerce import WOOCOMMERCE

FORMATS: dict[str, Format] = {
    form.name: form
    for form in (CSV, XLSX, JSONL, SHOPIFY, WOOCOMMERCE, GOOGLE, GOOGLE_XML, META, ZIP)
}

__all__ = ["FORMATS", "Choice", "Format", "Writing"]
