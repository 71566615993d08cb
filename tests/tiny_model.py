"""A tiny OpenCLIP model with random weights, saved as OpenCLIP saves models.

    python -m tests.tiny_model FOLDER

It goes through the real loading code in a fraction of a second. What it computes means nothing,
but is always the same for the same photo or text.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

DIMENSION = 32
SIZE = 32

MODEL_CFG = {
    "embed_dim": DIMENSION,
    "vision_cfg": {
        "image_size": SIZE,
        "layers": 2,
        "width": 32,
        "head_width": 16,
        "patch_size": 16,
    },
    # The vocabulary is that of OpenCLIP's own tokenizer, which needs no files.
    "text_cfg": {"context_length": 16, "vocab_size": 49408, "width": 32, "heads": 2, "layers": 2},
}
PREPROCESS_CFG = {
    "size": SIZE,
    "mean": [0.5, 0.4, 0.3],
    "std": [0.3, 0.25, 0.2],
    "interpolation": "bicubic",
    "resize_mode": "shortest",
}


def build(folder: Path, seed: int = 0) -> Path:
    """Save the model in `folder` and return it: load it as `local-dir:<folder>`."""
    import open_clip
    import torch
    from safetensors.torch import save_file

    folder.mkdir(parents=True, exist_ok=True)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = open_clip.CLIP(**MODEL_CFG)
    # Larger weights than the initial ones make different photos differ in more than noise.
    state = {
        name: (tensor * 4 if tensor.ndim > 1 else tensor).contiguous()
        for name, tensor in model.state_dict().items()
    }
    save_file(state, folder / "open_clip_model.safetensors")
    config = {"model_cfg": MODEL_CFG, "preprocess_cfg": PREPROCESS_CFG}
    (folder / "open_clip_config.json").write_text(json.dumps(config))
    return folder


if __name__ == "__main__":
    build(Path(sys.argv[1]))
