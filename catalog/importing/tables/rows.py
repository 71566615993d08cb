from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from catalog.interchange.records import Problem


class FileRejected(Exception):  # noqa: N818 -- what happened to the file, as its callers call it
    """A file cannot be read; the message tells whoever brought it what to do."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


@dataclass
class Row:
    """A row of a table by its headers. `number` is as a spreadsheet counts, the first row being 1.

    A header that the row does not reach is missing. With an error among its problems the cells
    cannot be trusted.
    """

    number: int
    cells: dict[str, str]
    problems: list[Problem] = field(default_factory=list)

    @property
    def is_blank(self) -> bool:
        return not any(cell.strip() for cell in self.cells.values())

    @property
    def is_refused(self) -> bool:
        return any(problem.severity == "error" for problem in self.problems)


@dataclass(frozen=True)
class Layout:
    """How a file is to be read, found out once so that it is read the same way every time.

    `kind` is "csv" (of any delimiter), "xlsx", "xml" or "jsonl". `header_row` is where the headers
    stand as a spreadsheet counts, 0 where columns have no headers.
    """

    kind: str
    encoding: str = "utf-8"
    delimiter: str = ","
    quote: str = '"'
    sheet: str = ""
    header_row: int = 1
    headers: tuple[str, ...] = ()
    # Whether bytes that the encoding does not know are replaced, because a few are there.
    lossy: bool = False
    # Whether this is known of the beginning of the file alone; see `tables.settled`.
    is_partial: bool = False
    # About how many there are, by how long the first ones are: for progress, and nothing else.
    rows: int = field(default=0, compare=False)

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "headers": list(self.headers)}

    @classmethod
    def of_json(cls, document: dict[str, Any]) -> Layout:
        return cls(**{**document, "headers": tuple(document["headers"])})
