"""What the starter encoder is worth: python -m tests.bench.starter [--starter FOLDER] [--plain]

Measures, through OpenCLIP's ordinary loading code, on the clothing photos beside the repository
(``../shared/data/clothing``) and on the demo catalogue's photos:

- zero-shot accuracy over the ten classes of ``validation/``, class names alone and in a prompt;
- right ones among the first ten of plain garment queries, all photos and demo photos in one pool,
  and the validation photos alone;
- how far colour words put photos of that colour first;
- how many of a photo's five nearest photos are of its class;
- demo photos: how many of the first five hits for each kind's word are of that kind.

``--plain`` measures the plain ConSE recipe (ImageNet's names, no probes, no colours) instead.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
import tomllib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import open_clip
import torch
from PIL import Image, ImageOps
from torch import Tensor
from torch.nn import functional

from prodintel.engine import starter
from prodintel.engine.starter import layout
from prodintel.engine.starter.colours import SWATCHES

ROOT = Path(__file__).resolve().parents[2]
CLOTHING = ROOT.parent / "shared" / "data" / "clothing"
DEMO = ROOT / "catalog" / "demo"
BATCH = 32
FIRST = 10

NAMES = {
    "dress": "dress",
    "hat": "hat",
    "longsleeve": "long sleeve shirt",
    "outwear": "outerwear",
    "pants": "pants",
    "shirt": "shirt",
    "shoes": "shoes",
    "shorts": "shorts",
    "skirt": "skirt",
    "t-shirt": "t-shirt",
}
QUERIES = NAMES | {"outwear": "jacket"}
COLOURED = ("red", "blue", "black", "white", "green", "pink", "grey")


@dataclass(frozen=True)
class Photos:
    """Paths, what each shows, and unit vectors (n, dimension)."""

    paths: list[Path]
    kinds: np.ndarray[Any, Any]
    vectors: Tensor


class Encoder:
    """A model as OpenCLIP loads it, or the plain recipe from the same towers."""

    def __init__(self, folder: Path, *, plain: bool, bf16: bool) -> None:
        starter.register()
        name = f"local-dir:{folder}"
        model, _, self.preprocess = open_clip.create_model_and_transforms(
            name, precision="pure_bf16" if bf16 else "fp32"
        )
        self.model = model.eval().to(memory_format=torch.channels_last)
        self.dtype = torch.bfloat16 if bf16 else torch.float32
        self.tokenizer = open_clip.get_tokenizer(name)
        self.plain = plain
        if plain:
            self.labels = self.texts(list(open_clip.zero_shot_metadata.IMAGENET_CLASSNAMES))

    @torch.no_grad()
    def texts(self, texts: list[str]) -> Tensor:
        ids = self.tokenizer(texts)
        if self.plain:
            mask = ids != 0
            tower = self.model.text.transformer
            hidden = super(type(tower), tower).forward(input_ids=ids, attention_mask=mask.long())
            weights = mask[..., None].float()
            mean = (hidden.last_hidden_state * weights).sum(1) / weights.sum(1)
            return functional.normalize(mean, dim=-1)
        return self.model.encode_text(ids, normalize=True).float()

    @torch.no_grad()
    def images(self, pixels: Tensor) -> Tensor:
        pixels = pixels.to(self.dtype, memory_format=torch.channels_last)
        if self.plain:
            return functional.normalize(
                self.model.visual.trunk.backbone(pixels).softmax(-1) @ self.labels, dim=-1
            )
        return self.model.encode_image(pixels, normalize=True).float()

    def photos(self, paths: list[Path], kinds: list[str]) -> Photos:
        def load(path: Path) -> Tensor:
            with Image.open(path) as picture:
                return self.preprocess(ImageOps.exif_transpose(picture).convert("RGB"))

        rows = []
        with ThreadPoolExecutor(2) as pool:
            for start in range(0, len(paths), BATCH):
                batch = list(pool.map(load, paths[start : start + BATCH]))
                rows.append(self.images(torch.stack(batch)))
        return Photos(paths, np.array(kinds), torch.cat(rows))


def clothing(encoder: Encoder, split: str) -> Photos:
    """The clothing photos of a split; ``*`` for both."""
    paths = sorted(CLOTHING.glob(f"{split}/*/*.jpg"))
    return encoder.photos(paths, [path.parent.name for path in paths])


def demo(encoder: Encoder) -> Photos:
    """The demo catalogue's photos, each with its product's kind."""
    file = DEMO / "products.toml"
    products = tomllib.loads(file.read_text())["products"] if file.is_file() else []
    found = [
        (DEMO / "photos" / photo["file"], product["kind"])
        for product in products
        for photo in product["photos"]
        if (DEMO / "photos" / photo["file"]).is_file()
    ]
    if not found:
        return Photos([], np.array([]), torch.zeros(0, 0))
    return encoder.photos([path for path, _ in found], [kind for _, kind in found])


def accuracy(encoder: Encoder, photos: Photos, prompt: str) -> float:
    """Share of photos whose nearest class text is their own."""
    classes = encoder.texts([prompt.format(name) for name in NAMES.values()])
    nearest = (photos.vectors @ classes.T).argmax(1).numpy()
    return float((np.array(list(NAMES))[nearest] == photos.kinds).mean())


def hits(query: Tensor, photos: Photos, right: Callable[[str], bool], first: int) -> int:
    """How many of the first hits are right."""
    best = (photos.vectors @ query).argsort(descending=True)[:first]
    return sum(right(photos.kinds[index]) for index in best.tolist())


def precision(encoder: Encoder, photos: Photos) -> dict[str, int]:
    """Right ones among the first ten, for each plain garment query."""
    texts = encoder.texts(list(QUERIES.values()))
    return {
        query: hits(text, photos, lambda kind, wanted=wanted: kind == wanted, FIRST)
        for (wanted, query), text in zip(QUERIES.items(), texts, strict=True)
    }


def colours(encoder: Encoder, photos: Photos) -> dict[str, str]:
    """For "<colour> <garment>": of the first ten, how many are of the garment, and the share of the
    colour in them against its share in all photos of the garment.
    """
    report = {}
    shares = photos.vectors[:, layout.COLOUR_PART] ** 2
    shares = shares / shares.sum(1, keepdim=True)
    for colour in COLOURED:
        column = shares[:, list(SWATCHES).index(colour)].numpy()
        for wanted in ("dress", "t-shirt", "shoes"):
            text = encoder.texts([f"{colour} {NAMES[wanted]}"])[0]
            best = (photos.vectors @ text).argsort(descending=True)[:FIRST].numpy()
            right = int((photos.kinds[best] == wanted).sum())
            usual = column[photos.kinds == wanted].mean()
            report[f"{colour} {wanted}"] = (
                f"{right}/10, {column[best].mean():.2f} against {usual:.2f}"
            )
    return report


def neighbours(photos: Photos, first: int = 5) -> float:
    """Share of a photo's nearest photos that are of its kind."""
    near = photos.vectors @ photos.vectors.T
    near.fill_diagonal_(-1.0)
    best = near.argsort(1, descending=True)[:, :first].numpy()
    return float((photos.kinds[best] == photos.kinds[:, None]).mean())


