"""A workbook opened so that no more of it is read than somebody asks for.

openpyxl reads all texts of a workbook when it opens it, and looks through sheets that do not say how
large they are. Here texts are read as far as cells name them, and sheets row by row.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import IO, Any

from openpyxl.reader.excel import ExcelReader
from openpyxl.workbook.defined_name import DefinedNameList
from openpyxl.worksheet._read_only import ReadOnlyWorksheet
from openpyxl.xml.constants import SHARED_STRINGS, SHEET_MAIN_NS
from openpyxl.xml.functions import iterparse

_TEXT, _PIECE = f"{{{SHEET_MAIN_NS}}}si", f"{{{SHEET_MAIN_NS}}}t"
_SPOKEN = f"{{{SHEET_MAIN_NS}}}rPh"


class EnoughRead(Exception):  # noqa: N818 -- what happened is the name
    """More of the sheets is not looked at."""


class Texts:
    """The texts that cells name by numbers, read from `file` up to the furthest that was asked for."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._read: list[str] = []
        self._rest = _texts(file)

    def __getitem__(self, index: int) -> str:
        if index < 0:
            raise IndexError(index)
        while len(self._read) <= index:
            try:
                self._read.append(next(self._rest))
            except StopIteration as end:
                raise IndexError(index) from end
        return self._read[index]

    def close(self) -> None:
        self._file.close()


def _texts(file: IO[bytes]) -> Iterator[str]:
    events = iterparse(file, ["start", "end"])
    _, root = next(events)
    for event, element in events:
        if event == "end" and element.tag == _TEXT:
            for spoken in element.findall(_SPOKEN):
                element.remove(spoken)
            text = "".join(piece.text or "" for piece in element.iter(_PIECE))
            yield text.replace("x005F_", "")
            # What was read would stay otherwise, as long as the rest is read.
            root.clear()


class Bound:
    """How many bytes more may be read of a workbook's sheets; of any number without a number."""

    def __init__(self, left: int | None = None) -> None:
        self._left = left

    def count(self, size: int) -> None:
        """Raises EnoughRead."""
        if self._left is None:
            return
        if self._left <= 0:
            raise EnoughRead
        self._left -= size


class _Bounded(io.RawIOBase):
    """A file that is read as far as a bound lets it."""

    def __init__(self, file: IO[bytes], bound: Bound) -> None:
        self._file, self._bound = file, bound

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(size)
        self._bound.count(len(data))
        return data

    def close(self) -> None:
        self._file.close()
        super().close()


class _Sheet(ReadOnlyWorksheet):
    """A sheet that takes nobody's word for its size."""

    bound = Bound()

    def _get_size(self) -> None:
        """Called when it is made; else it would be looked through here."""

    def _get_source(self) -> Any:
        return _Bounded(super()._get_source(), self.bound)  # type: ignore[misc]  # it has one


class BookReader(ExcelReader):
    """Opens the workbook in `file`, and closes it."""

    def __init__(self, file: IO[bytes], bound: Bound) -> None:
        super().__init__(file, read_only=True, data_only=True, keep_links=False)
        self._bound = bound
        self._texts: Texts | None = None

    def open(self) -> Any:
        """The workbook. Raises what openpyxl does."""
        self.read()
        return self.wb

    def close(self) -> None:
        if self._texts is not None:
            self._texts.close()
        self.archive.close()

    def read_strings(self) -> None:
        part = self.package.find(SHARED_STRINGS)
        if part is not None:
            self._texts = Texts(self.archive.open(part.PartName[1:]))
            self.shared_strings = self._texts  # type: ignore[assignment]  # asked by number alone

    def read_worksheets(self) -> None:
        for sheet, relation in self.parser.find_sheets():
            if relation.target in self.valid_files and "chartsheet" not in relation.Type:
                found = _Sheet(self.wb, sheet.name, relation.target, self.shared_strings)
                found.bound, found.sheet_state = self._bound, sheet.state or "visible"
                self.wb._sheets.append(found)  # type: ignore[attr-defined]  # noqa: SLF001 -- as openpyxl does
        # Names of ranges go by the places of sheets, of which some were left out.
        self.parser.defined_names = DefinedNameList()  # type: ignore[attr-defined]  # it has them
