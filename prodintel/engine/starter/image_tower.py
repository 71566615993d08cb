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

_CELL = 6  # pixels averaged before colours are named: noise and weave are not colours
_SPREAD = 7.0  # CIELAB units within which two colours go by one name
_LIGHTNESS = 0.6  # light and shadow change a colour's name less than its hue does
_GAIN = 1.3  # how much an underexposed photo may be brightened, so that white is not grey
_BRIGHTEST = 0.95  # the share of a photo that is darker than what should be white
_WHITE = 97.0  # and the lightness it should have
_FILL = 0.997  # brighter than this is the padding of the preprocessing, or a white backdrop
_CORNER = 0.8  # what lies beyond this, seen from the middle, is a corner
_BACKGROUND = (14.0, 3.0)  # CIELAB distance from the corners where the object starts; softness
_MIDDLE = 0.5  # squared width of the weight of the middle
_FLOOR = 0.03  # what looks like the background may still be the object: white on white
_NOWHERE = 1e-4  # for pictures that are nothing but fill

# The constants of IEC 61966-2-1 (sRGB) and of CIELAB with the white point D65.
_SRGB_KNEE = 0.04045
_LAB_KNEE = 0.008856
_WHITE_D65 = (0.95047, 1.0, 1.08883)
_SRGB_TO_XYZ = (
    (0.4124564, 0.3575761, 0.1804375),
    (0.2126729, 0.7151522, 0.0721750),
    (0.0193339, 0.1191920, 0.9503041),
)


