"""How long a text is, as channels count. `static/js/tools.js` counts the same while one types."""

from __future__ import annotations

import re
from typing import Literal

Counted = Literal["chars", "weighted", "utf16"]

# What East Asian fonts draw over two columns: these ranges stand in tools.js, too.
WIDE = re.compile(
    "[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f"
    "\uff01-\uff60\uffe0-\uffe6\U0001f300-\U0001faff\U00020000-\U0003fffd]"
)
LAST_OF_ONE_UNIT = 0xFFFF


def length(text: str, count: str = "chars") -> int:
    """Code points; with "weighted", wide characters count two; with "utf16", those that UTF-16
    writes as two do, as browsers count.
    """
    if count == "utf16":
        return len(text) + sum(ord(character) > LAST_OF_ONE_UNIT for character in text)
    return len(text) + (len(WIDE.findall(text)) if count == "weighted" else 0)
