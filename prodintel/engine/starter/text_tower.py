"""The text half of the starter encoder, as a transformers model for OpenCLIP's HF text tower.

Imported only when a starter is assembled or loaded: it imports torch and transformers.
"""

from __future__ import annotations

from typing import Any

import torch
from open_clip.hf_configs import arch_dict
from torch import Tensor
from torch.nn import functional
from transformers import AutoConfig, AutoModel, BertConfig, BertModel
from transformers.modeling_outputs import BaseModelOutputWithPooling

from prodintel.engine.starter import layout

_MARKERS = (101, 102)  # BERT's [CLS] and [SEP]


class StarterTextConfig(BertConfig):
    """MiniLM's configuration and the sizes of the phrase table."""

    model_type = layout.TEXT_TOWER

    def __init__(
        self,
        joint_size: int = layout.JOINT,
        phrase_count: int = 1,
        phrase_length: int = 1,
        filler_count: int = 1,
        **kwargs: Any,
    ) -> None:
        self.joint_size = joint_size
        self.phrase_count = phrase_count
        self.phrase_length = phrase_length
        self.filler_count = filler_count
        super().__init__(**kwargs)


class StarterTextModel(BertModel):
    """Token ids to joint vectors in ``pooler_output`` (n, ``layout.JOINT``), float32, unit length.

    Meaning: the mean of MiniLM's last hidden states over what is left when prompt and colour words
    are taken out, less what all texts have in common (``centre``). Colour: the sum of the colour
    words' vectors. A text without colour words has a zero colour part, one without other words a
    zero meaning part. The looks part is zero.
    """

    config_class = StarterTextConfig

    def __init__(self, config: StarterTextConfig, add_pooling_layer: bool = True) -> None:  # noqa: FBT001, FBT002 - transformers' signature
        del add_pooling_layer  # the joint vector is the pooled output
        super().__init__(config, add_pooling_layer=False)
        count, length = config.phrase_count, config.phrase_length
        self.register_buffer("phrase_tokens", torch.full((count, length), -1))
        self.register_buffer("phrase_colours", torch.zeros(count, layout.COLOURS))
        self.register_buffer("phrase_kept", torch.zeros(count, dtype=torch.bool))
        self.register_buffer("fillers", torch.full((config.filler_count,), -1))
        self.register_buffer("continues", torch.zeros(config.vocab_size, dtype=torch.bool))
        self.register_buffer("centre", torch.zeros(layout.MEANING))

    def forward(
        self, input_ids: Tensor, attention_mask: Tensor, **_: Any
    ) -> BaseModelOutputWithPooling:
        length = int(attention_mask.sum(1).max())
        ids, present = input_ids[:, :length], attention_mask[:, :length].bool()
        colour, taken, coloured = self.read_phrases(ids)
        keep = present & ~taken
        content = keep & ~torch.isin(ids, ids.new_tensor(_MARKERS))
        only_fillers = coloured & ~(content & ~torch.isin(ids, self.fillers)).any(1)
        # A text of nothing but prompt words keeps them: there is nothing else to go by.
        keep = torch.where((content.any(1) | coloured)[:, None], keep, present)

        hidden, meaning = self.read_meaning(ids, keep)
        meaning = meaning.masked_fill(only_fillers[:, None], 0.0)
        with torch.autocast(ids.device.type, enabled=False):
            share = layout.TEXT_COLOUR_SHARE
            looks = meaning.new_zeros(len(ids), layout.LOOKS)
            joint = torch.cat((meaning * (1 - share) ** 0.5, colour * share**0.5, looks), dim=-1)
            return BaseModelOutputWithPooling(
                last_hidden_state=hidden, pooler_output=functional.normalize(joint, dim=-1)
            )

    def read_meaning(self, ids: Tensor, keep: Tensor) -> tuple[Tensor, Tensor]:
        """MiniLM over the kept tokens alone, moved together: hidden states, and unit vectors."""
        order = (~keep).long().argsort(dim=1, stable=True)
        mask = keep.gather(1, order)
        hidden = (
            super()
            .forward(input_ids=ids.gather(1, order), attention_mask=mask.long())
            .last_hidden_state
        )
        with torch.autocast(ids.device.type, enabled=False):
            weights = mask[..., None].float()
            mean = (hidden.float() * weights).sum(1) / weights.sum(1).clamp_min(1.0)
            centred = functional.normalize(mean, dim=-1) - self.centre.float()
            return hidden, functional.normalize(centred, dim=-1)

    def read_phrases(self, ids: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Colour part (n, colours), tokens to leave out (n, length), has colour words (n).

        Longer phrases win: "navy blue" is not read again as "blue". A phrase ends where a word ends:
        there is no gold in a goldfish.
        """
        rows, length = ids.shape
        colour = torch.zeros(rows, layout.COLOURS, device=ids.device)
        used = torch.zeros_like(ids, dtype=torch.bool)
        taken = torch.zeros_like(used)
        ends = functional.pad(~self.continues[ids[:, 1:]], (0, 1), value=True)
        sizes = (self.phrase_tokens >= 0).sum(1)
        for size in range(self.config.phrase_length, 0, -1):
            chosen = sizes == size
            if size > length or not chosen.any():
                continue
            windows = ids.unfold(1, size, 1)
            hits = (windows[:, :, None] == self.phrase_tokens[chosen, :size]).all(-1)
            hits &= (ends[:, size - 1 :] & ~used.unfold(1, size, 1).any(-1))[..., None]
            colour += hits.any(1).float() @ self.phrase_colours[chosen].float()
            for offset in range(size):
                end = length - size + 1 + offset
                used[:, offset:end] |= hits.any(-1)
                taken[:, offset:end] |= (hits & ~self.phrase_kept[chosen]).any(-1)
        strength = colour.norm(dim=-1, keepdim=True)
        return colour / strength.clamp_min(1.0), taken, strength[:, 0] > 0


AutoConfig.register(layout.TEXT_TOWER, StarterTextConfig, exist_ok=True)
AutoModel.register(StarterTextConfig, StarterTextModel, exist_ok=True)
arch_dict[layout.TEXT_TOWER] = {
    "config_names": {
        "context_length": "max_position_embeddings",
        "vocab_size": "vocab_size",
        "width": "joint_size",
        "heads": "num_attention_heads",
        "layers": "num_hidden_layers",
        "layer_attr": "layer",
        "token_embeddings_attr": "embeddings",
    },
    "pooler": "cls_pooler",
}
