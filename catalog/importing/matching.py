"""Which product a photo is of, by its file's name and folders.

    MUG-RED-1.jpg, MUG-RED_back.jpg, mug red (2).png, MUG-RED/3.jpg    four photos of MUG-RED

Names are compared by their words and numbers alone: without capitals, accents and punctuation.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from catalog.importing.photo_names import Peeled, PhotoName, joined, natural, tokens_of
from catalog.models.photo import PhotoRole

V = TypeVar("V")
MAX_KEY = 200
# Shorter identifiers are looked for at the beginning of a name alone.
MIN_INSIDE = 4
NAMED_IN_NOTE = 4


@dataclass
class PhotoGroup:
    """Photos of one product by their names, in order. `roles` are those that a name tells; `note`
    says to a person what was not clear.
    """

    key: str
    names: list[str] = field(default_factory=list)
    roles: dict[str, str] = field(default_factory=dict)
    note: str = ""


@dataclass(frozen=True)
class _Place:
    """Where a photo belongs: `mark` is the same for all of a group, the first one's `key` its key."""

    photo: PhotoName
    mark: tuple[str, str]
    key: str
    begin: int = 0
    end: int = 0
    number: int | None = None
    note: str = ""

    @property
    def role(self) -> str:
        return self.photo.role(self.begin, self.end)


def group_photos(
    names: Iterable[str], known: Mapping[str, object] | None = None
) -> list[PhotoGroup]:
    """The photos by product, in the order in which the products come first.

    Photos of something in `known`, {SKU or handle: whose it is}, are in a group that has it for its
    key: the longest that a name has. Where several are as long and not the same's, the photo is in a
    group of its own, with a note. Every name is in one group, and every key once.
    """
    index = _Known(known or {})
    photos = [PhotoName(name) for name in dict.fromkeys(names)]
    placed = {photo.name: place for photo in photos if (place := index.place(photo))}
    unknown = [photo for photo in photos if photo.name not in placed]
    placed |= {place.photo.name: place for place in _by_base(unknown)}
    groups: dict[tuple[str, str], list[_Place]] = {}
    for photo in photos:
        place = placed[photo.name]
        groups.setdefault(place.mark, []).append(place)
    taken: set[str] = set()
    return [_group(places, taken) for places in groups.values()]


def match_groups(groups: Iterable[PhotoGroup], known: Mapping[str, V]) -> dict[str, V]:
    """To what in `known` each group belongs, by the group's key; those of nothing are left out."""
    index = _Known(known)
    matched = {}
    for group in groups:
        found = [] if group.note else index.named(group.key)
        if len(found) == 1:
            matched[group.key] = known[found[0]]
    return matched


def _group(places: list[_Place], taken: set[str]) -> PhotoGroup:
    ordered = sorted(places, key=_rank)
    key = places[0].key[:MAX_KEY]
    count = 1
    while key.casefold() in taken:
        count += 1
        ending = f" ({count})"
        key = places[0].key[: MAX_KEY - len(ending)] + ending
    taken.add(key.casefold())
    return PhotoGroup(
        key=key,
        names=[each.photo.name for each in ordered],
        roles={each.photo.name: each.role for each in ordered if each.role},
        note=places[0].note,
    )


def _rank(place: _Place) -> tuple:
    """By this the photos of a group are in order: the main one, then as they are numbered."""
    number = -1 if place.number is None else place.number
    roles = ["", *PhotoRole.values]
    return (
        place.role != PhotoRole.MAIN,
        number,
        roles.index(place.role),
        natural(place.photo.name),
    )


def _by_base(photos: list[PhotoName]) -> Iterator[_Place]:
    """The photos of nothing known, by what is left of their names without sides, roles and numbers."""
    bases: dict[str, list[PhotoName]] = defaultdict(list)
    for photo in photos:
        if not photo.is_numbered_only:
            bases[_left(photo, photo.peel(numbers=True))].append(photo)
    # The 15 of a phone counts nothing, unless there is a first of them.
    counted = {base for base, some in bases.items() if any(map(_begins_a_count, some))}
    own = _folders_of_products(photos)
    for photo in photos:
        in_folder = photo.is_numbered_only or _folder_base(photo) in own
        yield _place_in_folder(photo) if in_folder else _place(photo, counted)


def _folder_base(photo: PhotoName) -> str:
    return joined(tokens_of(photo.folder))


def _folders_of_products(photos: list[PhotoName]) -> set[str]:
    """The folders that are one product's, whatever its photos are called: of which most say nothing
    by their own names, or what the folder does. A folder of many products names each.
    """
    found: dict[str, list[bool]] = defaultdict(list)
    for photo in photos:
        if base := _folder_base(photo):
            named_alike = _left(photo, photo.peel(numbers=True)) == base
            found[base].append(photo.says_nothing or named_alike)
    return {base for base, same in found.items() if 2 * sum(same) >= len(same)}


