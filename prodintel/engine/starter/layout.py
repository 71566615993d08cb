"""Sizes and settings that the parts of the starter encoder agree on."""

from __future__ import annotations

from prodintel.engine.starter.colours import SWATCHES

VERSION = 1  # raise it when a saved starter must be put together anew

FEATURES = 1280  # EfficientNet-Lite2's pooled features
IMAGENET_CLASSES = 1000
MEANING = 384  # MiniLM's width
COLOURS = len(SWATCHES)
JOINT = MEANING + COLOURS

IMAGE_SIZE = 260
CONTEXT = 64  # tokens of a text that count
RESIZE_MODE = "longest"

BACKBONE = "tf_efficientnet_lite2"
IMAGE_TOWER = "prodintel_starter_lite2"
TEXT_TOWER = "prodintel_starter_minilm"

TOP_CLASSES = 10  # ConSE keeps the best few classes; the long tail only pulls towards hubs
TEMPERATURE = 1.0
IMAGE_COLOUR_SHARE = 0.15  # of an image vector's squared length
TEXT_COLOUR_SHARE = 0.5  # of a coloured text vector's squared length
