"""Values that machines proposed for the vocabulary: accepted, mapped to others, rejected."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from catalog import proposed_terms as reading
from catalog import selectors
from catalog.models import AttributeDefinition, Catalog, Product, Term, TermState
from catalog.proposed_terms import Proposal
from catalog.services.vocabulary import term_decision_undo, terms_decide, terms_merge
from catalog.views import present
from catalog.views.http import Request, done, first_message, refused

CHANGE = "catalog.change_term"
MAY_NOT = (
    "The vocabulary is shared by all catalogues of the site. Who may change its values may decide "
    "on these; an administrator grants that."
)


@require_safe
@login_required
def terms(request: Request, slug: str) -> HttpResponseBase:
    """The proposed terms that products of this catalogue say, by attribute."""
    catalog = selectors.catalog_for(request.user, slug)
    groups = reading.proposals_of(catalog, catalog.language)
    examples = [pk for _, found in groups for each in found for pk in each.examples]
    products = {each.pk: each for each in selectors.products_by_ids(catalog, examples)}
    may_change = request.user.has_perm(CHANGE)
    values = {
        "catalog": catalog,
        "groups": [
            _group(definition, found, products, catalog, offer=may_change)
            for definition, found in groups
        ],
        "may_change": may_change,
        "may_not": MAY_NOT,
    }
    return render(request, "catalog/terms.html", values)


def _group(
    definition: AttributeDefinition,
    found: list[Proposal],
    products: dict[int, Product],
    catalog: Catalog,
    *,
    offer: bool,
) -> dict[str, Any]:
    known = definition.terms.filter(state=TermState.ACTIVE) if offer else []
    return {
        "key": definition.key,
        "label": definition.label(catalog.language),
        "known": [term.label(catalog.language) for term in known],
        "proposals": [
            {
                "term": each.term,
                "label": each.term.label(catalog.language),
                "products": each.products,
                "examples": [_example(products[pk]) for pk in each.examples if pk in products],
                "nearest": [
                    {"key": term.key, "label": term.label(catalog.language)}
                    for term in each.nearest
                ],
            }
            for each in found
        ],
    }


def _example(product: Product) -> dict[str, Any]:
    face = present.main_placement(product)
    return {
        "url": product.get_absolute_url(),
        "title": product.title or "Untitled product",
        "image": present.image(face) if face else None,
    }


def _term(request: HttpRequest, slug: str, pk: int) -> tuple[Catalog, Term]:
    """The catalogue and the term of an address, for somebody who may decide on it."""
    catalog = selectors.catalog_for(request.user, slug)
    if not request.user.has_perm(CHANGE):
        raise PermissionDenied(MAY_NOT)
    term = Term.objects.filter(pk=pk).select_related("attribute").first()
    if term is None:
        raise Http404
    return catalog, term


def _done(request: Request, catalog: Catalog, term: Term, message: str) -> HttpResponseBase:
    undo_url = reverse("catalog:term_undo", args=[catalog.slug, term.pk])
    return done(request, message, _here(catalog), undo_url=undo_url)


def _here(catalog: Catalog) -> str:
    return reverse("catalog:terms", args=[catalog.slug])


def _decide(request: Request, slug: str, pk: int, state: TermState, verb: str) -> HttpResponseBase:
    catalog, term = _term(request, slug, pk)
    if term.state != TermState.PROPOSED:
        return refused(request, "Somebody has decided on this value already.", _here(catalog))
    terms_decide(terms=[term], state=state, actor=request.user)
    return _done(request, catalog, term, f"“{term.label(catalog.language)}” {verb}.")


@require_POST
@login_required
def term_accept(request: Request, slug: str, pk: int) -> HttpResponseBase:
    return _decide(request, slug, pk, TermState.ACTIVE, "is in the vocabulary now")


@require_POST
@login_required
def term_reject(request: Request, slug: str, pk: int) -> HttpResponseBase:
    return _decide(request, slug, pk, TermState.REJECTED, "rejected")


@require_POST
@login_required
def term_map(request: Request, slug: str, pk: int) -> HttpResponseBase:
    """Have products say a term of the vocabulary, named by key or label, in place of this one."""
    catalog, term = _term(request, slug, pk)
    name = request.POST.get("into", "")
    into = reading.term_named(term.attribute.terms.filter(state=TermState.ACTIVE), name)
    if into is None:
        message = f"The vocabulary has no value “{name[:80]}” of {term.attribute.label()}."
        return refused(request, message, _here(catalog))
    if term.state != TermState.PROPOSED:
        return refused(request, "Somebody has decided on this value already.", _here(catalog))
    try:
        terms_merge(terms=[term], into=into, actor=request.user)
    except ValidationError as error:
        return refused(request, first_message(error), _here(catalog))
    shown, target = term.label(catalog.language), into.label(catalog.language)
    return _done(request, catalog, term, f"“{shown}” is said as “{target}” now.")


@require_POST
@login_required
def term_undo(request: Request, slug: str, pk: int) -> HttpResponseBase:
    """Take back one's own decision on a term, unless somebody decided or changed it since."""
    catalog, term = _term(request, slug, pk)
    try:
        term_decision_undo(term=term, actor=request.user)
    except ValidationError as error:
        return refused(request, first_message(error), _here(catalog))
    return done(request, "Undone.", _here(catalog))
