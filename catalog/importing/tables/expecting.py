"""About how many rows a file has, by how many end in its first bytes."""

from __future__ import annotations

import re
from pathlib import Path
from typing import IO

from catalog.importing.tables.limits import COUNTED_BYTES


def expected(path: Path, end: re.Pattern[bytes]) -> int:
    """As `scaled`, for all of a file."""
    with path.open("rb") as file:
        return scaled(file, end, path.stat().st_size)


def scaled(file: IO[bytes], end: re.Pattern[bytes], size: int) -> int:
    """About how many ends of rows there are in `size` bytes."""
    head = file.read(COUNTED_BYTES)
    # As UTF-16 writes letters of English.
    count = len(end.findall(head.replace(b"\x00", b"")))
    return round(count * size / len(head)) if head else 0
