"""The colour vocabulary of the starter encoder: which colours it tells apart, and which words mean them.

The eleven basic colour terms (Berlin and Kay, "Basic Color Terms", 1969) are split where shops
split them (navy, beige, burgundy ...). Each colour has a few typical sRGB values; a pixel belongs
to the colours whose values lie near it in CIELAB. Each word points to one or more colours with
weights, so that "blue" also finds navy, a little later.
"""

from __future__ import annotations

from dataclasses import dataclass

# Order is part of the vectors' layout: a change needs a new layout.VERSION.
SWATCHES: dict[str, tuple[str, ...]] = {
    "black": ("000000", "161616", "26262a"),
    "white": ("ffffff", "f4f4f4", "e6e6e8"),
    "grey": ("8c8c8c", "b4b4b6", "5c5c60", "74787c"),
    "red": ("d0021b", "b3141e", "e8352e", "c8202f"),
    "orange": ("f57c00", "ff9a2e", "e0641c"),
    "yellow": ("f7d917", "ffe94a", "f5e26b"),
    "green": ("2e7d32", "4caf50", "1c5a2c", "3d8b57", "3c5a44", "6d8f6c"),
    "blue": ("1e56c8", "3b78d8", "2a4b9b", "4f6d94"),
    "purple": ("6a1b9a", "7e3fa8", "4f2a75"),
    "pink": ("f48fb1", "e75a95", "f8c4d4", "d81b78", "b8336a"),
    "brown": ("6b4226", "8d5a34", "4e342e", "a0683c"),
    "beige": ("d9c3a0", "c8ad7f", "c4a98a"),
    "cream": ("f3e9cf", "efe6d6"),
    "navy": ("1b2a4a", "14213d", "232d52"),
    "light blue": ("9cc4e4", "87b8e0", "b4d4ec", "8ea8c4"),
    "teal": ("008080", "2a9d9a", "40c4c0"),
    "burgundy": ("6d1a2d", "800020", "551a26"),
    "olive": ("6b6b2f", "8a8450", "5a5c3c"),
    "gold": ("c9a227", "d4af37", "b8860b"),
    "light green": ("a8d8b0", "b6dfa0", "8fcf9c"),
    "coral": ("ff7f60", "ffb491", "f49a8a"),
    "lilac": ("b39ddb", "c8a2c8", "cdb8e4"),
}

NEIGHBOURS: dict[str, dict[str, float]] = {
    "white": {"cream": 0.4},
    "red": {"burgundy": 0.5, "coral": 0.25},
    "orange": {"coral": 0.5, "gold": 0.25},
    "yellow": {"gold": 0.5},
    "green": {"light green": 0.6, "olive": 0.5, "teal": 0.35},
    "blue": {"navy": 0.6, "light blue": 0.6, "teal": 0.3},
    "purple": {"lilac": 0.6},
    "pink": {"coral": 0.35, "lilac": 0.25},
    "brown": {"beige": 0.3, "burgundy": 0.1},
    "beige": {"cream": 0.5, "brown": 0.2},
    "cream": {"white": 0.4, "beige": 0.5},
    "navy": {"blue": 0.4, "black": 0.1},
    "light blue": {"blue": 0.4, "teal": 0.2},
    "teal": {"green": 0.25, "blue": 0.2, "light blue": 0.2},
    "burgundy": {"red": 0.3, "brown": 0.1},
    "olive": {"green": 0.3, "brown": 0.1},
    "gold": {"yellow": 0.5, "beige": 0.2},
    "light green": {"green": 0.4, "teal": 0.2},
    "coral": {"orange": 0.4, "pink": 0.4},
    "lilac": {"purple": 0.5, "pink": 0.2},
}


@dataclass(frozen=True)
class ColourWord:
    """One word or phrase and the colours it means.

    ``also_a_thing`` marks words that name objects too (an orange, an olive): they add colour to a
    query but stay in its meaning, and count half.
    """

    phrase: str
    colours: tuple[str, ...]
    also_a_thing: bool = False


_PLAIN: dict[str, tuple[str, ...]] = {
    "black": ("black",),
    "white": ("white",),
    "grey": ("grey",),
    "gray": ("grey",),
    "charcoal grey": ("grey", "black"),
    "dark grey": ("grey", "black"),
    "dark gray": ("grey", "black"),
    "light grey": ("grey", "white"),
    "light gray": ("grey", "white"),
    "silver": ("grey",),
    "red": ("red",),
    "bright red": ("red",),
    "dark red": ("burgundy", "red"),
    "wine red": ("burgundy",),
    "crimson": ("red",),
    "scarlet": ("red",),
    "burgundy": ("burgundy",),
    "maroon": ("burgundy",),
    "bordeaux": ("burgundy",),
    "yellow": ("yellow",),
    "mustard yellow": ("gold", "yellow"),
    "green": ("green",),
    "dark green": ("green",),
    "light green": ("light green",),
    "mint green": ("light green",),
    "lime green": ("light green", "yellow"),
    "olive green": ("olive",),
    "emerald green": ("green", "teal"),
    "khaki": ("olive", "beige"),
    "blue": ("blue",),
    "dark blue": ("navy",),
    "navy": ("navy",),
    "navy blue": ("navy",),
    "royal blue": ("blue",),
    "light blue": ("light blue",),
    "pale blue": ("light blue",),
    "baby blue": ("light blue",),
    "sky blue": ("light blue",),
    "teal": ("teal",),
    "turquoise": ("teal", "light blue"),
    "aqua": ("teal", "light blue"),
    "cyan": ("teal", "light blue"),
    "purple": ("purple",),
    "violet": ("purple", "lilac"),
    "lilac": ("lilac",),
    "mauve": ("lilac",),
    "light purple": ("lilac",),
    "dark purple": ("purple",),
    "pink": ("pink",),
    "hot pink": ("pink",),
    "light pink": ("pink",),
    "magenta": ("pink", "purple"),
    "fuchsia": ("pink", "purple"),
    "rose gold": ("coral", "gold"),
    "brown": ("brown",),
    "dark brown": ("brown",),
    "light brown": ("brown", "beige"),
    "beige": ("beige",),
    "taupe": ("beige", "grey"),
    "off white": ("cream", "white"),
    "ivory": ("cream",),
    "golden": ("gold",),
}
_THINGS: dict[str, tuple[str, ...]] = {
    "orange": ("orange",),
    "olive": ("olive",),
    "gold": ("gold",),
    "cream": ("cream",),
    "coral": ("coral",),
    "peach": ("coral",),
    "salmon": ("coral",),
    "mint": ("light green",),
    "mustard": ("gold",),
    "lavender": ("lilac",),
    "camel": ("beige",),
    "tan": ("beige",),
    "charcoal": ("grey", "black"),
    "rust": ("brown", "orange"),
}

COLOUR_WORDS: tuple[ColourWord, ...] = (
    *(ColourWord(phrase, names) for phrase, names in _PLAIN.items()),
    *(ColourWord(phrase, names, also_a_thing=True) for phrase, names in _THINGS.items()),
)


def text_vector(word: ColourWord) -> list[float]:
    """The colour part of a text that says ``word``: one weight a colour of ``SWATCHES``, unit length."""
    weights = dict.fromkeys(SWATCHES, 0.0)
    for name in word.colours:
        weights[name] = 1.0
    for name in word.colours:
        for neighbour, weight in NEIGHBOURS.get(name, {}).items():
            weights[neighbour] = max(weights[neighbour], weight)
    length = sum(weight * weight for weight in weights.values()) ** 0.5
    return [weight / length for weight in weights.values()]
