"""Whether what a text claims is supported: words, materials and colours, numbers, prices, discounts.

Nothing here asks a model. A claim that is found is supported by the facts that say the same; adding
facts never takes support away.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from catalog.money import money_text
from tools.kinds.ad_campaign.amounts import UNITS, Amount, amounts
from tools.kinds.ad_campaign.support import OFFER, Fact, Group, Lexicon, Price, Support

NEGATED = re.compile(
    r"(?:\b(?:not|no|non|never|without|isn't|nicht|kein\w*|ohne|pas|sans|sin|nunca)\b\W+(?:\w+\W+)?|\bnon-)$",
    re.IGNORECASE,
)
IMITATED = re.compile(
    r"\b(?:faux|vegan|imitation|artificial|synthetic|fake|mock|simulated|simili|imitación de|look of)[\s-]+$",
    re.IGNORECASE,
)
IMITATING = re.compile(
    r"^(?:[\s-]+(?:look|style|effect|optik|imitat\w*|free|frei|coloured|colored)\b|-like\b|look\b|imitat)",
    re.IGNORECASE,
)
PLACE = re.compile(r"^\W*(?:the\s+)?(\w+)", re.IGNORECASE)
LOOKED_BACK = 24
# A discount of 33.3 % may be called 33 %.
ROUNDING = 1


@dataclass(frozen=True)
class Claim:
    """What a text claims at a place, and the keys of the facts that say so; none: nothing does."""

    text: str
    label: str
    supported_by: tuple[str, ...] = ()
    problem: str = ""


class Checker:
    """Checks texts against one product's facts. The words are looked up in the facts once."""

    def __init__(self, support: Support, lexicon: Lexicon) -> None:
        self.support = support
        self._groups = (*lexicon.claims, *lexicon.terms)

    def claims(self, text: str) -> list[Claim]:
        """All claims of a text, in no order that matters."""
        found = [claim for group in self._groups for claim in self._claims_of(group, text)]
        return [*found, *(self._amount(amount) for amount in amounts(text))]

    @cached_property
    def _saying(self) -> dict[str, tuple[str, ...]]:
        """The facts that say what a group says, by the group's key."""
        return {
            group.key: tuple(
                fact.key for fact in self.support.facts if any(_occurrences(group, said(fact)))
            )
            for group in self._groups
        }

    def _claims_of(self, group: Group, text: str) -> Iterable[Claim]:
        for match in _occurrences(group, text):
            if group.names_follow:
                yield self._named(group, text, match)
                continue
            keys = self._saying[group.key]
            if group.key == "discount":
                keys += tuple(price.key for price in self.support.prices if price.saved)
            yield self._claim(match[0], group.label, keys, "unsupported")

    def _claim(self, text: str, label: str, keys: Iterable[str], otherwise: str) -> Claim:
        known = tuple(dict.fromkeys(keys))
        problem = f"{otherwise}: {text}" if not known else ""
        if known and self.support.is_unsure(known):
            named = ", ".join(self.support.by_key()[key].label for key in known)
            problem = f"unconfirmed: {text} ({named} is a machine's guess)"
        return Claim(text, label, known, problem)

    def _named(self, group: Group, text: str, match: re.Match[str]) -> Claim:
        """A claim that depends on the name after it: a fact has to have both."""
        place = PLACE.match(text[match.end() :])
        name = place[1] if place else ""
        whole = f"{match[0]} {name}".strip()
        with_name = re.compile(rf"(?<!\w){re.escape(name)}(?!\w)", re.IGNORECASE)
        keys = tuple(
            fact.key
            for fact in self.support.facts
            if name and with_name.search(fact.text)
            and (any(_occurrences(group, fact.text)) or _is_origin(fact))
        )  # fmt: skip
        return self._claim(whole, group.label, keys, "unsupported")

    # --- numbers --------------------------------------------------------------------------------

    def _amount(self, amount: Amount) -> Claim:
        if amount.is_saving:
            return self._saving(amount)
        if amount.currencies:
            return self._price(amount)
        keys = [key for key, known in self._numbers if _same(amount, known)]
        return self._claim(amount.text, "number", keys, "unsupported number")

    @cached_property
    def _numbers(self) -> list[tuple[str, Amount]]:
        return [(fact.key, one) for fact in self.support.facts for one in amounts(fact.text)]

    def _price(self, amount: Amount) -> Claim:
        keys = [price.key for price in self.support.prices if _is_price(amount, price)]
        keys += self._in_offer(amount)
        if keys:
            return Claim(amount.text, "price", tuple(keys))
        prices = (f"{one.currency} {money_text(one.amount)}" for one in self.support.prices)
        real = ", ".join(dict.fromkeys(prices))
        problem = f"{amount.text} is not the price ({real or 'none is known'})"
        return Claim(amount.text, "price", (), problem)

    def _saving(self, amount: Amount) -> Claim:
        keys = self._in_offer(amount)
        keys += [price.key for price in self.support.prices if _is_saving(amount, price)]
        return self._claim(amount.text, "discount", keys, "unsupported discount")

    def _in_offer(self, amount: Amount) -> list[str]:
        offered = amounts(self.support.offer())
        return [OFFER] if any(_same_money(amount, one) for one in offered) else []


def said(fact: Fact) -> str:
    """A fact as words. Of a name and a yes, the name is what is said; of a no, nothing."""
    answer = fact.text.strip().casefold()
    if answer in ("yes", "true"):
        return fact.label
    if answer in ("no", "false"):
        return ""
    return fact.text


def _occurrences(group: Group, text: str) -> Iterable[re.Match[str]]:
    """Where a text says it: neither "not waterproof" nor "faux leather" does."""
    for match in group.pattern.finditer(text):
        before = text[max(match.start() - LOOKED_BACK, 0) : match.start()]
        if NEGATED.search(before) or IMITATED.search(before):
            continue
        if IMITATING.match(text[match.end() :]):
            continue
        yield match


def _is_origin(fact: Fact) -> bool:
    return fact.key.rpartition(".")[2] in ("origin", "country_of_origin", "made_in")


def _same(amount: Amount, known: Amount) -> bool:
    if not amount.unit:
        return bool(amount.values & known.values)
    if not known.unit:
        # "Height: 30" may be meant in what the text says; a price or a discount is not.
        return not known.currencies and bool(amount.values & known.values)
    return UNITS[amount.unit][0] == UNITS[known.unit][0] and bool(
        amount.measures() & known.measures()
    )


def _same_money(amount: Amount, known: Amount) -> bool:
    if not amount.values & known.values:
        return False
    if amount.currencies:
        return not known.unit and (
            not known.currencies or bool(amount.currencies & known.currencies)
        )
    return amount.unit == known.unit and not known.currencies


def _is_price(amount: Amount, price: Price) -> bool:
    known = {price.amount} | ({price.before} if price.before is not None else set())
    return price.currency in amount.currencies and bool(amount.values & known)


def _is_saving(amount: Amount, price: Price) -> bool:
    if price.saved is None or price.percent_off is None:
        return False
    if amount.currencies:
        return price.currency in amount.currencies and price.saved in amount.values
    return any(abs(value - price.percent_off) < ROUNDING for value in amount.values)
