"""The names in an archive as text: most archives do not say in which encoding they are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from charset_normalizer import from_bytes

from catalog.importing.zip_directory import UTF8_NAME, Entry

# What programs that pack archives write: by the country of the computer, and that by DOS.
ENCODINGS = [
    *("cp1252", "cp850", "cp437", "cp932", "gb18030", "big5", "cp949", "cp1251", "cp866"),
    *("cp1250", "cp852", "cp1253", "cp1254"),
]
# Of so many bytes of names the encoding can be told, and more take long.
ENOUGH_BYTES = 64 * 1024
LAST_RESORT = "cp437"


def decoded_names(entries: Sequence[Entry]) -> list[str]:
    """The names of all entries, in their order. No name is refused for how it is written."""
    unmarked = [entry.raw_name for entry in entries if not _marked(entry)]
    encoding = _encoding_of(unmarked)
    return [
        _marked(entry) or entry.raw_name.decode(encoding, "replace").replace("\ufffd", "_")
        for entry in entries
    ]


def _marked(entry: Entry) -> str:
    """The name where the entry says itself that it is UTF-8, and that is true."""
    said = entry.unicode_name or (entry.raw_name if entry.flags & UTF8_NAME else b"")
    try:
        return said.decode("utf-8")
    except UnicodeDecodeError:
        return ""


def _encoding_of(names: Iterable[bytes]) -> str:
    """The one encoding of names that do not say: the archive was packed on one computer."""
    odd = [name for name in names if not name.isascii()]
    try:
        for name in odd:
            name.decode("utf-8")
    except UnicodeDecodeError:
        sample = b"\n".join(odd)[:ENOUGH_BYTES]
        best = from_bytes(sample, cp_isolation=ENCODINGS).best()
        return best.encoding if best else LAST_RESORT
    return "utf-8"
