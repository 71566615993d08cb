"""The vocabulary as members see it: the tree, what applies where, and what machines are asked."""

from __future__ import annotations

import functools
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language_info
from django.views.decorators.http import require_safe

from catalog import selectors
from catalog.describe.schema import Held, category_schema
from catalog.describe.vocabulary import AttributeNode, CategoryNode, TermNode, Vocabulary, current
from catalog.models import AttributeKind, Catalog
from catalog.models.vocabulary import label_in
from catalog.views.present import color_hex
from catalog.vocabulary.kept import FORMS, exported

# Of siblings and of what lacks a label; more are in the admin, which searches.
SHOWN_SIBLINGS = 300
SHOWN_VALUES = 24
SHOWN_MISSING = 40
KINDS = {
    AttributeKind.TEXT: "text",
    AttributeKind.CHOICE: "one of a list",
    AttributeKind.MULTI_CHOICE: "several of a list",
    AttributeKind.NUMBER: "number",
    AttributeKind.BOOLEAN: "yes or no",
}
EXPORT_TYPES = {"toml": "application/toml", "json": "application/json"}


@require_safe
@login_required
def vocabulary_page(request: HttpRequest, slug: str) -> HttpResponseBase:
    """The tree beside one category of it, `category` in the address; "" is what applies everywhere."""
    catalog = selectors.catalog_for(request.user, slug)
    vocabulary = current()
    path = request.GET.get("category", "")
    if path and path not in vocabulary.categories:
        raise Http404
    tree = _Tree(catalog, vocabulary, path)
    may_change = selectors.may_edit_vocabulary(request.user)
    values = {
        "catalog": catalog,
        "tree": tree.rows(),
        "category": tree.category(),
        "attributes": [
            _attribute(vocabulary, node, path, catalog.language) for node in _of(vocabulary, path)
        ],
        "languages": _languages(Held(vocabulary), catalog.language),
        "counts": _counts(vocabulary),
        "schema": json.dumps(category_schema(vocabulary, path).json, ensure_ascii=False, indent=2)
        if path
        else "",
        "may_change": may_change,
        "admin": _admin(path) if may_change else {},
    }
    return render(request, "catalog/vocabulary.html", values)


@require_safe
@login_required
def vocabulary_export(request: HttpRequest, slug: str, form: str) -> HttpResponseBase:
    """All of it as a file."""
    selectors.catalog_for(request.user, slug)
    if form not in FORMS:
        raise Http404
    response = HttpResponse(exported(form).content, content_type=EXPORT_TYPES[form])
    response["Content-Disposition"] = f'attachment; filename="vocabulary.{form}"'
    return response


class _Tree:
    """The tree, open along the way to one category; counts are of the catalogue's products."""

    def __init__(self, catalog: Catalog, vocabulary: Vocabulary, path: str) -> None:
        self._catalog, self._vocabulary, self._path = catalog, vocabulary, path
        self._below: dict[str, list[str]] = {}
        for node in vocabulary.categories.values():
            self._below.setdefault(node.parent, []).append(node.path)
        self._products: Counter[str] = Counter()
        for known, count in selectors.products_by_category(catalog).items():
            for step in _trail(known):
                self._products[step] += count

    def rows(self) -> list[dict[str, Any]]:
        return list(self._rows_below("", 0))

    def _rows_below(self, parent: str, depth: int) -> Iterable[dict[str, Any]]:
        opened = set(_trail(self._path))
        below = self._below.get(parent, [])
        # Where there are more than fit, those that mean something here come first.
        if len(below) > SHOWN_SIBLINGS:
            below = sorted(below, key=lambda path: (path not in opened, -self._products[path]))
        for path in below[:SHOWN_SIBLINGS]:
            node = self._vocabulary.categories[path]
            yield {
                "label": _label(node, self._catalog.language),
                "url": self._url(path),
                "depth": min(depth, 6),
                "count": self._products[path],
                "children": len(self._below.get(path, ())),
                "open": path in opened,
                "current": path == self._path,
                "offered": node.offered,
            }
            if path in opened:
                yield from self._rows_below(path, depth + 1)
        if len(below) > SHOWN_SIBLINGS:
            yield {"more": len(below) - SHOWN_SIBLINGS, "depth": min(depth, 6)}

    def _url(self, path: str) -> str:
        here = reverse("catalog:vocabulary", args=[self._catalog.slug])
        return f"{here}?category={path}" if path else here

    def category(self) -> dict[str, Any]:
        """The chosen one with its facts; empty without one."""
        if not self._path:
            return {}
        nodes, language = self._vocabulary.categories, self._catalog.language
        node = nodes[self._path]
        steps = [nodes[step] for step in _trail(self._path)]
        search = reverse("catalog:search", args=[self._catalog.slug])
        count = self._products[self._path]
        return {
            "label": _label(node, language),
            "path": node.path,
            "offered": node.offered,
            "breadcrumbs": [
                {"label": "All categories", "url": self._url("")},
                *({"label": _label(step, language), "url": self._url(step.path)} for step in steps),
            ],
            "facts": [
                {
                    "label": "Products",
                    "value": count or "None",
                    "url": f"{search}?f.category={node.path}" if count else "",
                },
                {"label": "Path", "value": node.path},
                {"label": "Names", "value": _names(node.labels)},
                {"label": "Compared with", "value": ", ".join(node.prompts)},
                {"label": "Google's id", "value": node.google_id},
                {"label": "Shopify's id", "value": node.shopify_id},
            ],
        }


