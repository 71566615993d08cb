"""Reading a question by rules: amounts, what is missing, and words that the vocabulary knows.

Deterministic and without a model. What no rule knows stays as words to search for, so that nothing
of a question is lost.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence

from catalog import selectors
from catalog.browsing.filters import in_category
from catalog.models import Catalog, CurrentTerm
from catalog.search.asking import lexicon
from catalog.search.asking.lexicon import Meaning, Phrases, Token, tokens_of
from catalog.search.asking.reading import Part, Reading
from catalog.search.asking.speech import CURRENCIES, UNITS, Speech, spoken
from catalog.search.query import MISSING, PRICE, STATUS, Filters
from catalog.services.attribute_values import CATEGORY

MOST_TOKENS = 60
MOST_BRANDS = 500
MOST_WORDS_LEFT = 2
CENTS = 2  # digits after the last separator that make it a decimal one
BRAND = "brand"


def may_be_question(text: str, language: str) -> bool:
    """Whether it is worth reading: it asks, bounds or denies. Looks at nothing but the text."""
    tokens = tokens_of(text)[:MOST_TOKENS]
    words = [token.folded for token in tokens]
    if len(words) < 2:  # noqa: PLR2004 -- one word is looked for
        return False
    if text.rstrip().endswith("?"):
        return True
    has_amount = any(word[0].isdigit() for word in words)
    for speech in spoken(language):
        bounds = speech.under | speech.over | speech.between
        denies = speech.lacks | speech.lacking
        if _phrase_at(words, 0, speech.asks) or any(
            _phrase_at(words, n, denies) for n in _each(words)
        ):
            return True
        if has_amount and any(_phrase_at(words, n, bounds) for n in _each(words)):
            return True
    return False


def read(catalog: Catalog, text: str) -> Reading | None:
    """The question as filters and words; None for what is no question after all."""
    return _Reader(catalog, text).reading()


def _each(words: Sequence[str]) -> range:
    return range(len(words))


def _phrase_at(words: Sequence[str], place: int, phrases: Collection[str]) -> int:
    """How many words from a place on are one of the phrases, the longest; 0 if none is."""
    for length in range(min(lexicon.LONGEST_PHRASE, len(words) - place), 0, -1):
        if " ".join(words[place : place + length]) in phrases:
            return length
    return 0


class _Reader:
    def __init__(self, catalog: Catalog, text: str) -> None:
        self._catalog = catalog
        self._text = text
        self._tokens = tokens_of(text)[:MOST_TOKENS]
        self._words = [token.folded for token in self._tokens]
        self._speeches = spoken(catalog.language)
        self._free = [True] * len(self._words)
        self._values: dict[str, list[str]] = defaultdict(list)
        self._missing: list[str] = []
        self._bounds: dict[str, float] = {}
        self._parts: list[tuple[int, Part]] = []
        self._note = ""

    def reading(self) -> Reading | None:
        for speech in self._speeches:
            self._read_missing(speech)
            self._read_amounts(speech)
        if not (self._asks() or self._missing or self._bounds):
            return None
        for speech in self._speeches:
            self._read_statuses(speech)
        brands = lexicon.brands(self._brands())
        # "Acme Bags" is a brand and no bag; "Red" is a colour before it is a brand.
        self._read_values(brands, least=2)
        self._read_values(lexicon.values(self._catalog.language))
        self._read_values(brands)
        left = self._left()
        return Reading(
            question=self._text,
            words=" ".join(token.said for token in left),
            filters=Filters.parse(self._raw()),
            parts=tuple(part for _, part in sorted(self._parts, key=lambda one: one[0])),
            is_whole=self._is_whole(left),
            note=self._note,
        )

    def _asks(self) -> bool:
        return self._text.rstrip().endswith("?") or any(
            _phrase_at(self._words, 0, speech.asks) for speech in self._speeches
        )

    def _raw(self) -> dict[str, object]:
        """The filters as `Filters.parse` takes them."""
        raw: dict[str, object] = dict(self._values)
        if self._missing:
            raw[MISSING] = self._missing
        if self._bounds:
            raw[PRICE] = self._bounds
        return raw

    def _take(self, start: int, end: int, field: str, value: str) -> None:
        """These words are read."""
        said = " ".join(token.said for token in self._tokens[start:end])
        self._parts.append((start, Part(said, field, value)))
        self._free[start:end] = [False] * (end - start)

    def _is_free(self, start: int, length: int) -> bool:
        return all(self._free[start : start + length])

    # --- what is missing --------------------------------------------------------------------------

    def _read_missing(self, speech: Speech) -> None:
        names = lexicon.fields(self._catalog.language)
        for place in _each(self._words):
            if not self._free[place]:
                continue
            length = _phrase_at(self._words, place, speech.lacks)
            if length and self._fields_after(place, place + length, names, speech):
                continue
            self._field_before(place, names, speech)

    def _fields_after(self, start: int, place: int, names: Phrases, speech: Speech) -> bool:
        """Read "lack a material or a brand": each name after the word; whether there was one."""
        found = False
        while True:
            place += _phrase_at(self._words, place, speech.articles)
            length, meanings = names.longest(self._words[place:])
            if not length or not self._is_free(place, length):
                return found
            self._lack(start, place + length, meanings[0].field)
            found = True
            start = place = place + length
            place += _phrase_at(self._words, place, speech.joins)

    def _field_before(self, place: int, names: Phrases, speech: Speech) -> None:
        """Read "description is missing"."""
        length, meanings = names.longest(self._words[place:])
        after = place + length
        denies = _phrase_at(self._words, after, speech.lacking) if length else 0
        if denies and self._is_free(place, length + denies):
            self._lack(place, after + denies, meanings[0].field)

    def _lack(self, start: int, end: int, field: str) -> None:
        if field not in self._missing:
            self._missing.append(field)
        self._take(start, end, MISSING, field)

    # --- prices -----------------------------------------------------------------------------------

    def _read_amounts(self, speech: Speech) -> None:
        bounds = ((speech.under, "lte"), (speech.over, "gte"))
        for place in _each(self._words):
            if not self._free[place]:
                continue
            if length := _phrase_at(self._words, place, speech.between):
                self._read_between(place, place + length, speech)
            for phrases, name in bounds:
                if self._free[place] and (length := _phrase_at(self._words, place, phrases)):
                    amount, end, _ = self._amount(place + length)
                    if amount is not None:
                        self._bound(place, end, {name: amount})

    def _read_between(self, start: int, place: int, speech: Speech) -> None:
        low, end, _ = self._amount(place)
        joined = _phrase_at(self._words, end, speech.to) if low is not None else 0
        high, end, _ = self._amount(end + joined) if joined else (None, end, "")
        if low is not None and high is not None:
            self._bound(start, end, {"gte": min(low, high), "lte": max(low, high)})

    def _amount(self, place: int) -> tuple[float | None, int, str]:
        """The amount of money at a place, where it ends, and the sign of its currency."""
        sign = self._currency(place)
        number = place + bool(sign)
        if number >= len(self._words) or not self._words[number][0].isdigit():
            return None, place, ""
        end = number + 1
        if not sign and (sign := self._currency(end)):
            end += 1
        if not sign and end < len(self._words) and self._words[end] in UNITS:
            return None, place, ""
        if sign and self._catalog.currency not in CURRENCIES[sign]:
            self._note = (
                f"Prices of this catalogue are in {self._catalog.currency}, so they are not "
                f"compared with “{self._tokens[number].said} {sign}”."
            )
            return None, place, ""
        return _number(self._words[number]), end, sign

    def _currency(self, place: int) -> str:
        word = self._words[place] if 0 <= place < len(self._words) else ""
        return word if word in CURRENCIES else ""

    def _bound(self, start: int, end: int, bounds: dict[str, float]) -> None:
        if not self._is_free(start, end - start) or not bounds.keys().isdisjoint(self._bounds):
            return
        self._bounds |= bounds
        signs = {"gte": ">=", "lte": "<="}
        value = " ".join(f"{signs[name]}{amount:g}" for name, amount in bounds.items())
        self._take(start, end, PRICE, value)

    # --- what the vocabulary knows ----------------------------------------------------------------

    def _read_statuses(self, speech: Speech) -> None:
        for place in _each(self._words):
            length = _phrase_at(self._words, place, speech.statuses.keys())
            if length and self._is_free(place, length) and not self._is_denied(place):
                status = speech.statuses[" ".join(self._words[place : place + length])]
                self._value(place, place + length, [Meaning(STATUS, status)])

    def _read_values(self, phrases: Phrases, *, least: int = 1) -> None:
        place = 0
        while place < len(self._words):
            length, meanings = phrases.longest(self._words[place : self._next_read(place)])
            if length >= least and not self._is_denied(place):
                self._value(place, place + length, self._meant(meanings))
            place += max(length, 1)

    def _next_read(self, place: int) -> int:
        """Where words that are read begin, from this place on."""
        return next(
            (n for n in range(place, len(self._words)) if not self._free[n]), len(self._words)
        )

    def _value(self, start: int, end: int, meanings: Sequence[Meaning]) -> None:
        for meaning in meanings:
            if meaning.value not in self._values[meaning.field]:
                self._values[meaning.field].append(meaning.value)
        if meanings:
            value = ", ".join(meaning.value for meaning in meanings)
            self._take(start, end, meanings[0].field, value)

    def _meant(self, meanings: Iterable[Meaning]) -> list[Meaning]:
        """What a phrase means here: what this catalogue has, all of it that is of one field.

        A value of a field that is to be missing is not meant: "leather bags that lack a material".
        """
        used = [one for one in meanings if one.field not in self._missing and self._is_used(one)]
        return [one for one in used if one.field == used[0].field]

    def _is_used(self, meaning: Meaning) -> bool:
        """Whether any product has it. A filter that nothing fits says less than the word."""
        if meaning.field == BRAND:
            return True
        if meaning.field == CATEGORY:
            products = selectors.products_in(self._catalog)
            return products.filter(in_category(meaning.value)).exists()
        return CurrentTerm.objects.filter(
            catalog=self._catalog, field=meaning.field, value=meaning.value
        ).exists()

    def _is_denied(self, place: int) -> bool:
        return any(
            self._words[place - back] in speech.nots
            for speech in self._speeches
            for back in (1, 2)
            if place >= back and self._free[place - back]
        )

    def _brands(self) -> list[str]:
        products = selectors.products_in(self._catalog).order_by().exclude(brand="")
        return list(products.values_list("brand", flat=True).distinct()[:MOST_BRANDS])

    # --- what is left -----------------------------------------------------------------------------

    def _left(self) -> list[Token]:
        """The words that no filter was made of, without those that only make a sentence."""
        left, place = [], 0
        while place < len(self._words):
            glue = max(_phrase_at(self._words, place, speech.glue) for speech in self._speeches)
            if not self._free[place]:
                place += 1
            elif glue and self._is_free(place, glue):
                place += glue
            else:
                left.append(self._tokens[place])
                place += 1
        return left

    def _is_whole(self, left: Sequence[Token]) -> bool:
        telling = {
            word
            for speech in self._speeches
            for phrase in speech.nots | speech.lacks | speech.under | speech.over
            for word in phrase.split()
        }
        return len(left) <= MOST_WORDS_LEFT and not any(
            token.folded in telling or token.folded[0].isdigit() for token in left
        )


def _number(text: str) -> float:
    """1,200.50 and 1.200,50 and 1200: the last separator is a decimal one before two digits."""
    whole, cents = text, ""
    last = max(text.rfind("."), text.rfind(","))
    if last >= 0 and len(text) - last - 1 <= CENTS:
        whole, cents = text[:last], text[last + 1 :]
    digits = whole.replace(".", "").replace(",", "")
    return float(f"{digits}.{cents or 0}")
