"""The few words by which questions to a catalogue are told from searches, in four languages.

Everything is as `normalise.fold` leaves it: without case and accents. Phrases are words with one
space between them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

CURRENCIES = {
    "€": ("EUR",),
    "eur": ("EUR",),
    "euro": ("EUR",),
    "euros": ("EUR",),
    "£": ("GBP",),
    "gbp": ("GBP",),
    "pounds": ("GBP",),
    "$": ("USD", "CAD", "AUD", "NZD", "SGD", "HKD", "MXN"),
    "usd": ("USD",),
    "dollars": ("USD", "CAD", "AUD", "NZD"),
    "¥": ("JPY", "CNY"),
    "jpy": ("JPY",),
    "yen": ("JPY",),
    "chf": ("CHF",),
    "francs": ("CHF",),
    "cad": ("CAD",),
    "aud": ("AUD",),
    "sek": ("SEK",),
    "nok": ("NOK",),
    "dkk": ("DKK",),
    "pln": ("PLN",),
}
# What a number before them counts is no money.
UNITS = frozenset(
    [
        "cm",
        "mm",
        "m",
        "km",
        "in",
        "inch",
        "inches",
        "ft",
        "feet",
        "kg",
        "g",
        "mg",
        "oz",
        "lb",
        "lbs",
        "l",
        "ml",
        "cl",
        "w",
        "watt",
        "watts",
        "v",
        "volt",
        "years",
        "year",
        "yrs",
        "months",
        "days",
        "hours",
        "photos",
        "photo",
        "images",
        "pieces",
        "pcs",
        "stars",
        "%",
        "percent",
        "jahre",
        "jahren",
        "fotos",
        "bilder",
        "ans",
        "mois",
        "photos",
        "anos",
        "meses",
    ]
)


@dataclass(frozen=True)
class Speech:
    """How one language asks.

    `asks` begin a question, `glue` says nothing of what is looked for. `lacks` stand before the
    name of a field, `lacking` after it. `under`, `over` stand before an amount; `between` and
    `from_` before the first of two, `to` between them. `nots` turn what follows into its opposite.
    `fields` are what people call columns and attributes beside their labels.
    """

    asks: frozenset[str]
    glue: frozenset[str]
    articles: frozenset[str]
    joins: frozenset[str]
    lacks: frozenset[str]
    lacking: frozenset[str]
    nots: frozenset[str]
    under: frozenset[str]
    over: frozenset[str]
    between: frozenset[str]
    to: frozenset[str]
    statuses: dict[str, str]
    fields: dict[str, str]


def _phrases(text: str) -> frozenset[str]:
    return frozenset(part.strip() for part in text.split(","))


_ENGLISH = Speech(
    asks=_phrases(
        "which, what, show, show me, find, find me, list, how many, who, where, do we have, "
        "do you have, have we, are there, is there, give me, what are, which of"
    ),
    glue=_phrases(
        "which, what, show, find, list, give, me, us, how many, all, any, the, a, an, of, our, my, "
        "we, you, i, do, does, did, have, has, had, are, is, be, there, that, who, whose, where, and, or, "
        "but, with, for, in, to, still, yet, also, please, products, product, items, item, things, "
        "articles, listings, listing, ones, goods, cost, costs, costing, priced, price, sold, sell, "
        "can, could, would, they, them, these, those, it, its, filled, set, given"
    ),
    articles=_phrases("a, an, any, the, their, its, our, every"),
    joins=_phrases("and, or, nor"),
    lacks=_phrases(
        "lack, lacks, lacking, without, missing, miss, misses, no, with no, have no, has no, "
        "having no, do not have, does not have, don't have, doesn't have, dont have, not have, "
        "need, needs, in need of, with missing, have missing, has missing"
    ),
    lacking=_phrases("missing, is missing, are missing, is empty, empty, not filled, not set"),
    nots=_phrases("not, no, without, non, except, isn't, aren't, other than"),
    under=_phrases(
        "under, below, less than, cheaper than, up to, at most, no more than, not more than, max, "
        "maximum, within"
    ),
    over=_phrases(
        "over, above, more than, dearer than, at least, no less than, not less than, min, minimum, "
        "more expensive than, starting at"
    ),
    between=_phrases("between, from, for, at"),
    to=_phrases("and, to, -, –"),
    statuses={
        "draft": "draft",
        "drafts": "draft",
        "in review": "in_review",
        "approved": "approved",
        "archived": "archived",
    },
    fields={
        "title": "title",
        "name": "title",
        "description": "description",
        "brand": "brand",
        "category": "category",
        "price": "price",
        "color": "color",
        "colour": "color",
    },
)
_GERMAN = Speech(
    asks=_phrases(
        "welche, welcher, welches, welchen, was, zeige, zeig, zeig mir, finde, gibt es, haben wir, wie viele"
    ),
    glue=_phrases(
        "welche, welcher, welches, welchen, was, zeige, zeig, mir, finde, gibt, es, haben, hat, wir, "
        "wie viele, alle, die, der, das, den, dem, ein, eine, einen, einer, und, oder, mit, fur, im, "
        "in, zu, noch, sind, ist, produkte, artikel, sachen, kosten, kostet, bei denen, unsere, kein"
    ),
    articles=_phrases("der, die, das, ein, eine, einen, ihre, ihr"),
    joins=_phrases("und, oder, noch"),
    lacks=_phrases(
        "ohne, kein, keine, keinen, haben kein, haben keine, haben keinen, fehlt, fehlen"
    ),
    lacking=_phrases("fehlt, fehlen, ist leer"),
    nots=_phrases("nicht, kein, keine, keinen, ohne, ausser"),
    under=_phrases(
        "unter, weniger als, billiger als, gunstiger als, bis, bis zu, hochstens, maximal"
    ),
    over=_phrases("uber, mehr als, teurer als, mindestens, ab"),
    between=_phrases("zwischen, von"),
    to=_phrases("und, bis, -, –"),
    statuses={
        "entwurf": "draft",
        "entwurfe": "draft",
        "freigegeben": "approved",
        "archiviert": "archived",
    },
    fields={
        "titel": "title",
        "name": "title",
        "beschreibung": "description",
        "marke": "brand",
        "kategorie": "category",
        "preis": "price",
    },
)
_FRENCH = Speech(
    asks=_phrases(
        "quel, quels, quelle, quelles, que, montre, montre moi, trouve, combien, y a-t-il, avons-nous"
    ),
    glue=_phrases(
        "quel, quels, quelle, quelles, que, qui, montre, moi, trouve, combien, y, a-t-il, avons-nous, "
        "le, la, les, un, une, des, de, du, d, et, ou, avec, pour, en, a, sont, est, ont, n'ont, "
        "produits, articles, coutent, coute, nos, tous, toutes"
    ),
    articles=_phrases("le, la, les, un, une, de, d, leur"),
    joins=_phrases("et, ou, ni"),
    lacks=_phrases("sans, n'ont pas, pas, n'a pas, aucun, aucune, manque, manquent"),
    lacking=_phrases("manque, manquent, manquant, manquante, est vide"),
    nots=_phrases("pas, sans, sauf, aucun, aucune"),
    under=_phrases("sous, moins de, moins cher que, moins chers que, jusqu'a, au plus, maximum"),
    over=_phrases("plus de, plus cher que, plus chers que, au moins, a partir de"),
    between=_phrases("entre, de"),
    to=_phrases("et, a, -, –"),
    statuses={
        "brouillon": "draft",
        "brouillons": "draft",
        "approuve": "approved",
        "archive": "archived",
    },
    fields={
        "titre": "title",
        "nom": "title",
        "description": "description",
        "marque": "brand",
        "categorie": "category",
        "prix": "price",
    },
)
_SPANISH = Speech(
    asks=_phrases("que, cual, cuales, muestra, muestrame, busca, hay, tenemos, cuantos, cuantas"),
    glue=_phrases(
        "que, cual, cuales, muestra, muestrame, busca, hay, tenemos, cuantos, cuantas, el, la, los, "
        "las, un, una, unos, unas, de, y, o, con, para, en, son, es, tienen, tiene, productos, "
        "articulos, cuestan, cuesta, todos, todas, nuestros"
    ),
    articles=_phrases("el, la, los, las, un, una, su, sus"),
    joins=_phrases("y, o, ni"),
    lacks=_phrases("sin, no tienen, no tiene, falta, faltan, les falta"),
    lacking=_phrases("falta, faltan, esta vacio"),
    nots=_phrases("no, sin, excepto"),
    under=_phrases(
        "menos de, bajo, hasta, por debajo de, mas barato que, mas baratos que, como maximo"
    ),
    over=_phrases("mas de, por encima de, mas caro que, mas caros que, al menos, desde"),
    between=_phrases("entre, de"),
    to=_phrases("y, a, -, –"),
    statuses={
        "borrador": "draft",
        "borradores": "draft",
        "aprobado": "approved",
        "archivado": "archived",
    },
    fields={
        "titulo": "title",
        "nombre": "title",
        "descripcion": "description",
        "marca": "brand",
        "categoria": "category",
        "precio": "price",
    },
)
_LANGUAGES = {"en": _ENGLISH, "de": _GERMAN, "fr": _FRENCH, "es": _SPANISH}


@lru_cache(maxsize=8)
def spoken(language: str) -> tuple[Speech, ...]:
    """How people ask in a catalogue of this language: in it, and in English."""
    own = _LANGUAGES.get(language.partition("-")[0].lower())
    return (own, _ENGLISH) if own not in (None, _ENGLISH) else (_ENGLISH,)
