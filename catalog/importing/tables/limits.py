"""How large what is read may be. Each limit is far above any real catalogue and below any machine."""

from __future__ import annotations

MAX_FILE_BYTES = 1_000_000_000
MAX_ROWS = 1_000_000
MAX_COLUMNS = 1_000
# Of characters. Spreadsheets hold 32,767; csv's own limit is this one.
MAX_CELL = 131_072
MAX_ROW = 1_000_000
MAX_HEADER = 200
# A workbook unpacked, and its table of texts, which has to be in memory.
MAX_WORKBOOK_BYTES = 1_000_000_000
MAX_SHARED_TEXT_BYTES = 200_000_000
MAX_WORKBOOK_PARTS = 10_000
MAX_XML_DEPTH = 32
MAX_XML_NAMES = 10_000
# Between two rows of a sheet, or in all of a part that is in memory as a whole: bytes, and tags. A
# sheet has 16,384 columns, of a few tags each.
MAX_SHEET_ROW_BYTES = 16_000_000
MAX_TAGS = 400_000
MAX_SHARED_TEXT_TAGS = 8_000_000
# Rows that one product may have before it is handed on; more of them follow as a further part of it.
MAX_ROWS_OF_PRODUCT = 2_500

# How much of a file is looked at to find out what it is.
HEAD_BYTES = 65_536
# And so much to find out about how many rows there are.
COUNTED_BYTES = 1_000_000
# More than this nobody waits for who has just brought it: what follows is seen when it is read.
LOOKED_BYTES = 8_000_000
SAMPLE_ROWS = 2_000
SHOWN_ROWS = 20
SHOWN_CHARACTERS = 300
