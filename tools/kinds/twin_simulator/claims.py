"""What a simulation must never say: how many would buy, what would sell, how demand would move.

A panel of simulated shoppers knows nothing of that, however it is asked. Prompts forbid it, and what
comes back all the same is left out here, sentence by sentence.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from tools.personas import Persona

LEFT_OUT = "[Left out: a simulation cannot say what people will buy.]"

# Words of buying and selling, as stems, in the languages that catalogues are most often in.
_BUYING = (
    r"(?:\bbuy|\bbought|purchas|\border(?:s|ed|ing)?\b|\bsell|\bsold\b|\bsales?\b|conver(?:t|si)|"
    r"\bdemand|revenue|turnover|checkout|market share|basket|"
    r"kauf|käuf|bestell|umsatz|umsätz|nachfrage|absatz|konver|"
    r"achet|achat|vente|vend|commande|demande|comprar|compra|ventas?\b|vender|demanda|"
    r"acquist|vendit|koop|kopen|verkoop|omzet|vraag)"
)
_SOMEBODY = (
    r"(?:shopper|customer|people|person|buyer|consumer|visitor|user|client|women|men\b|parents|"
    r"kund|käufer|leute|mensch|besucher|gens|personnes|acheteurs|clientes|personas|clienti|klanten)"
)
_FIGURE = r"(?:\d|%|\bper ?cent|\bprozent|\bpour cent|por ciento|per cento|procent)"
_NUMBER = rf"(?:{_FIGURE}|\b(?:two|three|four|five|six|seven|eight|nine|ten|half|quarter|third)\b)"
_MANY = (
    r"(?:\b(?:most|many|more|fewer|majority|everyone|everybody|nobody|all|few|several|"
    r"meisten|viele|mehr|alle|plupart|beaucoup|plus|mayoría|muchos|más)\b)"
)
_SHARE = r"(?:\d[\d.,]*\s*(?:%|per ?cent|prozent|pour cent|por ciento|per cento|procent))"
_LIKELY = r"(?:likel|probab|chance|odds|wahrscheinlich)"
_MARKET = (
    r"conversion|konversion|conversión|(?<!\bi )(?<!\bwe )demand\b|nachfrage|revenue|umsatz|"
    r"market share|click.?through|\bsales\b|sell(?:s|ing)? (?:better|more|faster|well)"
)
# A sentence that has all of a line in it, in any order, says how much is bought.
_TOGETHER = (
    (_SHARE, _BUYING),
    (_LIKELY, _FIGURE, _BUYING),
    (_NUMBER, _SOMEBODY, _BUYING),
    (_MANY, _SOMEBODY, _BUYING),
    (r"\b(?:everyone|everybody|nobody|most|half)\b", r"\b(?:would|will)\b", _BUYING),
    (r"\b(?:[a-z]+|\d+) (?:in|out of) (?:two|three|four|five|ten|\d+) ", rf"{_SOMEBODY}|{_BUYING}"),
    (r"\bdoubl|\btripl|\btwice", r"sales|revenue|demand|orders"),
    # Where no list above knows the words: any share.
    (_SHARE, r"[\u0370-\u1fff\u3040-\uffdc]{2}"),
    (_MARKET,),
)
_FORBIDDEN = [[re.compile(part, re.IGNORECASE) for part in parts] for parts in _TOGETHER]
_SENTENCES = re.compile(r"(?<=[.!?\u2026])\s+|(?<=[\u3002\uff01\uff1f])")
_SPACE = re.compile(r"\s+")
MOST_CHARACTERS = 2000


def is_forbidden(sentence: str) -> bool:
    """Whether a sentence says how much is bought, in whatever way it is written."""
    plain = _SPACE.sub(" ", sentence.replace("*", "").replace("_", " ").replace("\u00ad", ""))
    return any(all(part.search(plain) for part in parts) for parts in _FORBIDDEN)


def has_claims(text: str) -> bool:
    """Whether a text says in any of its sentences how much is bought."""
    return any(is_forbidden(sentence) for sentence in _SENTENCES.split(text))


def cleaned(text: Any, *, growing: bool = False) -> str:
    """The text without forbidden sentences, one mark in place of each run of them.

    While a text is still `growing`, its unfinished last sentence is kept back as soon as it holds a
    figure: what that is about is not known yet.
    """
    if not isinstance(text, str):
        return ""
    plain = _SPACE.sub(" ", text[:MOST_CHARACTERS].replace("\x00", "")).strip()
    sentences = [part for part in _SENTENCES.split(plain) if part.strip()]
    if growing and sentences and not re.search(r"[.!?\u2026\u3002\uff01\uff1f]$", sentences[-1]):
        tail = sentences[-1]
        if re.search(_NUMBER, tail, re.IGNORECASE):
            sentences.pop()
    kept: list[str] = []
    for sentence in sentences:
        shown = LEFT_OUT if is_forbidden(sentence) else sentence
        if not (shown == LEFT_OUT and kept and kept[-1] == LEFT_OUT):
            kept.append(shown)
    return " ".join(kept)


def without_claims(people: Iterable[Persona]) -> list[Persona]:
    """Suggested shoppers whose descriptions say nothing of how much is bought."""
    return [
        person.model_copy(
            update={
                name: cleaned(text) for name, text in person.model_dump().items() if name != "name"
            }
        )
        for person in people
        if not is_forbidden(person.name)
    ]


def rateable(text: str) -> str:
    """What of a cleaned text may be placed on the scale."""
    return " ".join(text.replace(LEFT_OUT, " ").split())