def _trail(path: str) -> list[str]:
    steps = path.split("/") if path else []
    return ["/".join(steps[: n + 1]) for n in range(len(steps))]


def _of(vocabulary: Vocabulary, path: str) -> Iterable[AttributeNode]:
    """The attributes that apply at a path; at none, those that apply everywhere."""
    if path:
        return vocabulary.attributes_of(path)
    return (node for node in vocabulary.attributes.values() if not node.categories)


def _attribute(
    vocabulary: Vocabulary, node: AttributeNode, path: str, language: str
) -> dict[str, Any]:
    terms = [
        {
            "label": label_in(term.labels, language, term.key.replace("-", " ")),
            "key": term.key,
            "hex": color_hex(node.key, term.key),
        }
        for term in (vocabulary.terms_of(node.key, path) if path else node.terms)
    ]
    nodes = vocabulary.categories
    return {
        "label": label_in(node.labels, language, node.key.replace("_", " ").capitalize()),
        "key": node.key,
        "kind": KINDS[node.kind] + (f" in {node.unit}" if node.unit else ""),
        "open": bool(terms) and not node.closed,
        "terms": terms[:SHOWN_VALUES],
        "more": terms[SHOWN_VALUES:],
        "machine_may_set": node.machine_may_set,
        "filterable": node.filterable,
        "places": [
            _label(nodes[place], language) for place in node.categories[:6] if place in nodes
        ],
        "more_places": max(len(node.categories) - 6, 0),
    }


def _label(node: CategoryNode, language: str) -> str:
    return label_in(node.labels, language, node.path.rpartition("/")[2].replace("-", " "))


def _names(labels: Mapping[str, str]) -> str:
    return ", ".join(f"{label} ({language})" for language, label in labels.items() if label)


def _counts(vocabulary: Vocabulary) -> dict[str, int]:
    return {
        "categories": len(vocabulary.categories),
        "offered": len(vocabulary.offered),
        "attributes": len(vocabulary.attributes),
        "terms": sum(len(node.terms) for node in vocabulary.attributes.values()),
    }


@functools.lru_cache(maxsize=16)
def _languages(held: Held, own: str) -> list[dict[str, Any]]:
    """What lacks a label, language by language, the catalogue's own first: it is shown in English."""
    vocabulary = held.vocabulary
    named: list[tuple[str, CategoryNode | AttributeNode | TermNode]] = [
        (category.path, category) for category in vocabulary.categories.values()
    ]
    for attribute in vocabulary.attributes.values():
        named.append((attribute.key, attribute))
        named += [(f"{attribute.key}: {term.key}", term) for term in attribute.terms]
    known = {language for _, node in named for language in node.labels} | {own, "en"}
    rows = []
    for language in sorted(known, key=lambda each: (each != own, each != "en", each)):
        missing = [
            name
            for name, node in named
            if not label_in(_without_english(node, language), language, "")
        ]
        rows.append(
            {
                "code": language,
                "name": _language_name(language),
                "own": language == own,
                "missing": len(missing),
                "total": len(named),
                "names": missing[:SHOWN_MISSING],
                "more": max(len(missing) - SHOWN_MISSING, 0),
            }
        )
    return rows


def _without_english(
    node: CategoryNode | AttributeNode | TermNode, language: str
) -> Mapping[str, str]:
    if language.partition("-")[0] == "en":
        return node.labels
    return {key: label for key, label in node.labels.items() if key != "en"}


def _language_name(code: str) -> str:
    for known in (code.lower(), code.partition("-")[0]):
        try:
            return f"{get_language_info(known)['name']}"
        except KeyError:
            continue
    return code


def _admin(path: str) -> dict[str, str]:
    """Addresses of the admin for whoever may change the vocabulary."""
    return {
        "categories": reverse("admin:catalog_category_changelist") + (f"?q={path}" if path else ""),
        "attributes": reverse("admin:catalog_attributedefinition_changelist"),
        "bring": reverse("admin:catalog_vocabularyimport_add"),
    }
