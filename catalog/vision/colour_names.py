"""Examples of each colour name a shop uses, as sRGB in hex, among them faded and shaded ones."""

from __future__ import annotations

# The order is that of a shop's filter. Greys come in three steps, because a fold of a white shirt
# is light grey and a highlight on black leather is dark grey (`SHADES` says what they may count as).
PROTOTYPES: dict[str, str] = {
    "black": "000000 101010 1a1a1c 222222 2b2b2e 18181f 1d1714 2a2625 20242a 151d1a 303033 322e2d"
    " 3a3a3c 363638 3c3835 33373c 404042",
    "dark grey": "505052 58585a 606062 555a5e 5c5854 4e5256",
    "grey": "707072 808080 8e8f92 6f6a68 8a8583 6b7075 7b8085 787470",
    "light grey": "9d9da0 a9a9ac b5b5b8 c0c0c2 a5a09c b3aeaa 9ea3a8 b0b5ba c0bcb8",
    "white": "ffffff f7f7f7 eeeeee e3e3e4 d8d8da cfcfd2 eef0f5 e6e8ee dfe3ea f5f3f0 e6e2dd d6d2cd"
    " f2eee6 d2d6dc",
    "cream": "fff8dc f5ecd2 fdf3d8 efe3c3 e9dcc0 faf0e0",
    "beige": "e0cfb1 d2bd9b c8b08c bfa787 d9c4a5 c9b8a0 b8a386 d8c2b0 c4ab96 ccbba8 b5a08c e3cdb9",
    "brown": "3b2417 4a2c1a 5c3a21 6b4226 7b4f2e 8b5a2b 96663b a47148 55392c 6d5040 46342a 7d6350"
    " 3c2a22 8f6f57",
    "red": "ff0000 e01b1b c8102e b3121d d62839 e63946 a3151c cc3333 f0453a d1495b",
    "burgundy": "800020 6d1029 5e0b1e 7b1e34 4a0e1a 8a2b41 551a25 702a3a 3e131c 6a4048 5d3540 74464f 8a4a4c",
    "orange": "ff7f00 ff8c1a f2711c e6642e ff9f45 d9601a ff6f3c e07b39 ee8a52",
    "yellow": "ffff00 ffe600 ffd300 f7e34b fff176 e8c51c f2d249 fbe88a d9b310 c9a227 e3b93c",
    "olive": "6b6b2a 556b2f 808000 7a7a40 5d5d30 8a8450 4b5320 6e6a48 44452a 959067 7c7d66 6a6b56 8b8b73",
    "green": "008000 00a000 228b22 2e8b57 3cb043 66c266 0b5d1e 1e4d2b 14401f 8fd18f 4caf50 7fff4d"
    " a8e0a0 b6e3b0 5f8f5f 3e6b4a 84a98c 9bc53d 20362a 2f4a2f 3a5a3a 1f3a24 26402a 9fb8a0",
    "teal": "008080 006d6f 0f5f66 1c7c7d 2a7f86 134e52 3b8686 1f6062 2a8090 1f7a88 2f8f9a 3a9aa8",
    "turquoise": "40e0d0 30d5c8 48cfc4 7fe5dc 20b2aa 00ced1 9fe8e0 5fc9c9 a8ded9",
    "blue": "0000ff 1e50d0 2962ff 3b7dd8 4a90e2 5b9bd5 87ceeb a7cdf0 6fa8dc 0f52ba 3d6fa5 5577a0"
    " 6d8bb0 8fa8c8 4f7396 b0c8e4 7d9cc0 c0d6ee 3f5f8a 2f5597 4b6584 5c7ea6 93a9c4 3a6a85 4a7a94"
    " 2f5a73 5f8ca3 7fa6b8 1f4a66 5a6a7e 6f8094 9bb0c0 465a72 7a8698 8a96a8 606a7a 2a3a9a 30409a 3a4cb0 1f2fb0",
    "navy": "000080 0a1a4a 101c3c 14213d 1b2a4e 1f2d50 0b132b 232f4b 262e48 1a2440 2a3558 1c2130"
    " 363f54 2c3344 3f4a60 222c70 26347a",
    "purple": "800080 6a0dad 7b2d8b 5b2a86 9b59b6 8e6bbf a98bd0 c3a6e0 4a235a 663a82 b39ddb 7a5c9e"
    " d5c4ea 8f8fd8 a5a5e6 3d2352 82709c",
    "pink": "ffc0cb ff69b4 ff8fab f48fb1 f7a8c0 e75480 fbd0da d98aa0 ec4899 de3a7c f9c5c1 e8a5a5"
    " d4708c ff5c8a c97b8c e5b0b8 f2c6c6 e0d0d4 d8c4cc c8b6be b0508a c46a9e a04678 b07a7a a86e70 c08e8e",
}  # fmt: skip
SHADES: dict[str, str] = {"light grey": "white", "dark grey": "black"}
CLASSES: tuple[str, ...] = tuple(PROTOTYPES)
NAMES: tuple[str, ...] = tuple(name for name in PROTOTYPES if name not in SHADES)
# Names in one family are shades of each other: they do not make a thing multicoloured.
FAMILIES: tuple[frozenset[str], ...] = (
    frozenset(("black",)),
    frozenset(("grey",)),
    frozenset(("white", "cream", "beige")),
    frozenset(("brown", "olive")),
    frozenset(("red", "burgundy", "pink")),
    frozenset(("orange", "yellow")),
    frozenset(("green", "teal", "turquoise")),
    frozenset(("blue", "navy", "purple")),
)
