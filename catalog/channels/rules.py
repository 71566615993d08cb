"""The rules that requirements are made of: each says what is wrong with a record, "" for nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal, InvalidOperation
from urllib.parse import urlsplit

from catalog.channels.countries import CURRENCIES
from catalog.channels.facts import Facts
from catalog.channels.gtin import gtin_key, gtin_problem
from catalog.channels.requirements import Requirement
from catalog.interchange.records import VariantRecord

SHOWN_VARIANTS = 3
SHOWN_TEXT = 40
_MEGA = 1_000_000


def _present(facts: Facts, requirement: Requirement, _country: str) -> str:
    names = requirement.fields
    if not any(facts.is_of_variants(name) for name in names):
        held = any(facts.values(name, facts.variants[0]) for name in names)
        return "" if held else f"{requirement.title} is missing."
    lacking = [
        variant
        for variant in facts.variants
        if not any(facts.values(name, variant) for name in names)
    ]
    if not lacking:
        return ""
    if len(lacking) == len(facts.variants):
        return f"{requirement.title} is missing."
    return f"{requirement.title} is missing for {_named(lacking, facts)}."


def _values(facts: Facts, requirement: Requirement, _country: str) -> str:
    wrong = [value for value in _all(facts, requirement) if value not in requirement.values]
    if not wrong:
        return ""
    return f"“{_short(wrong[0])}” is not one of {', '.join(requirement.values)}."


def _length(facts: Facts, requirement: Requirement, _country: str) -> str:
    least, most = requirement.min or 0, requirement.max or 0
    for name in requirement.fields:
        for _, values in _by_variant(facts, name):
            for value in values:
                if len(value) > most:
                    return f"“{_short(value)}” has {len(value):,} characters; {most:,} at most."
                if len(value) < least:
                    return f"“{value}” has {len(value)} characters; {least} at least."
            total = sum(map(len, values)) + max(len(values) - 1, 0)
            if requirement.max_total and total > requirement.max_total:
                return f"Together {total} characters; {requirement.max_total} at most."
    return ""


def _pattern(facts: Facts, requirement: Requirement, _country: str) -> str:
    for value in _all(facts, requirement):
        if not requirement.regex.fullmatch(value):
            return f"“{_short(value)}” is not as it should be. {requirement.advice}"
        if requirement.max and len(value) > requirement.max:
            return f"“{_short(value)}” has {len(value)} characters; {requirement.max} at most."
    return ""


def _count(facts: Facts, requirement: Requirement, _country: str) -> str:
    counted = {
        "photos": lambda: len(facts.record.photos),
        "variants": lambda: len(facts.variants),
        "options": lambda: max(len(facts.options(variant)) for variant in facts.variants),
    }
    name = requirement.fields[0]
    number = counted[name]() if name in counted else len(facts.values(name, facts.variants[0]))
    if requirement.min is not None and number < requirement.min:
        return (
            f"{requirement.title} is missing."
            if not number
            else f"There are {number}; {requirement.min} at least."
        )
    if requirement.max is not None and number > requirement.max:
        return f"There are {number:,}; {requirement.max:,} at most."
    return ""


def _url(facts: Facts, requirement: Requirement, _country: str) -> str:
    values = list(_all(facts, requirement))
    if not values:
        return f"{requirement.title} is missing."
    return next((said for value in values if (said := url_problem(value, requirement.max))), "")


def url_problem(text: str, most: int | None = None) -> str:
    """What is wrong with an address that a channel is to open; "" for nothing."""
    if most and len(text) > most:
        return f"The address has {len(text):,} characters; {most:,} at most."
    try:
        parts = urlsplit(text)
        host = parts.hostname
    except ValueError:
        return f"“{_short(text)}” is no address."
    if parts.scheme not in {"http", "https"} or not host or "." not in host:
        return f"“{_short(text)}” is no address that begins with https:// or http://."
    if not text.isascii() or any(sign.isspace() for sign in text):
        return f"“{_short(text)}” has letters or spaces that an address has to write as %-codes."
    return ""


def _price(facts: Facts, requirement: Requirement, _country: str) -> str:
    wrong = [variant for variant in facts.variants if not _is_price(variant, requirement, facts)]
    if not wrong:
        return ""
    if len(wrong) == len(facts.variants):
        held = facts.has_any(requirement.fields[0])
        return "The price is not above zero." if held else f"{requirement.title} is missing."
    return f"No price above zero for {_named(wrong, facts)}."


def _is_price(variant: VariantRecord, requirement: Requirement, facts: Facts) -> bool:
    texts = facts.values(requirement.fields[0], variant)
    if not texts:
        return False
    try:
        amount = Decimal(texts[0])
    except InvalidOperation:
        return False
    return amount.is_finite() and (amount > 0 or (requirement.zero and amount == 0))


def _currency(facts: Facts, requirement: Requirement, country: str) -> str:
    fitting = CURRENCIES.get(country)
    others = [value for value in _all(facts, requirement) if value != fitting]
    if fitting is None or not others:
        return ""
    return f"The price is in {_short(others[0])}; the country's currency is {fitting}."


def _gtin(facts: Facts, requirement: Requirement, _country: str) -> str:
    for name in requirement.fields:
        for variant, values in _by_variant(facts, name):
            for value in values:
                if said := gtin_problem(value):
                    many = len(facts.variants) > 1
                    return f"{_named([variant], facts)}: {said}" if many else said
    return ""


def _gtin_unique(facts: Facts, requirement: Requirement, _country: str) -> str:
    seen: set[str] = set()
    for value in _all(facts, requirement):
        key = gtin_key(value)
        if not key:
            continue
        if key in seen:
            return f"{value} stands on two variants of this product."
        if key in facts.known.shared_gtins:
            return f"{value} stands on another product, too."
        seen.add(key)
    return ""


def _options_differ(facts: Facts, _requirement: Requirement, _country: str) -> str:
    names = {tuple(name for name, _ in facts.options(each)) for each in facts.variants}
    if len(names) > 1:
        return "Some variants have other options than the others, or in another order."
    seen: dict[tuple, VariantRecord] = {}
    for variant in facts.variants:
        options = facts.options(variant)
        if not options:
            return "The variants have no options that tell them apart."
        if missing := next((name for name, value in options if not value), ""):
            return f"{_named([variant], facts)} has no value for “{missing}”."
        folded = tuple(value.casefold() for _, value in options)
        if folded in seen:
            text = " / ".join(value for _, value in options)
            return f"Two variants are both “{_short(text)}”."
        seen[folded] = variant
    return ""


def _photo_size(facts: Facts, requirement: Requirement, _country: str) -> str:
    photos = facts.record.photos if requirement.every else facts.record.photos[:1]
    for photo in photos:
        size = facts.known.photo_sizes.get(photo.source)
        if size is not None and (said := _size_problem(*size, requirement)):
            return said
    return ""


def _size_problem(width: int, height: int, requirement: Requirement) -> str:
    least_width, least_height = requirement.min_width or 0, requirement.min_height or 0
    if width < least_width or height < least_height:
        return (
            f"The photo has {width:,} × {height:,} pixels; {least_width:,} × {least_height:,} "
            "at least."
        )
    most = requirement.max_megapixels
    if most and width * height > most * _MEGA:
        return f"A photo has {width * height / _MEGA:.1f} megapixels; {most} at most."
    return ""


def _by_variant(facts: Facts, name: str) -> Iterator[tuple[VariantRecord, list[str]]]:
    variants = facts.variants if facts.is_of_variants(name) else facts.variants[:1]
    for variant in variants:
        yield variant, facts.values(name, variant)


def _all(facts: Facts, requirement: Requirement) -> Iterator[str]:
    for name in requirement.fields:
        for _, values in _by_variant(facts, name):
            yield from values


def _named(variants: Iterable[VariantRecord], facts: Facts) -> str:
    """Variants by SKU or options, the first of many."""
    listed = list(variants)
    names = [
        _short(each.name) or f"variant {facts.variants.index(each) + 1}"
        for each in listed[:SHOWN_VARIANTS]
    ]
    if len(listed) > len(names):
        return f"{', '.join(names)} and {len(listed) - len(names):,} more"
    return " and ".join(names) if len(names) <= 2 else ", ".join(names)  # noqa: PLR2004 -- a pair


def _short(text: str) -> str:
    return text if len(text) <= SHOWN_TEXT else f"{text[:SHOWN_TEXT]}…"


RULES: Mapping[str, Callable[[Facts, Requirement, str], str]] = {
    "present": _present,
    "values": _values,
    "length": _length,
    "pattern": _pattern,
    "count": _count,
    "url": _url,
    "price": _price,
    "currency": _currency,
    "gtin": _gtin,
    "gtin_unique": _gtin_unique,
    "options_differ": _options_differ,
    "photo_size": _photo_size,
}
