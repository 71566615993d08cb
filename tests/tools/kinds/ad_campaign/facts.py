"""A product's facts as the tests of the ads have them."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import HealthCheck, settings

from tools.kinds.ad_campaign.claims import Checker
from tools.kinds.ad_campaign.support import (
    Fact,
    Lexicon,
    Price,
    Support,
    claim_groups,
    term_groups,
)

# A machine under load is no fault of what is tested.
PATIENT = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
TERMS = term_groups(
    {
        "material:leather": ["Leather", "Leder", "Cuir", "Piel"],
        "material:cotton": ["Cotton", "Baumwolle", "Coton", "Algodón"],
        "material:silk": ["Silk & satin", "Seide & Satin"],
        "color:red": ["Red", "Rot", "Rouge", "Rojo"],
    }
)
PRICE = Price(key="v1", amount=Decimal("29.9000"), currency="EUR", before=Decimal("39.9000"))


def support(*texts: str, prices: tuple[Price, ...] = (), **named: str) -> Support:
    """Facts with these texts, and others by their keys."""
    facts = [Fact(key=f"a{n}", label="Feature", text=text) for n, text in enumerate(texts, 1)]
    facts += [Fact(key=key, label=key.capitalize(), text=text) for key, text in named.items()]
    return Support(tuple(facts), prices)


def checker(*texts: str, prices: tuple[Price, ...] = (), **named: str) -> Checker:
    return Checker(support(*texts, prices=prices, **named), Lexicon(claim_groups(), TERMS))


def problems(text: str, *texts: str, prices: tuple[Price, ...] = (), **named: str) -> list[str]:
    """What is wrong with a text, given these facts."""
    found = checker(*texts, prices=prices, **named).claims(text)
    return [claim.problem for claim in found if claim.problem]