def demo_report(encoder: Encoder, shown: Photos, pool: Photos) -> dict[str, Any]:
    """For each kind's word, the share of its photos among as many first hits (five at most):
    among the demo's photos, and among all.
    """
    everything = Photos(
        pool.paths + shown.paths,
        np.concatenate([pool.kinds, shown.kinds]),
        torch.cat([pool.vectors, shown.vectors]),
    )
    report: dict[str, Any] = {}
    for kind in sorted(set(shown.kinds.tolist())):
        text = encoder.texts([kind.replace("_", " ").replace("-", " ")])[0]
        first = min(5, int((shown.kinds == kind).sum()))
        report[kind] = [
            f"{hits(text, photos, lambda found, kind=kind: found == kind, first)}/{first}"
            for photos in (shown, everything)
        ]
    for column, name in enumerate(("among the demo's", "among all")):
        counts = [value[column].split("/") for value in report.values() if isinstance(value, list)]
        report[name] = round(sum(int(a) for a, _ in counts) / sum(int(b) for _, b in counts), 3)
    return report


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--starter", type=Path, default=Path(tempfile.gettempdir()) / "starter")
    parser.add_argument("--plain", action="store_true")
    parser.add_argument("--bf16", action="store_true")
    options = parser.parse_args()
    encoder = Encoder(
        starter.assemble(options.starter, print), plain=options.plain, bf16=options.bf16
    )
    started = time.monotonic()
    everything = clothing(encoder, "*")
    rate = len(everything.paths) / (time.monotonic() - started)
    held = np.array([path.parent.parent.name == "validation" for path in everything.paths])
    validation = Photos(
        [path for path in everything.paths if path.parent.parent.name == "validation"],
        everything.kinds[held],
        everything.vectors[torch.tensor(held)],
    )
    shown = demo(encoder)
    report: dict[str, Any] = {
        "photos a second": round(rate, 1),
        "accuracy, names": round(accuracy(encoder, validation, "{}"), 3),
        "accuracy, prompt": round(accuracy(encoder, validation, "a photo of a {}"), 3),
        "right of ten, all photos": precision(encoder, everything),
        "right of ten, validation": precision(encoder, validation),
        "neighbours of the same class": round(neighbours(everything), 3),
        "neighbours, validation": round(neighbours(validation), 3),
    }
    if not options.plain:
        report["colours"] = colours(encoder, everything)
    if shown.paths:
        report["demo"] = demo_report(encoder, shown, everything)
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
