"""The category that a file means: by path, label, or the number or path of a taxonomy."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence

from django.core.exceptions import ValidationError

from catalog.models import Category
from catalog.services.attribute_values import CATEGORY

STEPS = re.compile(r"\s*>\s*")
# Shopify's numbers stand at the end of an address of theirs.
SHOPIFY = re.compile(r"^gid://shopify/TaxonomyCategory/")


class Categories:
    """The whole tree, read once, with every name that its nodes have."""

    def __init__(self) -> None:
        rows = Category.objects.values_list("path", "slug", "labels", "google_id", "shopify_id")
        self._paths: set[str] = set()
        self._numbers: dict[str, str] = {}
        self._named: dict[str, set[str]] = defaultdict(set)
        self._names: dict[str, set[str]] = {}
        for path, slug, labels, google, shopify in rows:
            self._paths.add(path)
            for number in (google, SHOPIFY.sub("", shopify)):
                if number:
                    self._numbers[number.casefold()] = path
            names = {slug.casefold(), *(str(label).casefold() for label in labels.values())}
            self._names[path] = names
            for name in names:
                self._named[name].add(path)

    def path(self, values: Sequence[str]) -> str:
        """The category that the values say: the first that is known, or as far as others lie below
        it, the one that they lead to. A taxonomy's number may stand for no more than a whole branch.

        Raises ValidationError where there is no such category, or several.
        """
        found = ""
        refused: ValidationError | None = None
        for value in values:
            try:
                path = self._path(str(value))
            except ValidationError as error:
                refused = refused or error
                continue
            if not found or path.startswith(f"{found}/"):
                found = path
        if not found and refused is not None:
            raise refused
        return found

    def _path(self, value: str) -> str:
        wanted = value.strip().strip("/")
        if wanted in self._paths:
            return wanted
        by_number = self._numbers.get(SHOPIFY.sub("", wanted).casefold())
        if by_number:
            return by_number
        steps = [step.casefold() for step in STEPS.split(wanted)]
        found = self._named.get(steps[-1], set())
        if len(found) > 1:
            found = self._lying_in(found, steps[:-1])
        if len(found) == 1:
            return next(iter(found))
        why = "There are several categories" if found else "There is no category"
        message = f"{why} “{wanted}”. Choose one of the vocabulary's tree."
        raise ValidationError({CATEGORY: [message]})

    def _lying_in(self, paths: set[str], above: Sequence[str]) -> set[str]:
        """Those of the paths that lie in most of what is named above them."""
        fits: dict[int, set[str]] = defaultdict(set)
        for path in paths:
            steps = path.split("/")
            around = [self._names.get("/".join(steps[:n]), set()) for n in range(1, len(steps))]
            fits[sum(any(step in names for names in around) for step in above)].add(path)
        best = max(fits)
        return fits[best] if best else paths
