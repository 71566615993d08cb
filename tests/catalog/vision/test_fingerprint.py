from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

from catalog.vision.fingerprint import perceptual_hash
from catalog.vision.opening import inspect
from tests.catalog.vision.bad_photos import encode


def hamming_distance(one, other):
    return ((one ^ other) & 0xFFFF_FFFF_FFFF_FFFF).bit_count()


def scene(seed):
    random = np.random.default_rng(seed)
    image = Image.new("RGB", (400, 300), tuple(int(value) for value in random.integers(0, 255, 3)))
    draw = ImageDraw.Draw(image)
    for _ in range(12):
        x, y, w, h, *colour = (int(value) for value in random.integers(0, 250, 7))
        draw.rectangle((x, y, x + w, y + h), fill=tuple(colour))
    return image


def test_the_same_picture_encoded_differently_is_near():
    image = scene(1)
    small = image.resize((200, 150))

    hashes = [inspect(encode(image, "PNG")).phash, inspect(encode(small, "JPEG", quality=60)).phash]

    assert hamming_distance(*hashes) <= 6


def test_different_pictures_are_far():
    distances = [
        hamming_distance(perceptual_hash(scene(seed)), perceptual_hash(scene(seed + 1)))
        for seed in range(20)
    ]

    assert min(distances) > 12


def test_the_hash_fits_a_signed_64_bit_column():
    hashes = [perceptual_hash(scene(seed)) for seed in range(40)]

    assert all(-(2**63) <= value < 2**63 for value in hashes)
    assert min(hashes) < 0 < max(hashes)
