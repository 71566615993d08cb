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
        self._numbers: dict[str, set[str]] = defaultdict(set)
        self._named: dict[str, set[str]] = defaultdict(set)
        self._names: dict[str, set[str]] = {}
        for path, slug, labels, google, shopify in rows:
            self._paths.add(path)
            for number in (google, SHOPIFY.sub("", shopify)):
                if number:
                    self._numbers[number.casefold()].add(path)
            names = {slug.casefold(), *(str(label).casefold() for label in labels.values())}
            self._names[path] = names
            for name in names:
                self._named[name].add(path)

    def path(self, values: Sequence[str]) -> str:
        """The category that the values say: the first that is known, or as far as others lie below
        it, the one that they lead to. A taxonomy's number may stand for no more than a whole branch,
        and several categories may have it: then others lead to any of these.

        Raises ValidationError where there is no such category, or several.
        """
        found = ""
        meant: set[str] = set()
        refused: ValidationError | None = None
        for value in values:
            try:
                path = self._path(str(value))
            except ValidationError as error:
                refused = refused or error
                continue
            if not found or any(f"{path}/".startswith(f"{each}/") for each in meant):
                found, meant = path, {path, *self._numbered(str(value))}
        if not found and refused is not None:
            raise refused
        return found

    def _path(self, value: str) -> str:
        wanted = value.strip().strip("/")
        if wanted in self._paths:
            return wanted
        numbered = self._numbered(wanted)
        found = _covering(numbered) if numbered else self._of_name(wanted)
        if len(found) == 1:
            return next(iter(found))
        why = "There are several categories" if found else "There is no category"
        message = f"{why} “{wanted}”. Choose one of the vocabulary's tree."
        raise ValidationError({CATEGORY: [message]})

    def _numbered(self, value: str) -> set[str]:
        return self._numbers.get(SHOPIFY.sub("", value.strip()).casefold(), set())

    def _of_name(self, wanted: str) -> set[str]:
        steps = [step.casefold() for step in STEPS.split(wanted)]
        found = self._named.get(steps[-1], set())
        return self._lying_in(found, steps[:-1]) if len(found) > 1 else found

    def _lying_in(self, paths: set[str], above: Sequence[str]) -> set[str]:
        """Those of the paths that lie in most of what is named above them."""
        fits: dict[int, set[str]] = defaultdict(set)
        for path in paths:
            steps = path.split("/")
            around = [self._names.get("/".join(steps[:n]), set()) for n in range(1, len(steps))]
            fits[sum(any(step in names for names in around) for step in above)].add(path)
        best = max(fits)
        return fits[best] if best else paths


def _covering(paths: set[str]) -> set[str]:
    """Which of the categories of one number covers what the number means: the highest, or what
    several equally high ones lie in. All of these where that is not one.
    """
    top = min(path.count("/") for path in paths)
    highest = {path for path in paths if path.count("/") == top}
    above = {path.rpartition("/")[0] for path in highest}
    return above if len(highest) > 1 and len(above) == 1 and "" not in above else highest
