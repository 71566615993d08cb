"""The files of a whole catalogue, made for a bench: a table, and photos that are all different."""

from __future__ import annotations

import csv
import io
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.bench.search import COLORS, WORDS

MATERIALS = ("cotton", "linen", "leather", "ceramic", "steel")
SIDE = 320
TENTH = 10
HEADERS = ("SKU", "Title", "Description", "Brand", "Price", "Color", "Material", "Image")


@dataclass(frozen=True)
class Plan:
    """What is brought, and in which phases the worker is killed."""

    rows: int = 50_000
    photos: int = 20_000
    kind: str = "csv"
    kills: tuple[str, ...] = ("products",)
    settle: bool = False

    @classmethod
    def of(cls, words: list[str]) -> Plan:
        numbers = [int(word) for word in words if word.isdigit()]
        kills = [word.partition("=")[2] for word in words if word.startswith("kill=")]
        return cls(
            rows=numbers[0] if numbers else cls.rows,
            photos=numbers[1] if len(numbers) > 1 else cls.photos,
            kind="xlsx" if "xlsx" in words else "csv",
            kills=tuple(name for name in kills[-1].split(",") if name != "none")
            if kills
            else cls.kills,
            settle="settle" in words,
        )

    @property
    def tenth(self) -> Plan:
        return Plan(self.rows // TENTH, self.photos // TENTH, self.kind, self.kills)


def table_rows(plan: Plan, name: str) -> Iterator[tuple[str, ...]]:
    """A product each; the photos are spread evenly over them."""
    for n in range(plan.rows):
        photo = n * plan.photos // plan.rows
        has_photo = (n + 1) * plan.photos // plan.rows > photo
        yield (
            f"{name}-{n:06}",
            f"{COLORS[n % len(COLORS)]} {WORDS[n % len(WORDS)]} number {n}".capitalize(),
            f"A {WORDS[n % len(WORDS)]} for every day. It is number {n} of a long shelf. " * 2,
            f"Brand {n % 40}",
            f"{n % 90 + 5}.90",
            COLORS[n % len(COLORS)],
            MATERIALS[n % len(MATERIALS)],
            f"photos/{photo:06}.jpg" if has_photo else "",
        )


def write_archive(path: Path, plan: Plan, name: str) -> None:
    """A zip of the table and its photos, which are all different, on the disk."""
    with zipfile.ZipFile(path, "w") as archive:
        if plan.kind == "xlsx":
            with tempfile.NamedTemporaryFile(dir=path.parent, suffix=".xlsx") as file:
                _write_workbook(file.name, plan, name)
                archive.write(file.name, "catalogue.xlsx", zipfile.ZIP_DEFLATED)
        else:
            with (
                archive.open("catalogue.csv", "w") as file,
                io.TextIOWrapper(file, "utf-8", newline="") as text,
            ):
                writer = csv.writer(text)
                writer.writerow(HEADERS)
                writer.writerows(table_rows(plan, name))
        for number, data in enumerate(photos(plan.photos, seed=plan.rows)):
            archive.writestr(f"photos/{number:06}.jpg", data)


def _write_workbook(path: str, plan: Plan, name: str) -> None:
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    sheet = book.create_sheet("Products")
    sheet.append(HEADERS)
    for row in table_rows(plan, name):
        sheet.append(row)
    book.save(path)


def photos(count: int, seed: int) -> Iterator[bytes]:
    import numpy as np
    from PIL import Image

    random = np.random.default_rng(seed)
    for _ in range(count):
        coarse = Image.fromarray(random.integers(0, 255, (8, 8, 3), dtype=np.uint8))
        buffer = io.BytesIO()
        coarse.resize((SIDE, SIDE), Image.Resampling.BILINEAR).save(buffer, "JPEG", quality=80)
        yield buffer.getvalue()
