"""Sizes and settings that the parts of the starter encoder agree on."""

from __future__ import annotations

from prodintel.engine.starter.colours import SWATCHES
from prodintel.engine.starter.garments import GARMENTS as GARMENT_NAMES

# Part of the saved weights. Raise it when the same weights would give other vectors: photos are then
# embedded anew.
VERSION = 1

FEATURES = 1280  # EfficientNet-Lite2's pooled features
IMAGENET_CLASSES = 1000
MEANING = 384  # MiniLM's width
COLOURS = len(SWATCHES)
GARMENTS = len(GARMENT_NAMES)
LOOKS = 106
JOINT = MEANING + COLOURS + LOOKS

# Where the parts of a joint vector lie.
MEANING_PART = slice(0, MEANING)
COLOUR_PART = slice(MEANING, MEANING + COLOURS)
LOOKS_PART = slice(MEANING + COLOURS, JOINT)

IMAGE_SIZE = 260
CONTEXT = 64  # tokens of a text that count
RESIZE_MODE = "longest"

BACKBONE = "tf_efficientnet_lite2"
IMAGE_TOWER = "prodintel_starter_lite2"
TEXT_TOWER = "prodintel_starter_minilm"

GARMENT_SHARE = 0.6  # of the label mixture that the garment probes may take at most
GARMENT_HALF = 0.1  # garment probability at which they take half of that
TEMPERATURE = 1.5  # softens the class probabilities: neighbouring classes say something too
TOP_CLASSES = 20  # ConSE keeps the best few classes; the long tail only pulls towards hubs
# Shares of an image vector's squared length; meaning has the rest. They are the same for every
# photo, so a text without colour words ranks photos by meaning alone.
IMAGE_COLOUR_SHARE = 0.15
IMAGE_LOOKS_SHARE = 0.3
TEXT_COLOUR_SHARE = 0.4  # of a coloured text vector's squared length
