"""What is asked of many cells, as JSON keeps it: values for some, or one thing done to all of a range."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from functools import cached_property
from typing import Any

from django.core.exceptions import ValidationError

from catalog.grid.lines import Cell, Line, read_key
from catalog.grid.sheet import same
from catalog.services.attribute_values import check_text
from catalog.services.errors import conflict

# What a page, pasted into as a whole, has room for.
MOST_CELLS = 5000
MOST_COLUMNS = 60
MOST_TEXT = 20_000


class Act(StrEnum):
    CELLS = "cells"
    SET = "set"
    CLEAR = "clear"
    REPLACE = "replace"


@dataclass(frozen=True)
class CellText:
    """A text for one cell. `before` is what it showed to who writes it, None where that is no matter."""

    row: str
    column: str
    text: str
    before: str | None = None


@dataclass(frozen=True)
class Operation:
    """`cells` for the act of that name; for the others the columns, and the keys of the rows: without
    any, every row of the products that it is done to. `find` that is empty fits empty cells, with
    `whole_cell`.
    """

    act: Act
    columns: tuple[str, ...] = ()
    rows: tuple[str, ...] = ()
    text: str = ""
    find: str = ""
    match_case: bool = False
    whole_cell: bool = False
    cells: tuple[CellText, ...] = ()

    def checked(self) -> Operation:
        """Itself. Raises ValidationError for what cannot be done, saying why."""
        if self.act == Act.CELLS:
            if not self.cells:
                raise conflict("cells", "Name at least one cell.")
            if len(self.cells) > MOST_CELLS:
                message = f"Change at most {MOST_CELLS:,} cells at once. Import a file for more."
                raise conflict("cells", message)
        elif not self.columns:
            raise conflict("columns", "Choose at least one column.")
        if len(set(self.used_columns)) > MOST_COLUMNS:
            raise conflict("columns", f"Change at most {MOST_COLUMNS} columns at once.")
        if self.act == Act.REPLACE and not self.find and not self.whole_cell:
            message = "Say what to find. To fill empty cells, match the whole cell."
            raise conflict("find", message)
        texts = (self.text, self.find, *(cell.text for cell in self.cells))
        if any(len(text) > MOST_TEXT for text in texts):
            raise conflict("text", f"A cell holds at most {MOST_TEXT:,} characters.")
        named = (part for cell in self.cells for part in (cell.row, cell.column, cell.before))
        for text in (*texts, *self.columns, *self.rows, *named):
            check_text("text", text)
        return self

    @property
    def used_columns(self) -> list[str]:
        return list(dict.fromkeys([*self.columns, *(cell.column for cell in self.cells)]))

    @property
    def named_rows(self) -> list[str]:
        return list(dict.fromkeys([*self.rows, *(cell.row for cell in self.cells)]))

    @cached_property
    def _cells(self) -> dict[int, list[tuple[tuple[int, int | None], CellText]]]:
        """The cells by the product in whose rows they stand, each with what its row's key names."""
        found: dict[int, list[tuple[tuple[int, int | None], CellText]]] = defaultdict(list)
        for cell in self.cells:
            if key := read_key(cell.row):
                found[key[0]].append((key, cell))
        return found

    def product_ids(self) -> list[int]:
        """The products whose rows are named."""
        return sorted({key[0] for row in self.named_rows if (key := read_key(row))})

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def of_json(cls, document: Mapping[str, Any]) -> Operation:
        return cls(
            **{
                **document,
                "act": Act(document["act"]),
                "columns": tuple(document["columns"]),
                "rows": tuple(document["rows"]),
                "cells": tuple(CellText(**cell) for cell in document["cells"]),
            }
        )

    def texts(self, lines: Iterable[Line]) -> Iterator[tuple[Line, str, str]]:
        """What the cells of some lines should say, with the column's key; only those it concerns."""
        if self.act == Act.CELLS:
            by_key = {line.key: line for line in lines}
            for product in dict.fromkeys(line.product for line in by_key.values()):
                for key, cell in self._cells.get(product, ()):
                    # A row that the product has not (any more) has no cells.
                    yield by_key.get(cell.row) or Line(*key), cell.column, cell.text
            return
        wanted = set(self.rows)
        for line in lines:
            if wanted and line.key not in wanted:
                continue
            for column in self.columns:
                text = self._text(line, column, named=bool(wanted))
                if text is not None:
                    yield line, column, text

    def _text(self, line: Line, column: str, *, named: bool) -> str | None:
        cell = line.cells.get(column)
        if cell is None:
            return None
        # Of all that match: a variant's own word, not what it has from its product.
        follows = not named and line.variant and column.startswith("attribute.")
        if cell.inherited if self.act == Act.REPLACE else follows and self._spares(cell):
            return None
        if self.act == Act.REPLACE:
            return self._replaced(cell.text)
        return "" if self.act == Act.CLEAR else self.text

    def _spares(self, cell: Cell) -> bool:
        return cell.inherited or self.act == Act.SET

    def _replaced(self, text: str) -> str | None:
        """The text with what is found replaced; None where nothing is."""
        if self.whole_cell:
            found = same(text, self.find) if self.match_case else _like(text, self.find)
            return self.text if found else None
        flags = re.NOFLAG if self.match_case else re.IGNORECASE
        replaced, count = re.subn(re.escape(self.find), lambda _: self.text, text, flags=flags)
        return replaced if count else None


def _like(one: str, other: str) -> bool:
    return one.strip().casefold() == other.strip().casefold()


def cells_of(values: Any) -> tuple[CellText, ...]:
    """Cells as a page's script sends them. Raises ValidationError for anything else."""
    if not isinstance(values, list) or not all(isinstance(each, dict) for each in values):
        raise ValidationError("Send cells as a list.")
    found = []
    for each in values:
        before = each.get("before")
        row, column, text = each.get("row"), each.get("column"), each.get("text")
        said = [row, column, text, "" if before is None else before]
        if not all(isinstance(part, str) for part in said):
            raise ValidationError("A cell has a row, a column and a text.")
        found.append(CellText(str(row), str(column), str(text), before))
    return tuple(found)
