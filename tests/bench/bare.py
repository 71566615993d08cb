"""A bare OpenCLIP loop over a folder of photos: what a hand-made script does, done well.

    python -m tests.bench.bare MODEL PRETRAINED FOLDER

Tries dtypes and batch sizes on a few photos, then embeds them all at the best; prints photos/s.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from PIL import Image

BATCHES = (8, 16, 32)
TRIAL = 64


def main(name: str, pretrained: str, folder: str) -> None:
    import open_clip
    import torch

    if name.startswith("local-dir:"):
        from prodintel.engine import starter

        starter.register()
    model, _, preprocess = open_clip.create_model_and_transforms(
        name, pretrained=pretrained or None
    )
    model = model.eval().to(memory_format=torch.channels_last)
    files = sorted(path for path in Path(folder).rglob("*") if path.is_file())
    trials = {}
    for dtype in (torch.float32, torch.bfloat16):
        converted = model.to(dtype=dtype)
        for batch in BATCHES:
            _embed(converted, preprocess, files[: batch * 2], batch, dtype)
            trials[_embed(converted, preprocess, files[:TRIAL], batch, dtype)] = (dtype, batch)
        model = model.to(dtype=torch.float32)
    dtype, batch = trials[max(trials)]
    print(f"bare loop at {dtype}, batches of {batch}", file=sys.stderr)
    # Weights that went through a smaller dtype are not the originals, which costs no time.
    print(_embed(model.to(dtype=dtype), preprocess, files, batch, dtype))


def _embed(model: Any, preprocess: Any, files: list[Path], batch: int, dtype: Any) -> float:
    """Photos a second, reading and decoding in threads while the model runs."""
    import torch

    def read(file: Path) -> Any:
        with Image.open(file) as image:
            return preprocess(image.convert("RGB"))

    def batches(pool: ThreadPoolExecutor) -> Iterator[Any]:
        ahead: list[list[Any]] = []
        for start in range(0, len(files), batch):
            ahead.append([pool.submit(read, file) for file in files[start : start + batch]])
            if len(ahead) > 2:
                yield ahead.pop(0)
        yield from ahead

    started = time.perf_counter()
    with ThreadPoolExecutor(2) as pool, torch.inference_mode():
        for futures in batches(pool):
            stack = torch.stack([future.result() for future in futures])
            stack = stack.to(dtype=dtype, memory_format=torch.channels_last)
            model.encode_image(stack, normalize=True).float()
    return len(files) / (time.perf_counter() - started)


if __name__ == "__main__":
    main(*sys.argv[1:4])
