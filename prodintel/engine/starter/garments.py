"""The garment classes that the starter knows beside ImageNet's, and when they may speak.

ImageNet has no class for a plain shirt, skirt, hat or pair of shorts. ``prodintel.engine.fitting``
fits a linear probe for each class below on photos of garments.
"""

from __future__ import annotations

# What each probe's class is called in a shop; the mean of these texts is its label.
GARMENTS: dict[str, tuple[str, ...]] = {
    "dress": ("dress",),
    "hat": ("hat", "cap", "beanie hat"),
    "longsleeve": ("long sleeve shirt", "long sleeve top", "longsleeve"),
    "outwear": ("jacket", "coat", "outerwear"),
    "pants": ("pants", "trousers"),
    "shirt": ("shirt", "button-up shirt"),
    "shoes": ("shoes", "pair of shoes"),
    "shorts": ("shorts",),
    "skirt": ("skirt",),
    "t-shirt": ("t-shirt", "short sleeve t-shirt"),
}

# ImageNet's classes, by OpenCLIP's names, that garments of the kinds above are taken for. Their
# probability decides how much the probes count. Things worn that ImageNet knows well and the probes
# do not (ties, socks, scarves, swimwear, helmets) are left out on purpose.
GATE: tuple[str, ...] = (
    "abaya",
    "academic gown",
    "apron",
    "bulletproof vest",
    "cardigan",
    "cloak",
    "clogs",
    "cowboy boot",
    "cowboy hat",
    "fur coat",
    "gown",
    "graduation cap",
    "balaclava ski mask",
    "hoop skirt",
    "jeans",
    "kimono",
    "lab coat",
    "military hat (bearskin or shako)",
    "miniskirt",
    "overskirt",
    "pajamas",
    "Pickelhaube",
    "poke bonnet",
    "poncho",
    "sandal",
    "sarong",
    "slip-on shoe",
    "sneaker",
    "sombrero",
    "suit",
    "sweatshirt",
    "swim trunks / shorts",
    "T-shirt",
    "trench coat",
    "vestment",
)
