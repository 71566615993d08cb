"""Decoding of HEIC, AVIF and TIFF in a process of their own."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from catalog.vision.limits import Limits, PhotoRejected, corrupt
from prodintel.lib.sandbox import SandboxError, SandboxLimits, run_module

FORMATS = frozenset(("HEIF", "AVIF", "TIFF"))


@dataclass(frozen=True)
class FragilePhoto:
    """What the decoding process says: the size upright, and a plain copy in JPEG or PNG."""

    width: int
    height: int
    has_transparency: bool
    animated: bool
    digital_source_type: str | None
    working_copy: bytes


def decode(data: bytes, file_format: str, limits: Limits) -> FragilePhoto:
    """Decode a HEIC, AVIF or TIFF photo within the memory and time of `limits`.

    Raises: PhotoRejected: `corrupt`, the size codes, or `too_costly` when a limit was hit.
    """
    try:
        answer = run_module(
            "catalog.vision.fragile_decoder",
            data,
            arguments=[json.dumps({"format": file_format, "limits": asdict(limits)})],
            limits=SandboxLimits(
                memory_bytes=limits.decoder_memory,
                cpu_seconds=limits.decoder_cpu_seconds,
                wall_seconds=limits.decoder_wall_seconds,
            ),
        )
    except SandboxError as error:
        if error.reason == "crash":
            raise corrupt() from error
        raise PhotoRejected(
            "too_costly",
            "Opening the photo takes too much memory or time. Save it as a JPEG "
            "or make it smaller, and upload it again.",
        ) from error
    head, _, copy = answer.partition(b"\n")
    facts = json.loads(head)
    if "code" in facts:
        raise PhotoRejected(facts["code"], facts["message"])
    return FragilePhoto(**facts, working_copy=copy)
