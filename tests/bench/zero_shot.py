"""What zero-shot describing is worth: python -m tests.bench zero_shot [train] [sheets=FOLDER]

Takes the garment photos beside the repository (`../shared/data/clothing`; `validation/`, unless
`train` is asked for, which the starter was fitted on), each as a product, through the product's own
pipeline (engine, worker, ledger), and prints for each attribute how many products got a value.
A photo's folder says what its category should be. Nothing says what its colour, material and pattern
are: with `sheets`, a sample of 100 is drawn with what was said of each, for somebody to judge by eye.
"""

from __future__ import annotations

import random
import shutil
import sys
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw, ImageFont, ImageOps

from tests.bench import site

SAMPLE = 100
ACROSS, DOWN = 5, 5
CELL = (230, 270)
STALLED_SECONDS = 120.0
FIELDS = ("category", "color", "material", "pattern")
# Categories that a photo of a folder may rightly have; what lies below them counts as well.
RIGHT = {
    "dress": ("clothing/dresses",),
    "hat": ("clothing/hats",),
    # Long sleeves are what folders and categories divide differently.
    "longsleeve": ("clothing/long-sleeve-tops", "clothing/knitwear", "clothing/hoodies"),
    "outwear": ("clothing/outerwear", "clothing/suits"),
    "pants": ("clothing/trousers",),
    "shirt": ("clothing/shirts",),
    "shoes": ("shoes",),
    "shorts": ("clothing/shorts",),
    "skirt": ("clothing/skirts",),
    "t-shirt": ("clothing/t-shirts",),
}
Said = dict[str, tuple[list[Any], float]]


def main(split: str, sheets: Path | None) -> None:
    files = sorted((site.PHOTOS / split).glob("*/*.jpg"))
    if not files:
        print(f"There are no garment photos in {site.PHOTOS / split}.")
        return
    folder = site.set_up()
    try:
        said = _describe(files)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    _report(files, said)
    if sheets is not None:
        draw_sheets(files, said, sheets)


def _describe(files: list[Path]) -> list[Said]:
    """What the ledger says of each photo's product, in the order of the files."""
    from catalog.models import CurrentAttribute
    from catalog.services.photos import photo_stage
    from catalog.services.products import product_create

    catalog, _ = site.make_catalog()
    ids = []
    for file in files:
        staged = photo_stage(data=file.read_bytes(), name=file.name)
        made = product_create(catalog=catalog, actor=None, photos=[staged], allow_duplicate=True)
        ids.append(made.product.pk)
    with site.process("engine"):
        encoder = site.wait_for_encoder()
        print(f"encoder: {encoder.model_id}, {encoder.dtype}; {len(files)} photos")
        with site.process("worker"):
            _wait_until_described()
    found: dict[int, Said] = defaultdict(dict)
    for one in CurrentAttribute.objects.filter(field__in=FIELDS):
        found[one.product_id][one.field] = (one.value, one.confidence or 0.0)
    return [found[pk] for pk in ids]


def _wait_until_described() -> None:
    from catalog.models import DescribeTask

    open_before, moved = -1, time.monotonic()
    while waiting := DescribeTask.objects.exclude(state__in=["done", "failed"]).count():
        if waiting != open_before:
            open_before, moved = waiting, time.monotonic()
        if time.monotonic() - moved > STALLED_SECONDS:
            raise TimeoutError(f"{waiting} products wait to be described, and none is any more.")
        time.sleep(0.5)


def verdict(kind: str, path: str | None) -> str:
    """How a category fits a folder: right, only higher up in the tree, wrong, or none given."""
    if not path:
        return "none"
    for good in RIGHT[kind]:
        if path == good or path.startswith(f"{good}/"):
            return "right"
        if good.startswith(f"{path}/"):
            return "coarse"
    return "wrong"


def _report(files: list[Path], said: list[Said]) -> None:
    counts: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    bands: dict[float, list[bool]] = defaultdict(list)
    for file, one in zip(files, said, strict=True):
        kind = file.parent.name
        value, confidence = one.get("category", ([None], 0.0))
        answer = verdict(kind, value[0] if value else None)
        for name in (kind, "all"):
            counts[name][answer] += 1
        if answer != "none":
            bands[min(int(confidence * 10), 9) / 10].append(answer != "wrong")
    print("\ncategory    photos  right  coarse  wrong  none   right of what was said")
    for kind, found in counts.items():
        total = sum(found.values())
        spoken = total - found["none"]
        share = (found["right"] + found["coarse"]) / spoken if spoken else 0
        row = "  ".join(f"{found[name]:5d}" for name in ("right", "coarse", "wrong", "none"))
        print(f"{kind:10s}  {total:6d}  {row}   {share:.3f}")
    print("\ncategory, confidence said: right or coarse of all")
    for band, rights in sorted(bands.items()):
        print(
            f"{band:.1f}-{band + 0.1:.1f}: {sum(rights)}/{len(rights)} = {sum(rights) / len(rights):.2f}"
        )
    print("\nfield     products with a value")
    for field in FIELDS:
        print(f"{field:9s} {sum(field in one for one in said)}/{len(said)}")


def draw_sheets(files: list[Path], said: list[Said], folder: Path) -> None:
    """A sample, the same each time, as numbered PNG sheets with what was said below each photo."""
    folder.mkdir(parents=True, exist_ok=True)
    numbers = sorted(random.Random(1).sample(range(len(files)), min(SAMPLE, len(files))))
    font = ImageFont.load_default(13)
    for start in range(0, len(numbers), ACROSS * DOWN):
        sheet = Image.new("RGB", (CELL[0] * ACROSS, CELL[1] * DOWN), "white")
        drawing = ImageDraw.Draw(sheet)
        for place, number in enumerate(numbers[start : start + ACROSS * DOWN]):
            left, top = place % ACROSS * CELL[0], place // ACROSS * CELL[1]
            with Image.open(files[number]) as photo:
                small = ImageOps.exif_transpose(photo).convert("RGB")
            small.thumbnail((CELL[0] - 10, CELL[1] - 70))
            sheet.paste(small, (left + 5, top + 5))
            lines = [f"{start + place + 1} {files[number].parent.name}"]
            lines += [
                f"{field[:3]}: {', '.join(value or [])} {confidence:.2f}"
                for field, (value, confidence) in sorted(said[number].items())
            ]
            for line, text in enumerate(lines):
                drawing.text((left + 5, top + CELL[1] - 64 + line * 13), text, "black", font)
        file = folder / f"{start // (ACROSS * DOWN) + 1}.png"
        sheet.save(file)
        print("sheet:", file)


if __name__ == "__main__":
    wanted = next((word for word in sys.argv[1:] if word.startswith("sheets=")), "")
    main(
        "train" if "train" in sys.argv[1:] else "validation",
        Path(wanted.removeprefix("sheets=")) if wanted else None,
    )
