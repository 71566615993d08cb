"""Renders the demo catalogue's product photos.

    python catalog/demo/render.py --out DIR [--only HANDLE] [--size 384] [--threads 1]

Needs `requirements-render.txt`, whose Blender module runs on Python 3.11. `shots.toml` says what
stands in front of the camera for each photo of `products.toml`. Writes WebP, and PNG beside it
with `--png`.
"""

from __future__ import annotations

import argparse
import sys
import time
import tomllib
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent


def main() -> int:
    """Renders what was asked for; returns the exit status."""
    options = _options()
    shots = tomllib.loads((HERE / "shots.toml").read_text())
    wanted = _wanted(options.only, shots)
    if not wanted:
        print(f"no photo for {', '.join(options.only)}", file=sys.stderr)  # noqa: T201
        return 2
    options.out.mkdir(parents=True, exist_ok=True)
    for number, name in enumerate(wanted, 1):
        target = options.out / name
        if options.missing and target.exists():
            continue
        started = time.monotonic()
        _photo(shots[name], target, options)
        took = time.monotonic() - started
        print(f"{number}/{len(wanted)} {name} {took:.1f} s", flush=True)  # noqa: T201
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--out", type=Path, required=True, help="folder for the photos")
    parser.add_argument("--only", nargs="*", default=[], help="handles, or photo file names")
    parser.add_argument("--size", type=int, default=384, help="pixels a side")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--samples", type=int, default=8)
    parser.add_argument("--quality", type=int, default=86, help="of the WebP file")
    parser.add_argument("--missing", action="store_true", help="keep photos that are there")
    parser.add_argument("--png", action="store_true", help="keep the PNG too")
    return parser.parse_args()


def _wanted(only: list[str], shots: dict[str, Any]) -> list[str]:
    if not only:
        return list(shots)
    products = tomllib.loads((HERE / "products.toml").read_text())["products"]
    files = {p["handle"]: [photo["file"] for photo in p["photos"]] for p in products}
    return [name for key in only for name in files.get(key, [key] if key in shots else [])]


def _photo(shot: dict[str, Any], target: Path, options: argparse.Namespace) -> None:
    """One photo: `shot` is its table in shots.toml, where glass asks for more samples."""
    from PIL import Image
    from rendering import catalogue, studio

    studio.clear()
    catalogue.build(shot["build"], shot.get("with", {}))
    png = target.with_suffix(".png")
    studio.shoot(
        studio.View(**shot.get("view", {})),
        png,
        size=options.size,
        threads=options.threads,
        samples=shot.get("samples", options.samples),
    )
    with Image.open(png) as picture:
        picture.convert("RGB").save(target, quality=options.quality, method=6)
    if not options.png:
        png.unlink()


if __name__ == "__main__":
    sys.exit(main())
