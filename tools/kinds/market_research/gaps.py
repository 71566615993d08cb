"""What others say of their products and this listing does not: attributes, claims, crowded spots."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal

from catalog.textsearch.normalise import fold
from tools.comparables import Comparable
from tools.competitors.matching import words_of
from tools.facts import ProductFacts
from tools.kinds.market_research.position import Position

MAX_GAPS, MAX_CLAIMS_SHOWN, MAX_VALUES = 12, 15, 3
MOST_GRID_ROWS, MOST_BANDS = 8, 5
NOT_GIVEN, OTHER = "Not given", "Other"
# Attributes that say which offer it is rather than what it is like.
IDENTITIES = frozenset(
    {"sku", "id", "mpn", "handle", "asin", "image", "image link", "bild", "stock"}
)


@dataclass(frozen=True)
class Said:
    """A value or a claim, and the keys of those that say it."""

    text: str
    keys: tuple[str, ...]


@dataclass(frozen=True)
class Gap:
    """An attribute that others give. `own` is what this listing says of it, "" for nothing.

    `field` is the vocabulary's key where it has such an attribute. `keys` are those who give it.
    """

    label: str
    field: str
    own: str
    keys: tuple[str, ...]
    values: tuple[Said, ...]

    @property
    def is_missing(self) -> bool:
        return not self.own


@dataclass(frozen=True)
class Claim:
    """What others claim; `is_ours` says that this listing's words say it too."""

    text: str
    keys: tuple[str, ...]
    is_ours: bool


@dataclass(frozen=True)
class Crowd:
    """How many offers there are by a value of an attribute and by price. `counts[value][band]`.

    `place` is the product's own (value, band), None where it has no price.
    """

    label: str
    values: tuple[str, ...]
    bands: tuple[tuple[Decimal, Decimal], ...]
    counts: tuple[tuple[int, ...], ...]
    place: tuple[int, int] | None


class FieldNames:
    """Which of the vocabulary's attributes a heading of somebody else's means."""

    def __init__(self, labels: Mapping[str, Iterable[str]]) -> None:
        self._keys = {_plain(key): key for key in labels}
        for key, names in labels.items():
            for name in names:
                self._keys.setdefault(_plain(name), key)

    def key(self, label: str) -> str:
        """The attribute's key, "" for one that the vocabulary does not have."""
        return self._keys.get(_plain(label), "")


def _plain(text: str) -> str:
    return " ".join(sorted(words_of(text.replace("_", " ")))) or fold(text)


def own_attributes(facts: ProductFacts) -> dict[str, str]:
    """What the listing says of itself, by key and by label, variants' options included."""
    found = {attribute.field: attribute.text for attribute in facts.attributes}
    found |= {attribute.label: attribute.text for attribute in facts.attributes}
    options: dict[str, dict[str, None]] = defaultdict(dict)
    for variant in facts.variants:
        for name, value in variant.options.items():
            options[name][value] = None
    return found | {name: ", ".join(values) for name, values in options.items()}


def attribute_gaps(
    facts: ProductFacts, comparables: Sequence[Comparable], names: FieldNames
) -> list[Gap]:
    """Attributes that others give and this listing lacks or says otherwise, the most given first."""
    own = {_plain(label): text for label, text in own_attributes(facts).items()}
    gaps = []
    for label, said in _by_attribute(comparables, names).items():
        field = names.key(label)
        ours = own.get(_plain(field)) or own.get(_plain(label)) or ""
        values = _values(said)
        if ours and any(_says(ours, value.text) for value in values):
            continue
        keys = tuple(dict.fromkeys(key for key, _ in said))
        gaps.append(Gap(label, field, ours, keys, tuple(values[:MAX_VALUES])))
    gaps.sort(key=lambda gap: (gap.own != "", -len(gap.keys), gap.label))
    return gaps[:MAX_GAPS]


def _by_attribute(
    comparables: Sequence[Comparable], names: FieldNames
) -> dict[str, list[tuple[str, str]]]:
    """Who says what of each attribute, under the first label that it was met with."""
    labels: dict[str, str] = {}
    said: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for each in comparables:
        for label, value in each.attributes.items():
            if not value or fold(label) in IDENTITIES:
                continue
            known = labels.setdefault(names.key(label) or _plain(label), label)
            said[known].append((each.key, value))
    return said