def _left(photo: PhotoName, peeled: Peeled) -> str:
    return joined(photo.tokens[: peeled.count])


def _begins_a_count(photo: PhotoName) -> bool:
    number = photo.peel(numbers=True).number
    return number is None or number <= 1


def _place_in_folder(photo: PhotoName) -> _Place:
    number = photo.peel(numbers=True).number
    base = _folder_base(photo)
    if base:
        return _Place(photo, ("base", base), photo.folder, number=number)
    return _Place(photo, ("name", photo.name), photo.stem or photo.name, number=number)


def _place(photo: PhotoName, counted: set[str]) -> _Place:
    peeled = photo.peel(numbers=True)
    if _left(photo, peeled) not in counted:
        peeled = photo.peel(numbers=False)
    # A tank top is one, unless there is a tank that this shows from the top.
    further = photo.peel(numbers=True, unsure=True)
    if further.count < peeled.count and _left(photo, further) in counted:
        peeled = further
    base = _left(photo, peeled)
    if not base:
        return _Place(photo, ("name", photo.name), photo.stem or photo.name)
    key = photo.stem[: photo.tokens[peeled.count - 1].end].strip()
    return _Place(photo, ("base", base), key, end=peeled.count, number=peeled.number)


@dataclass(frozen=True)
class _Span:
    """What of a name is the same as something known: its tokens from `begin` to `end`, or none of
    them where a folder is.
    """

    length: int
    keys: list[str]
    begin: int = 0
    end: int = 0


class _Known:
    """Identifiers by their words and numbers."""

    def __init__(self, known: Mapping[str, object]) -> None:
        self._whose = known
        self._written = {key.casefold(): key for key in known}
        self._keys: dict[str, list[str]] = defaultdict(list)
        self._most_tokens = 0
        for key in known:
            tokens = tokens_of(key)
            if tokens:
                self._keys[joined(tokens)].append(key)
                self._most_tokens = max(self._most_tokens, len(tokens))

    def named(self, text: str) -> list[str]:
        """The identifiers that the text is as a whole, one of each that they belong to."""
        written = self._written.get(text.casefold())
        return [written] if written else self._distinct(self._keys.get(joined(tokens_of(text)), []))

    def _distinct(self, keys: Iterable[str]) -> list[str]:
        found: list[str] = []
        for key in keys:
            if all(self._whose[key] != self._whose[each] for each in found):
                found.append(key)
        return found

    def place(self, photo: PhotoName) -> _Place | None:
        """Where the photo belongs, if it names something known."""
        spans = list(self._spans(photo)) if self._keys else []
        if not spans:
            return None
        longest = max(span.length for span in spans)
        best = [span for span in spans if span.length == longest]
        keys = self._distinct(key for span in best for key in span.keys)
        if len(keys) > 1:
            note = f"This may be {' or '.join(sorted(keys)[:NAMED_IN_NOTE])}: say which."
            return _Place(photo, ("unclear", photo.name), photo.stem or photo.name, note=note)
        span = best[0]
        peeled = photo.peel(numbers=True)
        number = peeled.number if peeled.count >= span.end else None
        return _Place(photo, ("known", keys[0]), keys[0], span.begin, span.end, number)

    def _spans(self, photo: PhotoName) -> Iterator[_Span]:
        for folder in photo.folders:
            keys = self.named(folder)
            if keys:
                yield _Span(len(joined(tokens_of(folder))), keys)
        tokens = photo.tokens
        if photo.folder and len(joined(tokens)) < MIN_INSIDE and photo.is_numbered_only:
            # The first photo of a folder is not the product "1".
            return
        written = self._written.get(photo.stem.casefold())
        if written:
            yield _Span(len(joined(tokens)), [written], 0, len(tokens))
            return
        for begin in range(len(tokens)):
            for end in range(begin + 1, min(begin + self._most_tokens, len(tokens)) + 1):
                text = joined(tokens[begin:end])
                if text in self._keys and self._stands_alone(photo, begin, end, text):
                    yield _Span(len(text), self._distinct(self._keys[text]), begin, end)

    def _stands_alone(self, photo: PhotoName, begin: int, end: int, text: str) -> bool:
        """Whether these tokens of the name can be an identifier, and not a part of something else."""
        tokens = photo.tokens
        if tokens[begin].glued or (end < len(tokens) and not photo.may_end(end)):
            return False
        has_digit = any(char.isdigit() for char in text)
        if begin:
            return has_digit and not text.isdigit() and len(text) >= MIN_INSIDE
        # A word alone may be one of many: "mug" is not in "mug-tree".
        return has_digit or photo.only_photo_words(begin, end)