def srgb_to_lab(rgb: Tensor) -> Tensor:
    """CIELAB (D65) of sRGB values in 0..1, channels last, in the same shape."""
    linear = torch.where(rgb <= _SRGB_KNEE, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    xyz = linear @ linear.new_tensor(_SRGB_TO_XYZ).T / linear.new_tensor(_WHITE_D65)
    root = torch.where(xyz > _LAB_KNEE, xyz.clamp_min(_LAB_KNEE) ** (1 / 3), 7.787 * xyz + 16 / 116)
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
        # Plain attributes, not buffers: they stay float32 when the model is converted.
        self.owner = functional.one_hot(torch.tensor([index for index, _ in swatches])).float()
        swatch = srgb_to_lab(torch.tensor([rgb for _, rgb in swatches])) * _axes()
        self.swatch = swatch / _SPREAD**2
        self.offset = (swatch**2).sum(-1) / (2 * _SPREAD**2)

    def forward(self, pixels: Tensor) -> Tensor:
        cells = functional.avg_pool2d(pixels.float(), _CELL).permute(0, 2, 3, 1) * 0.5 + 0.5
        cells = cells.clamp(0, 1)
        lab = srgb_to_lab(cells)
        fill = (cells > _FILL).all(-1)
        weight = object_weight(lab, fill).flatten(1)
        lab = brightened(lab, fill).flatten(1, 2) * _axes().to(lab.device)
        # Squared distances without the pixel's own square, which softmax would cancel.
        nearness = lab @ self.swatch.to(lab.device).T - self.offset.to(lab.device)
        shares = (nearness.softmax(-1) * weight[..., None]).sum(1) @ self.owner.to(lab.device)
        return functional.normalize(shares.sqrt(), dim=-1)


def _axes() -> Tensor:
    return torch.tensor((_LIGHTNESS, 1.0, 1.0))


def brightened(lab: Tensor, fill: Tensor) -> Tensor:
    """Lab with the lightness of dim photos raised; padding does not count as something bright.

    A product on a white backdrop is trimmed on all sides and left as it is.
    """
    lightness = lab[..., 0].masked_fill(fill, 0.0).flatten(1)
    darker = (fill.flatten(1).sum(1) + _BRIGHTEST * (~fill).flatten(1).sum(1)).long()
    index = darker.clamp_max(lightness.shape[1] - 1)[:, None]
    brightest = lightness.sort(1).values.gather(1, index)
    gain = (_WHITE / brightest.clamp_min(1.0)).clamp(1.0, _GAIN)
    backdrop = fill.any(2).all(1) & fill.any(1).all(1)
    gain = torch.where(backdrop[:, None], 1.0, gain)[..., None, None]
    return torch.cat((lab[..., :1] * gain, lab[..., 1:]), dim=-1)


def object_weight(lab: Tensor, fill: Tensor) -> Tensor:
    """How much each cell counts as part of the object, (n, h, w).

    The frame is what is left when ``fill`` (n, h, w) is trimmed. Towards its middle cells count
    more; cells that look like one of its corners count hardly at all.
    """
    height, width = fill.shape[1:]
    y = _position(~fill.all(2)).reshape(-1, height, 1)
    x = _position(~fill.all(1)).reshape(-1, 1, width)
    corners = []
    for side_y in (-1, 1):
        for side_x in (-1, 1):
            corner = (y * side_y > _CORNER) & (x * side_x > _CORNER) & ~fill
            share = corner / corner.sum((1, 2), keepdim=True).clamp_min(1)
            mean = (lab * share[..., None]).sum((1, 2))
            empty = ~corner.any(2).any(1)
            corners.append(torch.where(empty[:, None], mean.new_tensor((100.0, 0.0, 0.0)), mean))
    distance = torch.cdist(lab.flatten(1, 2), torch.stack(corners, 1)).amin(-1).view_as(fill)
    start, softness = _BACKGROUND
    unlike_corners = torch.sigmoid((distance - start) / softness)
    middle = torch.exp(-(y**2 + x**2) / _MIDDLE)
    return middle * (unlike_corners + _FLOOR) * ~fill + _NOWHERE


def _position(used: Tensor) -> Tensor:
    """-1 at the first used index of each row, 1 at the last, beyond that outside (n, length)."""
    length = used.shape[1]
    index = torch.arange(length, device=used.device)
    first = torch.where(used, index, length).amin(1, keepdim=True)
    last = torch.where(used, index, -1).amax(1, keepdim=True)
    middle, half = (first + last) / 2, ((last - first) / 2).clamp_min(1.0)
    return (index - middle) / half


class StarterImageTower(nn.Module):
    """Photos (n, 3, h, w), scaled to -1..1, to joint vectors (n, ``layout.JOINT``) in float32.

    The meaning part is ConSE (Norouzi et al., "Zero-Shot Learning by Convex Combination of Semantic
    Embeddings", ICLR 2014): the class probabilities weight the text embeddings of the class names.
    Garment probes take a part of the mixture, as far as ImageNet's classifier sees a garment and
    they recognise it. The colour part is ``ColourNames``. The looks part is a projection of the
    features that texts know nothing of (zero there): by it a photo finds the same thing in another
    photo, not just things of the same kind.
    """

    def __init__(self) -> None:
        super().__init__()
        self.num_features = layout.JOINT
        self.backbone = timm.create_model(layout.BACKBONE, pretrained=False)
        self.probes = nn.Linear(layout.FEATURES, layout.GARMENTS)
        self.labels = _table(layout.IMAGENET_CLASSES, layout.MEANING)
        self.garment_labels = _table(layout.GARMENTS, layout.MEANING)
        self.gate = _table(layout.IMAGENET_CLASSES)
        self.projection = _table(layout.LOOKS, layout.FEATURES)
        self.colour_names = ColourNames()
        # Saved with the weights, so that whoever compares those sees a change of the recipe too.
        self.register_buffer("version", torch.tensor(layout.VERSION))

    def forward(self, pixels: Tensor) -> Tensor:
        features = self.features(pixels)
        # Probabilities of a thousand classes lose their order in bfloat16.
        with torch.autocast(pixels.device.type, enabled=False):
            features = features.float()
            looks, colour = layout.IMAGE_LOOKS_SHARE, layout.IMAGE_COLOUR_SHARE
            parts = (
                functional.normalize(self.meaning(features), dim=-1) * (1 - colour - looks) ** 0.5,
                self.colour_names(pixels) * colour**0.5,
                functional.normalize(features @ self.projection.float().T, dim=-1) * looks**0.5,
            )
            return torch.cat(parts, dim=-1)

    def features(self, pixels: Tensor) -> Tensor:
        """The backbone's pooled features, (n, ``layout.FEATURES``)."""
        return self.backbone.forward_head(self.backbone.forward_features(pixels), pre_logits=True)

    def meaning(self, features: Tensor) -> Tensor:
        """(n, ``layout.MEANING``), any length: the labels, weighted by their probabilities."""
        logits = _linear(features, self.backbone.classifier)
        classes = logits.softmax(-1)
        soft = (logits / layout.TEMPERATURE).softmax(-1)
        threshold = soft.topk(layout.TOP_CLASSES, dim=-1).values[:, -1:]
        best = torch.where(soft >= threshold, soft, 0.0)
        best = best / best.sum(-1, keepdim=True)

        garments = _linear(features, self.probes).sigmoid()
        garments = garments / garments.sum(-1, keepdim=True).clamp_min(1.0)
        seen = (classes @ self.gate.float())[:, None] ** 2
        garments = garments * (layout.GARMENT_SHARE * seen / (seen + layout.GARMENT_HALF**2))
        rest = 1.0 - garments.sum(-1, keepdim=True)
        return rest * (best @ self.labels.float()) + garments @ self.garment_labels.float()


def _table(*size: int) -> nn.Parameter:
    return nn.Parameter(torch.zeros(*size), requires_grad=False)


def _linear(features: Tensor, layer: nn.Linear) -> Tensor:
    """The layer in float32, whatever its weights were converted to."""
    return functional.linear(features, layer.weight.float(), layer.bias.float())


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
