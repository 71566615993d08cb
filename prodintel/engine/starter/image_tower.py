"""The image half of the starter encoder, as a timm model.

Imported only when a starter is assembled or loaded: it imports torch and timm.
"""

from __future__ import annotations

from typing import Any

import timm
import torch
from timm.models import register_model
from torch import Tensor, nn
from torch.nn import functional

from prodintel.engine.starter import layout
from prodintel.engine.starter.colours import SWATCHES

_CELL = 4  # pixels averaged before colours are named: noise and weave are not colours
_SPREAD = 9.0  # CIELAB units within which two colours go by one name
_BACKGROUND = (10.0, 3.0)  # CIELAB distance from the border where the object starts, and softness
_WHITE_D65 = (0.95047, 1.0, 1.08883)


def srgb_to_lab(rgb: Tensor) -> Tensor:
    """CIELAB (D65) of sRGB values in 0..1, channels last, in the same shape."""
    linear = torch.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    to_xyz = linear.new_tensor(
        [
            [0.4124564, 0.3575761, 0.1804375],
            [0.2126729, 0.7151522, 0.0721750],
            [0.0193339, 0.1191920, 0.9503041],
        ]
    )
    xyz = linear @ to_xyz.T / linear.new_tensor(_WHITE_D65)
    root = torch.where(xyz > 0.008856, xyz.clamp_min(1e-8) ** (1 / 3), 7.787 * xyz + 16 / 116)
    x, y, z = root.unbind(-1)
    return torch.stack((116 * y - 16, 500 * (x - y), 200 * (y - z)), dim=-1)


class ColourNames(nn.Module):
    """How much of the object in a picture goes by which colour name.

    Input (n, 3, h, w), scaled to -1..1. Output (n, colours), unit length: the square roots of the
    shares, so that the product of two outputs is their Bhattacharyya coefficient.
    """

    def __init__(self) -> None:
        super().__init__()
        swatches = [
            (index, [int(value[i : i + 2], 16) / 255 for i in (0, 2, 4)])
            for index, values in enumerate(SWATCHES.values())
            for value in values
        ]
        owner = torch.tensor([index for index, _ in swatches])
        self.register_buffer("owner", functional.one_hot(owner).float(), persistent=False)
        lab = srgb_to_lab(torch.tensor([rgb for _, rgb in swatches]))
        self.register_buffer("lab", lab, persistent=False)

    def forward(self, pixels: Tensor) -> Tensor:
        cells = functional.avg_pool2d(pixels.float(), _CELL)
        height, width = cells.shape[-2:]
        lab = srgb_to_lab((cells.permute(0, 2, 3, 1) * 0.5 + 0.5).clamp(0, 1))
        weight = self._object_weight(lab)
        lab = lab.reshape(len(lab), height * width, 3)
        nearness = -(torch.cdist(lab, self.lab.float()[None]) ** 2) / (2 * _SPREAD**2)
        named = nearness.softmax(-1) @ self.owner.float()
        shares = (named * weight.reshape(len(lab), -1, 1)).sum(1)
        return functional.normalize(shares.sqrt(), dim=-1)

    def _object_weight(self, lab: Tensor) -> Tensor:
        """(n, h, w) weights: the middle counts more, and what looks like the border hardly."""
        height, width = lab.shape[1:3]
        border = torch.cat((lab[:, :2].flatten(1, 2), lab[:, -2:].flatten(1, 2)), 1)
        corners = torch.stack(
            (
                lab[:, :2].mean((1, 2)),
                lab[:, -2:].mean((1, 2)),
                lab[:, :, :2].mean((1, 2)),
                lab[:, :, -2:].mean((1, 2)),
                border.median(1).values,
            ),
            dim=1,
        )
        distance = torch.cdist(lab.flatten(1, 2), corners).amin(-1).reshape(-1, height, width)
        start, softness = _BACKGROUND
        unlike_border = torch.sigmoid((distance - start) / softness)
        y = torch.linspace(-1, 1, height, device=lab.device)
        x = torch.linspace(-1, 1, width, device=lab.device)
        middle = torch.exp(-(y[:, None] ** 2 + x[None] ** 2) / 0.5)
        return middle * (unlike_border + 0.03)


class StarterImageTower(nn.Module):
    """Photos (n, 3, h, w), scaled to -1..1, to joint vectors (n, ``layout.JOINT``) in float32.

    The meaning part is ConSE (Norouzi et al., "Zero-Shot Learning by Convex Combination of Semantic
    Embeddings", ICLR 2014): the class probabilities weight the text embeddings of the class names.
    The colour part is ``ColourNames``.
    """

    def __init__(self) -> None:
        super().__init__()
        self.num_features = layout.JOINT
        self.backbone = timm.create_model(layout.BACKBONE, pretrained=False)
        self.labels = nn.Parameter(
            torch.zeros(layout.IMAGENET_CLASSES, layout.MEANING), requires_grad=False
        )
        self.colour_names = ColourNames()

    def forward(self, pixels: Tensor) -> Tensor:
        logits = self.backbone(pixels)
        # Probabilities of a thousand classes lose their order in bfloat16.
        with torch.autocast(pixels.device.type, enabled=False):
            best = (logits.float() / layout.TEMPERATURE).softmax(-1)
            threshold = best.topk(layout.TOP_CLASSES, dim=-1).values[:, -1:]
            meaning = torch.where(best >= threshold, best, 0.0) @ self.labels.float()
            colour = self.colour_names(pixels)
            share = layout.IMAGE_COLOUR_SHARE
            return torch.cat(
                (
                    functional.normalize(meaning, dim=-1) * (1 - share) ** 0.5,
                    colour * share**0.5,
                ),
                dim=-1,
            )


@register_model
def prodintel_starter_lite2(
    *, num_classes: int = layout.JOINT, pretrained: bool = False, **_: Any
) -> nn.Module:
    """The tower, as ``timm.create_model`` asks for it; weights come with OpenCLIP's checkpoint."""
    if pretrained or num_classes != layout.JOINT:
        raise ValueError(
            f"The starter's image tower has {layout.JOINT} outputs and no weights of its own; "
            "load it from the folder that starter.assemble() makes."
        )
    return StarterImageTower()
