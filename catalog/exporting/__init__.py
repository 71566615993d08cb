"""Products on their way out, in the formats that shops and channels read."""

from catalog.exporting.exports import Export, export_stream, filename
from catalog.exporting.formats import FORMATS, Format
from catalog.exporting.reading import exportable, records

__all__ = ["FORMATS", "Export", "Format", "export_stream", "exportable", "filename", "records"]
