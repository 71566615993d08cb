"""Values that machines said and that the vocabulary does not have: what products say them, and what
they may be another word for.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from rapidfuzz import fuzz, process

from catalog.models import AttributeDefinition, Catalog, LedgerEntry, Term, TermState

EXAMPLES = 4
NEAREST = 3
# Of 100; below that two names have little in common.
LIKE_ENOUGH = 60


@dataclass
class Proposal:
    """A proposed term with how many products of the catalogue say it, some of them (`examples`, by
    id), and the terms of its attribute that it is nearest to, the nearest first.
    """

    term: Term
    products: int = 0
    examples: list[int] = field(default_factory=list)
    nearest: list[Term] = field(default_factory=list)


def proposals_of(
    catalog: Catalog, language: str = "en"
) -> list[tuple[AttributeDefinition, list[Proposal]]]:
    """The proposed terms that products of the catalogue say, by attribute, the commonest first."""
    proposed = Term.objects.filter(state=TermState.PROPOSED).select_related("attribute")
    by_name = {(term.attribute.key, term.key): Proposal(term) for term in proposed}
    _count(catalog, by_name)
    said = [each for each in by_name.values() if each.products]
    known = Term.objects.filter(
        attribute__in={each.term.attribute_id for each in said}, state=TermState.ACTIVE
    )
    by_attribute: dict[int, list[Term]] = {}
    for term in known.order_by("position", "key"):
        by_attribute.setdefault(term.attribute_id, []).append(term)
    groups: dict[int, list[Proposal]] = {}
    for each in sorted(said, key=lambda one: (-one.products, one.term.key)):
        each.nearest = nearest(each.term, by_attribute.get(each.term.attribute_id, []), language)
        groups.setdefault(each.term.attribute_id, []).append(each)
    found = [(proposals[0].term.attribute, proposals) for proposals in groups.values()]
    return sorted(found, key=lambda group: (group[0].position, group[0].key))


def _count(catalog: Catalog, by_name: dict[tuple[str, str], Proposal]) -> None:
    """Count the products whose standing values name a proposed term."""
    # Databases do not agree on how to look into lists, and few attributes have proposed terms.
    rows = LedgerEntry.objects.standing().filter(
        product__catalog=catalog, product__deleted_at=None, field__in={key for key, _ in by_name}
    )
    seen: set[tuple[int, str, str]] = set()
    values = rows.order_by("product").values_list("product_id", "field", "value")
    for product, name, value in values.iterator():
        for each in value or ():
            proposal = by_name.get((name, str(each)))
            if proposal is None or (product, name, str(each)) in seen:
                continue
            seen.add((product, name, str(each)))
            proposal.products += 1
            if len(proposal.examples) < EXAMPLES:
                proposal.examples.append(product)


def nearest(term: Term, others: Sequence[Term], language: str = "en") -> list[Term]:
    """The terms whose names are most like this one's, if any are."""
    names = {n: other.label(language).casefold() for n, other in enumerate(others)}
    found = process.extract(
        term.label(language).casefold(),
        names,
        scorer=fuzz.WRatio,
        limit=NEAREST,
        score_cutoff=LIKE_ENOUGH,
    )
    return [others[n] for _, _, n in found]


def term_named(terms: Iterable[Term], name: str) -> Term | None:
    """The one of these terms with this key or label in any language."""
    wanted = " ".join(name.split()).casefold()
    for term in terms:
        if wanted in {term.key, *(str(label).casefold() for label in term.labels.values())}:
            return term
    return None
