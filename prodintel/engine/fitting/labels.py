"""Write the starter's label bank: python -m prodintel.engine.fitting.labels

What each class of the starter's classifiers means, as text vectors. The bank is committed, not made
on each machine: every starter then has the same weights to the last bit, so that machines which
share a catalogue agree on what space its vectors are in. Write it again when the text tower, the
class names or the garment labels change.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import torch
from open_clip.zero_shot_metadata import IMAGENET_CLASSNAMES
from safetensors.torch import save_file
from timm.data import ImageNetInfo
from torch import Tensor
from torch.nn import functional
from transformers import AutoTokenizer

from prodintel.engine.starter import assembly, layout, weights
from prodintel.engine.starter.garments import GARMENTS, GATE
from prodintel.engine.starter.text_tower import StarterTextModel

_BATCH = 64


def embed(model: StarterTextModel, folder: Path, texts: list[str]) -> Tensor:
    """(n, meaning) unit vectors of whole texts, prompt and colour words included."""
    tokenizer = AutoTokenizer.from_pretrained(folder)
    vectors = torch.zeros(len(texts), layout.MEANING)
    # Texts of like length together: padding would otherwise be half of the work.
    order = sorted(range(len(texts)), key=lambda index: len(texts[index]))
    with torch.no_grad():
        for start in range(0, len(texts), _BATCH):
            chosen = order[start : start + _BATCH]
            batch = tokenizer(
                [texts[index] for index in chosen],
                padding=True,
                truncation=True,
                max_length=layout.CONTEXT,
                return_tensors="pt",
            )
            read = model.read_meaning(batch.input_ids, batch.attention_mask.bool())
            vectors[chosen] = read[1]
    return vectors


def bank(model: StarterTextModel, folder: Path) -> dict[str, Tensor]:
    """The bank's tensors; ``model`` has a zero centre.

    A class is its name and its WordNet definition in equal parts: names alone say too little
    ("gown", "bonnet"), definitions alone blur what shoppers call a thing. Sentence embeddings share
    a large common component, which makes some labels neighbours of everything; it is taken out
    (Mu and Viswanath, "All-but-the-Top", ICLR 2018, its first step).
    """
    info = ImageNetInfo()
    names = list(IMAGENET_CLASSNAMES)
    definitions = [
        f"{name}: {info.index_to_description(index, detailed=True).partition(': ')[2]}"
        for index, name in enumerate(names)
    ]
    raw = functional.normalize(embed(model, folder, names) + embed(model, folder, definitions))
    centre = raw.mean(0).half()

    def placed(vectors: Tensor) -> Tensor:
        return functional.normalize(vectors - centre.float())

    garments = [placed(embed(model, folder, list(texts))).mean(0) for texts in GARMENTS.values()]
    gate = torch.zeros(len(names), dtype=torch.uint8)
    gate[[names.index(name) for name in GATE]] = 1
    vectors = placed(raw)
    scale = vectors.abs().amax(1, keepdim=True) / torch.iinfo(torch.int8).max
    return {
        "labels": (vectors / scale).round().to(torch.int8),
        "label_scale": scale.half(),
        "garment_labels": functional.normalize(torch.stack(garments)).half(),
        "gate": gate,
        "centre": centre,
    }


def main() -> None:
    """Write the bank where the starter reads it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=weights.LABELS)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        assembly.copy_tokenizer(folder)
        tensors = bank(weights.text_model(folder), folder)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    save_file(tensors, options.out)
    print(f"{options.out}: {options.out.stat().st_size} bytes")  # noqa: T201 - a program for the terminal


if __name__ == "__main__":
    main()
