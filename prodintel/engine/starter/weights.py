"""The starter's tensors: two published models, the label bank and the tables, in one checkpoint.

Imported only while a starter is assembled: it imports torch and transformers.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor
from transformers import AutoTokenizer

from prodintel.engine.starter import layout, phrases, sources
from prodintel.engine.starter.image_tower import StarterImageTower
from prodintel.engine.starter.text_tower import StarterTextConfig, StarterTextModel

_DATA = Path(__file__).parent / "data"
PROBES = _DATA / "garment_probes.safetensors"  # prodintel.engine.fitting.garments writes it
LABELS = _DATA / "label_bank.safetensors"  # prodintel.engine.fitting.labels writes it

_LOGIT_SCALE = 3.0  # its exponential turns cosines into class probabilities, about as sure as right


def save(part: Path, progress: Callable[[str], None]) -> dict[str, Any]:
    """Write the checkpoint into ``part``, which has the tokenizer; return the text configuration.

    Everything is copied or follows from hashes, nothing is computed in floating point that another
    machine might round differently.

    Raises:
        sources.StarterError: a weight file is missing or is not the expected one.

    """
    progress("Putting the starter encoder together")
    image, text = StarterImageTower(), text_model(part)
    copy_backbone(image, sources.BACKBONE.locate())
    for name, tensor in load_file(PROBES).items():
        image.probes.get_parameter(name).data.copy_(tensor)
    bank = load_file(LABELS)
    image.labels.data.copy_(bank["labels"].float() * bank["label_scale"].float())
    image.garment_labels.data.copy_(bank["garment_labels"])
    image.gate.data.copy_(bank["gate"])
    image.projection.data.copy_(looks_projection())
    text.centre.copy_(bank["centre"])
    tensors = {f"visual.trunk.{name}": tensor for name, tensor in image.state_dict().items()}
    tensors |= {f"text.transformer.{name}": tensor for name, tensor in text.state_dict().items()}
    tensors["logit_scale"] = torch.tensor(_LOGIT_SCALE)
    save_file(
        {name: tensor.contiguous() for name, tensor in tensors.items()},
        part / "open_clip_model.safetensors",
    )
    return text.config.to_dict()


def looks_projection() -> Tensor:
    """(looks, features) random signs: distances survive such a projection.

    Achlioptas, "Database-friendly random projections", PODS 2001.
    """
    bits = layout.LOOKS * layout.FEATURES
    digest = hashlib.shake_256(b"prodintel starter looks").digest(bits // 8)
    signs = [1.0 if byte >> bit & 1 else -1.0 for byte in digest for bit in range(8)]
    return torch.tensor(signs).reshape(layout.LOOKS, layout.FEATURES)


def copy_backbone(image: StarterImageTower, path: Path) -> None:
    """EfficientNet-Lite2's published tensors; timm has the same ones in the same order."""
    published = torch.load(path, map_location="cpu", weights_only=True)
    own = image.backbone.state_dict()
    image.backbone.load_state_dict(dict(zip(own, published.values(), strict=True)))
    image.eval()


def text_model(folder: Path) -> StarterTextModel:
    """MiniLM with the phrase tables, its centre still at zero."""
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
    for token, index in tokenizer.get_vocab().items():
        model.continues[index] = token.startswith("##")
    return model.eval()
