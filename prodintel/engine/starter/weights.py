"""The starter's tensors: two published models, the label bank and the tables, in one checkpoint.

Imported only while a starter is assembled: it imports torch and transformers.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor
from transformers import AutoTokenizer

from prodintel.engine.starter import labels, layout, phrases, sources
from prodintel.engine.starter.image_tower import StarterImageTower
from prodintel.engine.starter.text_tower import StarterTextConfig, StarterTextModel

PROBES = Path(__file__).parent / "data" / "garment_probes.safetensors"

_BATCH = 64
_LOGIT_SCALE = 20.0


def save(part: Path, progress: Callable[[str], None]) -> dict[str, Any]:
    """Write the checkpoint into ``part``, which has the tokenizer; return the text configuration.

    Raises:
        sources.StarterError: a weight file is missing or is not the expected one.

    """
    image = StarterImageTower()
    copy_backbone(image, sources.BACKBONE.locate())
    text = _text_model(part)
    progress("Reading the class names")
    bank = labels.build(lambda texts: embed(text, part, texts))
    for name, tensor in load_file(PROBES).items():
        image.probes.get_parameter(name).data.copy_(tensor)
    image.labels.data.copy_(bank.vectors)
    image.garment_labels.data.copy_(bank.garments)
    image.gate.data.copy_(bank.gate)
    text.centre.copy_(bank.centre)
    text.spread.copy_(bank.spread)
    image.projection.data.copy_(looks_projection(image.backbone.classifier.weight.data))
    progress("Writing the starter encoder")
    tensors = {f"visual.trunk.{name}": tensor for name, tensor in image.state_dict().items()}
    tensors |= {f"text.transformer.{name}": tensor for name, tensor in text.state_dict().items()}
    tensors["logit_scale"] = torch.tensor(_LOGIT_SCALE).log()
    save_file(
        {name: tensor.contiguous() for name, tensor in tensors.items()},
        part / "open_clip_model.safetensors",
    )
    return text.config.to_dict()


def looks_projection(classifier: Tensor) -> Tensor:
    """(looks, features) directions in which ImageNet's classes differ most, orthonormal.

    A singular vector's sign is arbitrary and is fixed here, so that every machine makes the same.
    """
    _, _, directions = torch.linalg.svd(classifier - classifier.mean(0), full_matrices=False)
    directions = directions[: layout.LOOKS]
    largest = directions.abs().argmax(1, keepdim=True)
    return directions * directions.gather(1, largest).sign()


def copy_backbone(image: StarterImageTower, path: Path) -> None:
    """EfficientNet-Lite2's published tensors; timm has the same ones in the same order."""
    published = torch.load(path, map_location="cpu", weights_only=True)
    own = image.backbone.state_dict()
    image.backbone.load_state_dict(dict(zip(own, published.values(), strict=True)))
    image.eval()


def _text_model(folder: Path) -> StarterTextModel:
    """MiniLM with the phrase tables, its meaning part still as MiniLM has it."""
    tokenizer = AutoTokenizer.from_pretrained(folder)

    def tokenize(text: str) -> list[int]:
        return tokenizer(text, add_special_tokens=False).input_ids

    table, fillers = phrases.phrases(tokenize), phrases.fillers(tokenize)
    settings = json.loads(sources.TEXT_CONFIG.locate().read_text(encoding="utf-8"))
    for name in ("model_type", "_name_or_path", "architectures", "transformers_version"):
        settings.pop(name, None)
    config = StarterTextConfig(
        **settings,
        phrase_count=len(table),
        phrase_length=len(table[0].tokens),
        filler_count=len(fillers),
    )
    model = StarterTextModel(config)
    missing = model.load_state_dict(load_file(sources.TEXT_WEIGHTS.locate()), strict=False)
    lost = [name for name in missing.missing_keys if name.startswith(("embeddings", "encoder"))]
    if lost:
        raise sources.StarterError(f"MiniLM's weights lack {', '.join(lost)}.")
    for row, phrase in enumerate(table):
        model.phrase_tokens[row, : len(phrase.tokens)] = torch.tensor(phrase.tokens)
        model.phrase_colours[row] = torch.tensor(phrase.colour)
        model.phrase_kept[row] = phrase.kept
    model.fillers.copy_(torch.tensor(fillers))
    return model.eval()


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
