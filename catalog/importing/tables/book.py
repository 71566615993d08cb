"""A workbook opened so that no more of it is read than somebody asks for.

openpyxl reads all texts of a workbook when it opens it, and looks through sheets that do not say how
large they are. Here texts are read as far as cells name them, and sheets row by row.
"""

from __future__ import annotations

import io
from typing import IO, Any
from xml.parsers import expat

from openpyxl.reader.excel import ExcelReader
from openpyxl.workbook.defined_name import DefinedNameList
from openpyxl.worksheet._read_only import ReadOnlyWorksheet
from openpyxl.xml.constants import SHARED_STRINGS, SHEET_MAIN_NS

_TEXT, _PIECE, _SPOKEN = (f"{SHEET_MAIN_NS}}}{name}" for name in ("si", "t", "rPh"))
_CHUNK = 65_536


class EnoughRead(Exception):  # noqa: N818 -- what happened is the name
    """More of the sheets is not looked at."""


class Texts:
    """The texts that cells name by numbers, read from `file` up to the furthest that was asked for."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._read: list[str] = []
        self._pieces: list[str] = []
        self._is_piece = False
        self._spoken = 0
        self._parser = expat.ParserCreate(namespace_separator="}")
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._characters
        self._parser.StartDoctypeDeclHandler = _refuse

    def __getitem__(self, index: int) -> str:
        """Raises IndexError, and ValueError where they cannot be read."""
        if index < 0:
            raise IndexError(index)
        try:
            while len(self._read) <= index:
                data = self._file.read(_CHUNK)
                self._parser.Parse(data, not data)
                if not data:
                    break
        except expat.ExpatError as error:
            raise ValueError(str(error)) from error
        return self._read[index]

    def close(self) -> None:
        self._file.close()

    def _start(self, name: str, _attributes: dict[str, str]) -> None:
        if name == _PIECE:
            self._is_piece = not self._spoken
        elif name == _SPOKEN:
            self._spoken += 1

    def _end(self, name: str) -> None:
        if name == _TEXT:
            self._read.append("".join(self._pieces).replace("x005F_", ""))
            self._pieces.clear()
        elif name == _PIECE:
            self._is_piece = False
        elif name == _SPOKEN:
            self._spoken -= 1

    def _characters(self, text: str) -> None:
        if self._is_piece:
            self._pieces.append(text)


def _refuse(*_declaration: object) -> None:
    """Declarations of entities can make much of little, and no program writes them there."""
    raise ValueError("It declares a document type.")


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
