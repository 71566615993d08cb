"""Reads from the catalogue what a price is worked out from."""

from __future__ import annotations

from collections.abc import Iterable

from django.core.exceptions import ValidationError

from catalog.models import Product
from tools.evidence import Neighbour, VariantFact, neighbours_of, product_facts
from tools.kinds.pricing.comparables import OWN, Comparable, weight_of
from tools.kinds.pricing.competing import competitors_of
from tools.kinds.pricing.costs import Costs
from tools.kinds.pricing.options import PricingOptions
from tools.kinds.pricing.result import Case, VariantPrice

MOST_NEIGHBOURS = 24


def case_of(product: Product, options: PricingOptions) -> Case:
    """What is known of a product's price. Raises ValidationError where there is nothing to price."""
    facts = product_facts(product)
    chosen = _chosen(facts.variants, options.variant)
    neighbours = neighbours_of(product, MOST_NEIGHBOURS)
    cost = chosen.cost if options.cost is None else options.cost
    return Case(
        title=facts.title or "this product",
        variant=_variant(chosen),
        siblings=[_variant(each) for each in facts.variants if each.id != chosen.id],
        costs=Costs(
            currency=chosen.currency,
            cost=cost,
            vat_percent=options.vat_percent,
            vat_included=options.vat_included,
            fee_percent=options.fee_percent,
            fee_fixed=options.fee_fixed,
            shipping=options.shipping,
        ),
        target_percent=options.target_margin,
        minimum=options.minimum,
        goal=options.goal,
        comparables=[
            *competitors_of(product),
            *(_own(each, chosen.currency) for each in neighbours),
        ],
        notice=neighbours.notice,
    )


def _chosen(variants: Iterable[VariantFact], wanted: int | None) -> VariantFact:
    """The variant that was asked for, else the first with a price, else the first."""
    known = list(variants)
    if wanted is not None:
        known = [each for each in known if each.id == wanted]
    if not known:
        raise ValidationError("The chosen variant is not there any more. Choose another one.")
    return next((each for each in known if each.price is not None), known[0])


def _variant(fact: VariantFact) -> VariantPrice:
    return VariantPrice(
        id=fact.id,
        label=fact.label,
        price=fact.price,
        compare_at=fact.compare_at_price,
        cost=fact.cost,
        currency=fact.currency,
    )


def _own(neighbour: Neighbour, currency: str) -> Comparable:
    """A neighbour at its lowest price in `currency`, or else in the one that it has."""
    priced_in = currency if currency in neighbour.prices else neighbour.currency
    low, high = neighbour.prices.get(priced_in, (None, None))
    return Comparable(
        key=f"own-{neighbour.id}",
        title=neighbour.title,
        price=low,
        currency=priced_in,
        weight=weight_of(neighbour.similarity),
        source=OWN,
        url=neighbour.url,
        price_note="the lowest of its variants" if low != high else "",
    )
