"""Ads by rules, for when there is no model: facts as they stand, nothing that is not among them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from catalog.money import money_text
from tools.counting import length
from tools.kinds.ad_campaign.answers import Written, fitted
from tools.kinds.ad_campaign.channels import Channel, TextLimit
from tools.kinds.ad_campaign.claims import said
from tools.kinds.ad_campaign.policy import breaches
from tools.kinds.ad_campaign.shortening import shorten
from tools.kinds.ad_campaign.support import OFFER, Fact, Support

TITLE, PREHEADER = 150, 90
FIRST_SENTENCE = re.compile(r"[^.!?\n]{1,200}(?:[.!?](?=\s|$)|$)")
ATTRIBUTE_KEY = re.compile(r"a\d+")
BUTTONS = {"en": "See the details", "de": "Details ansehen", "fr": "Voir les détails", "es": "Ver los detalles"}  # fmt: skip
MOST_ATTRIBUTES = 8


@dataclass(frozen=True)
class Material:
    """What a draft is made of, each as a text with what it rests on. `branded` is the title with
    its brand, `attributes` have their names before them and `values` not.
    """

    title: Written
    branded: Written
    kind: Written
    values: tuple[Written, ...]
    attributes: tuple[Written, ...]
    price: Written | None
    offer: Written | None
    description: Written
    button: str

    @property
    def sentence(self) -> Written:
        """The first sentence of the description."""
        found = FIRST_SENTENCE.match(self.description.text)
        text = found[0].strip().rstrip(".") if found else ""
        return Written(text=text, cites=self.description.cites)

    def all(self) -> list[Written]:
        """What an ad may say, the most telling first, each once."""
        found = [self.title, self.offer, self.sentence]
        found += [*self.attributes[:2], self.price, self.kind]
        found += self.attributes[2:]
        return [one for one in found if one is not None and one.text]


def draft(channel: Channel, facts: Mapping[str, Any], support: Support) -> dict[str, list[Written]]:
    """The texts of a channel's ad by their kind, each within its limit; one that had to be cut is
    taken only where there are too few others.
    """
    material = material_of(facts, support)
    made: dict[str, list[Written]] = {}
    for kind, limit in channel.texts.items():
        rules = channel.rules_of(kind)
        whole, cut = list[Written](), list[Written]()
        for one in _texts(kind, limit, material):
            text = fitted(one.text, limit)
            short = shorten(text, limit.limit, limit.counted)
            if short and not breaches(short, rules, support):
                (whole if short == text else cut).append(Written(text=short, cites=one.cites))
        unique = {one.text.casefold(): one for one in whole}
        if len(unique) < limit.least:
            unique |= {one.text.casefold(): one for one in cut}
        made[kind] = list(unique.values())[: limit.most]
    return made


def material_of(facts: Mapping[str, Any], support: Support) -> Material:
    """What the facts give."""
    known = support.by_key()
    kind = facts["category"].rpartition("›")[2].strip()
    branded = " ".join(part for part in (facts["brand"], kind) if part)
    title = facts["title"] or branded or "Untitled product"
    # A shop stands by what its ads say: what a machine guessed is left to people to confirm.
    own = [fact for fact in support.facts if ATTRIBUTE_KEY.fullmatch(fact.key) and not fact.unsure]
    language = str(facts["language"]).partition("-")[0]
    return Material(
        title=Written(text=title, cites=_there(known, "title" if facts["title"] else "category")),
        branded=_branded(title, facts["brand"], known),
        kind=Written(text=branded, cites=_there(known, "brand", "category")),
        values=tuple(Written(text=fact.text, cites=[fact.key]) for fact in own if said(fact) == fact.text),
        attributes=tuple(_attributes(own)),
        price=_price(support),
        offer=Written(text=known[OFFER].text, cites=[OFFER]) if OFFER in known else None,
        description=Written(
            text=known["description"].text if "description" in known else "",
            cites=_there(known, "description"),
        ),
        button=BUTTONS.get(language, BUTTONS["en"]),
    )  # fmt: skip


def _branded(title: str, brand: str, known: Mapping[str, Fact]) -> Written:
    if not brand or brand.casefold() in title.casefold():
        return Written(text=title, cites=_there(known, "title"))
    return Written(text=f"{brand} {title}", cites=_there(known, "brand", "title"))


def _attributes(facts: Sequence[Fact]) -> Iterator[Written]:
    """Attributes as "Material: Leather"; of a yes its name, of a no nothing, which is no praise."""
    telling = [(fact, said(fact)) for fact in facts]
    for fact, text in [pair for pair in telling if pair[1]][:MOST_ATTRIBUTES]:
        named = text if text == fact.label else f"{fact.label}: {text}"
        yield Written(text=named, cites=[fact.key])


def _price(support: Support) -> Written | None:
    """The lowest price in the first currency."""
    same = [one for one in support.prices if one.currency == support.prices[0].currency]
    if not same:
        return None
    lowest = min(same, key=lambda one: one.amount)
    return Written(text=f"{lowest.currency} {money_text(lowest.amount)}", cites=[lowest.key])


def _there(known: Mapping[str, Fact], *keys: str) -> list[str]:
    return [key for key in keys if key in known]


def _texts(kind: str, limit: TextLimit, material: Material) -> Iterator[Written]:
    """Texts of a kind, more than there may be: what does not fit the channel is left out."""
    each = material.all()
    if kind in MAKERS:
        yield from MAKERS[kind](material)
    elif limit.lines:
        # Where a channel takes no prices, the one without.
        yield _long(material, (material.price, material.offer))
        yield _long(material)
    elif kind in SINGLE:
        yield from each
    else:
        for start in range(limit.most):
            yield _joined(each[start:], ". ", limit.limit)


def _paths(material: Material) -> Iterator[Written]:
    for one in (material.kind, material.title):
        for word in one.text.split():
            yield Written(text=_slug(word), cites=one.cites)


# What says one thing in each text, and what is made in a way of its own.
SINGLE = frozenset({"headlines", "highlights"})
MAKERS: dict[str, Callable[[Material], Iterable[Written]]] = {
    "paths": _paths,
    "button": lambda material: [Written(text=material.button)],
    "headline": lambda material: [material.title],
    "title": lambda material: [_joined([material.branded, *material.values[:2]], ", ", TITLE)],
    "subject": lambda material: [material.title],
    "preheader": lambda material: [_joined(material.all()[1:], ", ", PREHEADER)],
}


def _joined(parts: Sequence[Written | None], by: str, limit: int) -> Written:
    """As many of the parts as fit, the first whatever its length."""
    text, cites = "", list[str]()
    for one in parts:
        if one is None or not one.text:
            continue
        longer = f"{text}{by}{one.text}" if text else one.text
        if text and length(longer, "weighted") > limit:
            continue
        text, cites = longer, [*cites, *one.cites]
    return Written(text=text, cites=list(dict.fromkeys(cites)))


def _long(material: Material, more: Iterable[Written | None] = ()) -> Written:
    """The description, and below it what is known, a line each."""
    lines = [one for one in (material.title, material.description) if one.text]
    rest = [one for one in (*material.attributes, *more) if one]
    text = "\n\n".join(one.text for one in lines)
    listed = "\n".join(one.text for one in rest)
    cites = [key for one in (*lines, *rest) for key in one.cites]
    return Written(text=f"{text}\n\n{listed}".strip(), cites=list(dict.fromkeys(cites)))


def _slug(word: str) -> str:
    plain = unicodedata.normalize("NFKC", word).casefold()
    return re.sub(r"[^\w-]+", "", plain)