def _values(said: Sequence[tuple[str, str]]) -> list[Said]:
    """The values, those that most say first."""
    shown: dict[str, str] = {}
    keys: dict[str, list[str]] = defaultdict(list)
    for key, value in said:
        plain = _plain(value)
        shown.setdefault(plain, value)
        keys[plain].append(key)
    found = [Said(shown[plain], tuple(who)) for plain, who in keys.items()]
    return sorted(found, key=lambda one: (-len(one.keys), one.text))


def _says(text: str, value: str) -> bool:
    """Whether all words of the value are in the text."""
    words = words_of(value)
    return bool(words) and words <= words_of(text)


def claims_of(facts: ProductFacts, comparables: Sequence[Comparable]) -> list[Claim]:
    """What others claim, counted by those who do: the most frequent first."""
    listing = " ".join(
        [facts.title, facts.description, *facts.tags, *own_attributes(facts).values()]
    )
    shown: dict[frozenset[str], str] = {}
    keys: dict[frozenset[str], list[str]] = defaultdict(list)
    for each in comparables:
        for phrase in each.claims:
            words = words_of(phrase)
            if words:
                shown.setdefault(words, phrase)
                keys[words].append(each.key)
    claims = [
        Claim(shown[words], tuple(dict.fromkeys(who)), _says(listing, shown[words]))
        for words, who in keys.items()
    ]
    claims.sort(key=lambda claim: (-len(claim.keys), claim.text))
    return claims[:MAX_CLAIMS_SHOWN]


def crowd_of(facts: ProductFacts, position: Position, names: FieldNames) -> Crowd | None:
    """Where it is crowded, by the attribute that most offers give; None where there is none such."""
    by_attribute = _by_attribute(position.priced, names)
    chosen = max(
        ((label, said) for label, said in by_attribute.items() if len(_values(said)) > 1),
        key=lambda pair: (len(pair[1]), pair[0]),
        default=None,
    )
    if chosen is None:
        return None
    label, said = chosen
    prices = {each.key: each.price for each in position.priced if each.price is not None}
    bands = bands_of([*prices.values(), *([position.price] if position.price is not None else [])])
    own = own_attributes(facts)
    ours = own.get(names.key(label)) or own.get(label) or ""
    values, row_of = _grid_rows(said, ours)
    counts = [[0] * len(bands) for _ in values]
    told = dict(said)
    for key, price in prices.items():
        row = row_of.get(_plain(told[key]), _other(values)) if key in told else _last(values)
        counts[row][_band(bands, price)] += 1
    place = None
    if position.price is not None:
        row = row_of.get(_plain(ours), _other(values)) if ours else _last(values)
        place = (row, _band(bands, position.price))
    return Crowd(label, tuple(values), tuple(bands), tuple(map(tuple, counts)), place)


def _grid_rows(said: Sequence[tuple[str, str]], ours: str) -> tuple[list[str], dict[str, int]]:
    """The values that are rows of their own, ours among them, and which plain value is which."""
    values = [one.text for one in _values(said)]
    if ours and _plain(ours) not in {_plain(value) for value in values[:MOST_GRID_ROWS]}:
        values.insert(0, ours)
    kept = values[:MOST_GRID_ROWS]
    row_of = {_plain(value): number for number, value in enumerate(kept)}
    return [*kept, *([OTHER] if len(values) > len(kept) else []), NOT_GIVEN], row_of


def _other(values: Sequence[str]) -> int:
    return values.index(OTHER) if OTHER in values else _last(values)


def _last(values: Sequence[str]) -> int:
    return len(values) - 1


def bands_of(prices: Sequence[Decimal]) -> list[tuple[Decimal, Decimal]]:
    """At most five bands of one round width that hold all prices; one where all are the same."""
    low, high = min(prices), max(prices)
    if low == high:
        return [(low, high)]
    step = _round_step((high - low) / (MOST_BANDS - 1))
    first = (low / step).to_integral_value(ROUND_FLOOR)
    last = (high / step).to_integral_value(ROUND_FLOOR)
    return [(n * step, (n + 1) * step) for n in map(Decimal, range(int(first), int(last) + 1))]


def _round_step(least: Decimal) -> Decimal:
    """The next of 1, 2, 5, 10, 20 ... that is no less."""
    power = Decimal(10) ** least.adjusted()
    return next(power * factor for factor in (1, 2, 5, 10) if power * factor >= least)


def _band(bands: Sequence[tuple[Decimal, Decimal]], price: Decimal) -> int:
    return next(
        (number for number, (low, high) in enumerate(bands) if low <= price < high), len(bands) - 1
    )
