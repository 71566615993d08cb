"""Files in the form of Shopify's taxonomy, made up."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

VERSION = "2030-01"
GID = "gid://shopify/Taxonomy"


def category(
    key: str, *names: str, attributes: list[dict[str, Any]] | None = None
) -> dict[str, Any]:
    """An entry of categories.json: `names` are those from the root."""
    above = key.rpartition("-")[0]
    return {
        "id": f"{GID}Category/{key}",
        "level": key.count("-"),
        "name": names[-1],
        "full_name": " > ".join(names),
        "parent_id": f"{GID}Category/{above}" if above else None,
        "attributes": attributes or [],
        "children": [],
        "ancestors": [],
    }


def categories(entries: list[dict[str, Any]], version: str = VERSION) -> bytes:
    prefix = entries[0]["id"].rpartition("/")[2]
    vertical = {"name": entries[0]["name"], "prefix": prefix, "categories": entries}
    return json.dumps({"version": version, "verticals": [vertical]}).encode()


def used(number: int, handle: str, name: str, *, extended: bool = False) -> dict[str, Any]:
    """An attribute as a category names it; an extended one has the id of its base."""
    key = f"{GID}Attribute/{number}"
    return {"id": key, "name": name, "handle": handle, "description": "", "extended": extended}


def attribute(
    number: int,
    handle: str,
    name: str,
    values: dict[int, tuple[str, str]],
    extended: dict[str, str] | None = None,
) -> dict[str, Any]:
    """An entry of attributes.json: `values` are (handle, name) by number."""
    return {
        "id": f"{GID}Attribute/{number}",
        "name": name,
        "handle": handle,
        "description": f"About {name}",
        "extended_attributes": [
            {"name": label, "handle": key} for key, label in (extended or {}).items()
        ],
        "values": [
            {"id": f"{GID}Value/{key}", "name": label, "handle": f"{handle}__{short}"}
            for key, (short, label) in values.items()
        ],
    }


def attributes(entries: list[dict[str, Any]], version: str = VERSION) -> bytes:
    return json.dumps({"version": version, "attributes": entries}).encode()


def text(kind: str, lines: dict[str, str], version: str = VERSION) -> bytes:
    """A file of text: `kind` is Categories, Attributes or Attribute Values; `lines` are by gid."""
    widest = max(map(len, lines), default=0)
    body = "\n".join(f"{GID}{key:<{widest}} : {line}" for key, line in lines.items())
    return (
        f"# Shopify Product Taxonomy - {kind}: {version}\n# Format: {{GID}} : {{name}}\n\n{body}"
    ).encode()


def zipped(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()


def large(verticals: int = 20, per_vertical: int = 500, attribute_count: int = 2000) -> bytes:
    """A zip of 10,000 categories, 2,000 attributes and 20,000 values, in English and German."""
    entries: list[dict[str, Any]] = []
    german: dict[str, str] = {}
    blocks = []
    for v in range(verticals):
        root = f"{chr(97 + v // 26)}{chr(97 + v % 26)}"
        block = []
        for n in range(per_vertical):
            # Ten children a node, so four levels.
            steps = [] if n == 0 else [int(digit) + 1 for digit in str(n)]
            key = "-".join([root, *map(str, steps)])
            names = [
                f"Vertical {v}",
                *(f"Kind {v}.{'.'.join(map(str, steps[: i + 1]))}" for i in range(len(steps))),
            ]
            own = [
                used(i, f"attribute-{i}", f"Attribute {i}")
                for i in range((v * per_vertical + n) % attribute_count, attribute_count, 700)
            ]
            block.append(category(key, *names, attributes=own))
            german[f"Category/{key}"] = " > ".join(f"{name} (de)" for name in names)
        blocks.append({"name": f"Vertical {v}", "prefix": root, "categories": block})
        entries += block
    values = [
        attribute(
            i,
            f"attribute-{i}",
            f"Attribute {i}",
            {i * 10 + k: (f"value-{k}", f"Value {i} {k}") for k in range(10)},
        )
        for i in range(attribute_count)
    ]
    return zipped(
        {
            "dist/en/categories.json": json.dumps(
                {"version": VERSION, "verticals": blocks}
            ).encode(),
            "dist/en/attributes.json": attributes(values),
            "dist/de/categories.txt": text("Categories", german),
            "dist/de/attribute_values.txt": text(
                "Attribute Values",
                {
                    f"Value/{i}": f"Wert {i} [Attribute {i // 10}]"
                    for i in range(10 * attribute_count)
                },
            ),
        }
    )
