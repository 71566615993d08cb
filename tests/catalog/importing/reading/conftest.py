"""Files of products, written as somebody's program writes them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from catalog.importing.reading import Inspection, ReadProduct, inspect, read_records

Reader = Callable[..., tuple[Inspection, list[ReadProduct]]]


@pytest.fixture
def file(tmp_path: Path) -> Callable[[str | bytes], Path]:
    """A file with this content, and with a name that says nothing."""

    def write(content: str | bytes, encoding: str = "utf-8") -> Path:
        path = tmp_path / "file"
        path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
        return path

    return write


@pytest.fixture
def read(file) -> Reader:
    """What is seen of a file, and its products as the file itself says what its columns are."""

    def inspected_and_read(content: str | bytes, **mapping: str) -> tuple:
        path = file(content)
        inspection = inspect(path, "file.csv")
        chosen = inspection.mapping | mapping
        return inspection, list(read_records(path, inspection, chosen))

    return inspected_and_read
