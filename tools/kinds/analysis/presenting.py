"""Answers as blocks show them, with every claim checked against the evidence."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from django.core.exceptions import ValidationError

from catalog.describe import vocabulary
from catalog.services.attribute_values import Definitions, clean_value
from tools.block_data import Points
from tools.blocks import TONES, presents
from tools.evidence import cited, unknown_cites
from tools.kinds.analysis.prompting import ALT_LIMIT, DESCRIPTION_LIMIT, META_LIMIT, TITLE_LIMIT
from tools.kinds.base import Data
from tools.prompts import Cites

SECTIONS = {
    "what_it_is": "What it is",
    "features": "Features",
    "materials": "Materials",
    "positioning": "Positioning",
    "audience": "Audience",
    "strengths": "Strengths",
    "weaknesses": "Weaknesses",
    "missing": "What to add first",
}
TONED = {"strengths": "good", "weaknesses": "bad", "missing": "warning"}
UNSUPPORTED = "Nothing in the evidence supports this."
# What may show a material or a value: the product's own texts, attributes and photos.
SHOWS = ("a", "p", "v", "title", "description", "tags")
TEXTS = {
    "title": ("SEO title", "title", TITLE_LIMIT),
    "description": ("Description", "description", DESCRIPTION_LIMIT),
    # A page of the shop has it, the catalogue does not: it can be copied.
    "meta_description": ("Meta description", "", META_LIMIT),
}


def citable(cites: Cites, seen: Mapping[str, Any] | None) -> Cites:
    """What a model may cite: all of the evidence, but of the photos only those it was told of."""
    shown = {each["photo"] for each in (seen or {}).get("photos", [])}
    return {key: cite for key, cite in cites.items() if not _is_photo(key) or key in shown}


def sections_of(answer: Mapping[str, Any], cites: Cites) -> Data:
    """A whole report. Materials that nothing shows are left out, and that is said."""
    sections = []
    for key, title in SECTIONS.items():
        claims = answer.get(key) or []
        claims = claims if isinstance(claims, list) else [claims]
        left_out = 0
        if key == "materials":
            supported = [each for each in claims if _shown(each["cites"], cites)]
            left_out, claims = len(claims) - len(supported), supported
        points = [checked(each, cites, TONED.get(key, "")) for each in claims if each["text"]]
        if left_out:
            note = (
                f"Left out of the answer: {left_out}, which no attribute says and no photo shows."
            )
            points.append({"text": note, "note": "", "tone": "warning", "cites": []})
        if points:
            sections.append({"key": key, "title": title, "items": points})
    return {"sections": sections}


def growing_sections(answer: Mapping[str, Any]) -> Data:
    """A report as far as it is written; what it cites is not checked before it is whole."""
    sections = []
    for key, title in SECTIONS.items():
        claims = answer.get(key) or []
        claims = claims if isinstance(claims, list) else [claims]
        points = [{"text": str(each["text"])} for each in claims if each.get("text")]
        if points:
            sections.append({"key": key, "title": title, "items": points})
    return {"sections": sections}


def checked(claim: Mapping[str, Any], cites: Cites, tone: str = "") -> Data:
    """A claim with what it rests on; one that rests on nothing, or on what is not there, says so."""
    support = cited(claim["cites"], cites)
    unknown = unknown_cites(claim["cites"], cites)
    notes = [] if support else [UNSUPPORTED]
    if unknown:
        named = ", ".join(f"“{key}”" for key in unknown)
        notes.append(f"Cites {named}, which the evidence does not have.")
    return {
        "text": claim["text"],
        "note": " ".join(notes),
        "tone": "warning" if notes else tone,
        "cites": support,
    }


def seen_data(seen: Mapping[str, Any], cites: Cites) -> Data:
    """What the photos show, as points; `photos` is what was answered of photos that there are."""
    said = {each["photo"]: each for each in reversed(seen["photos"])}
    photos = [each for key, each in sorted(said.items()) if key in cites and _is_photo(key)]
    return {
        "items": [
            {"text": each["shows"], "note": _told(each), "cites": cited([each["photo"]], cites)}
            for each in photos
        ],
        "photos": photos,
    }


def fields_of(
    answer: Mapping[str, Any], evidence: Mapping[str, Any], cites: Cites, *, final: bool
) -> list[Data]:
    """The texts that are suggested, but those that the listing has already; without attributes."""
    present, fields = evidence["product"], []
    for name, (label, field, limit) in TEXTS.items():
        said = answer.get(name) or {}
        text = str(said.get("text") or "").strip()
        if not text or text == present.get(field):
            continue
        value = shortened(text, limit) if final else text
        note = "" if value == text else f"Shortened: it had {len(text)} characters."
        support: Data = checked(said, cites) if final else {"note": "", "cites": []}
        fields.append(
            {
                "key": name,
                "field": field,
                "label": label,
                "value": value,
                "limit": limit,
                "note": f"{note} {support['note']}".strip(),
                "cites": support["cites"],
            }
        )
    return fields + list(_alt_texts(answer.get("alt_text") or [], evidence, cites))


def _alt_texts(said: Sequence[Mapping[str, Any]], evidence: Mapping[str, Any], cites: Cites) -> Any:
    photos = evidence["photo_ids"]
    present = {each["key"]: each["alt_text"] for each in evidence["product"]["photos"]}
    done = set()
    for each in said:
        key, text = str(each.get("photo", "")), str(each.get("text") or "").strip()
        if key not in photos or key not in cites or key in done or not text:
            continue
        done.add(key)
        value = shortened(text, ALT_LIMIT)
        if value != present.get(key):
            yield {
                "key": f"alt_{key}",
                "field": "alt_text",
                "label": f"Alternative text, photo {key.removeprefix('p')}",
                "value": value,
                "photo": photos[key],
                "limit": ALT_LIMIT,
                "note": "" if value == text else f"Shortened: it had {len(text)} characters.",
                "cites": cited([key], cites),
            }


def attribute_fields(
    said: Sequence[Mapping[str, Any]], evidence: Mapping[str, Any], cites: Cites, language: str
) -> tuple[list[Data], list[str]]:
    """Values of the vocabulary for what is missing, and in words what was left out. Reads the
    database.
    """
    missing = {each["field"]: each["label"] for each in evidence["completeness"]["missing"]}
    definitions = Definitions(missing)
    fields: dict[str, Data] = {}
    left_out = []
    for each in said:
        name, values = str(each["attribute"]), [str(value) for value in each["values"]]
        shown = ", ".join(values)
        if name not in missing or name not in definitions.by_key:
            left_out.append(f"{name}: {shown} (not an attribute that this product lacks)")
        elif not _shown(each["cites"], cites):
            left_out.append(f"{missing[name]}: {shown} (nothing in the evidence shows it)")
        elif name not in fields:
            try:
                kept = clean_value(name, values, definitions) or []
            except ValidationError as error:
                left_out.append(f"{missing[name]}: {shown} ({' '.join(error.messages)})")
                continue
            labels = [_label(name, value, language) for value in kept]
            fields[name] = {
                "key": f"attribute_{name}",
                "field": name,
                "label": missing[name],
                "value": labels if len(labels) > 1 else labels[0],
                "note": "",
                "cites": cited(each["cites"], cites),
            }
    return list(fields.values()), left_out


def shortened(text: str, limit: int) -> str:
    """The text within a limit of characters, cut between words."""
    if len(text) <= limit:
        return text
    cut = text[:limit]
    if not (text[limit].isspace() or cut[-1].isspace()):
        cut = cut.rsplit(None, 1)[0]
    return cut.rstrip(" \n,;:–-")


def _label(name: str, value: Any, language: str) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = f"{value:.12g}" if isinstance(value, float) else str(value)
    return vocabulary.current().label_of(name, value, language) or text


def _is_photo(key: str) -> bool:
    return key.startswith("p") and key[1:].isdigit()


def _shown(keys: Collection[str], cites: Cites) -> bool:
    """Whether one of the keys is of something that shows a property of the product itself."""
    return any(
        key in cites and (key in SHOWS or (key[:1] in SHOWS and key[1:].isdigit())) for key in keys
    )


def _told(photo: Mapping[str, Any]) -> str:
    parts = (
        ("Materials", ", ".join(photo["materials"])),
        ("Details", ", ".join(photo["details"])),
        ("Written in it", photo["text_in_photo"]),
    )
    return ". ".join(f"{label}: {text}" for label, text in parts if text)


@presents("analysis_report")
def report(block: Mapping[str, Any], _run: Any) -> dict[str, Any]:
    sections = block["data"].get("sections")
    return {
        "sections": [
            {
                "key": each["key"],
                "title": each["title"],
                "items": [
                    {"point": point, "icon": TONES.get(point.tone)}
                    for point in Points.model_validate({"items": each["items"]}).items
                ],
            }
            for each in (sections if isinstance(sections, list) else [])
            if isinstance(each, Mapping) and each.get("key") in SECTIONS
        ]
    }
