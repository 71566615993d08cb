"""A bare OpenCLIP loop over a folder of photos: what a hand-made script does, done well.

    python -m tests.bench.bare MODEL PRETRAINED FOLDER

On the device that the engine takes, with the number types and batches that it may take: tries them
on some photos, then embeds all at the best; prints photos/s.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from PIL import Image

from prodintel.engine.encoder import device_for, dtypes_for
from prodintel.engine.tuning import MAX_BATCH

SMALLEST = 8
TRIAL = 64


def batches_on(device: str) -> list[int]:
    """Batch sizes to try: doubling, up to the engine's largest."""
    sizes = [SMALLEST]
    while sizes[-1] * 2 <= MAX_BATCH[device]:
        sizes.append(sizes[-1] * 2)
    return sizes


def main(name: str, pretrained: str, folder: str) -> None:
    import open_clip
    import torch

    if name.startswith("local-dir:"):
        from prodintel.engine import starter

        starter.register()
    model, _, preprocess = open_clip.create_model_and_transforms(
        name, pretrained=pretrained or None
    )
    device = device_for(os.environ.get("CLIP_DEVICE") or "auto")
    model = model.eval().to(device=device, memory_format=torch.channels_last)
    files = sorted(path for path in Path(folder).rglob("*") if path.is_file())
    trials = {}
    for dtype in [getattr(torch, name) for name in dtypes_for(device)]:
        converted = model.to(dtype=dtype)
        for batch in batches_on(device):
            _embed(converted, preprocess, files[:batch], batch)
            some = files[: max(TRIAL, batch * 2)]
            trials[_embed(converted, preprocess, some, batch)] = (dtype, batch)
        model = model.to(dtype=torch.float32)
    dtype, batch = trials[max(trials)]
    print(f"bare loop on {device} at {dtype}, batches of {batch}", file=sys.stderr)
    # Weights that went through a smaller dtype are not the originals, which costs no time.
    print(_embed(model.to(dtype=dtype), preprocess, files, batch))


def _embed(model: Any, preprocess: Any, files: list[Path], batch: int) -> float:
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

    weight = next(model.parameters())
    started = time.perf_counter()
    with ThreadPoolExecutor(2) as pool, torch.inference_mode():
        for futures in batches(pool):
            stack = torch.stack([future.result() for future in futures])
            stack = stack.to(weight.device, weight.dtype, memory_format=torch.channels_last)
            # Copying the result to the CPU waits for a GPU to be done.
            model.encode_image(stack, normalize=True).float().cpu()
    return len(files) / (time.perf_counter() - started)


if __name__ == "__main__":
    main(*sys.argv[1:4])
