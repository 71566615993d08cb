"""Reads from the catalogue what a price is worked out from."""

from __future__ import annotations

from collections.abc import Iterable

from django.core.exceptions import ValidationError

from catalog.models import Product
from tools.comparables import Comparable, own_products
from tools.competitors.offers import offers
from tools.competitors.selectors import lists_in
from tools.evidence import VariantFact, product_facts
from tools.facts import ProductFacts
from tools.kinds.pricing.costs import Costs
from tools.kinds.pricing.options import PricingOptions
from tools.kinds.pricing.result import Case, VariantPrice

MOST_OWN, MOST_OFFERS = 24, 100
OFFERS_CHOSEN = (
    "Of competitors' rows, those are compared that are the same product, and at less weight those that "
    "similarity suggests to be."
)


def case_of(product: Product, options: PricingOptions) -> Case:
    """What is known of a product's price. Raises ValidationError where there is nothing to price."""
    facts = product_facts(product)
    chosen = _chosen(facts.variants, options.variant)
    comparables, how = _compared(product, facts, chosen.currency)
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
        comparables=comparables,
        chosen=how,
    )


def _compared(
    product: Product, facts: ProductFacts, currency: str
) -> tuple[list[Comparable], list[str]]:
    """What the price is compared with, and how that was chosen."""
    lists = list(lists_in(product.catalog))
    market = offers(product, facts, lists, MOST_OFFERS, similar=False) if lists else []
    own = own_products(product, facts, currency, MOST_OWN)
    # What they claim and what they are made of says nothing here about their price.
    bare = [each.model_copy(update={"attributes": {}, "claims": ()}) for each in market]
    own_bare = [each.model_copy(update={"attributes": {}}) for each in own.found]
    how = (OFFERS_CHOSEN if market else "", own.chosen, own.notice)
    return [*bare, *own_bare], [each for each in how if each]


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
