"""Putting the starter encoder together on disk, once."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from prodintel.engine.starter import layout, sources
from prodintel.engine.starter.sources import file_digest

MANIFEST = "starter.json"
WEIGHTS = "open_clip_model.safetensors"
CONFIG = "open_clip_config.json"
TEXT_CONFIG = "config.json"

Progress = Callable[[str], None]


def assemble(folder: Path, progress: Progress) -> Path:
    """See ``prodintel.engine.starter.assemble``."""
    folder = folder.absolute()
    folder.parent.mkdir(parents=True, exist_ok=True)
    with _alone(folder):
        if is_complete(folder):
            return folder
        for leftover in folder.parent.glob(f".{folder.name}.*.part"):
            shutil.rmtree(leftover)
        progress("Checking the starter encoder's weight files")
        part = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", suffix=".part", dir=folder.parent))
        try:
            _build(part, folder, progress)
            if folder.exists():
                shutil.rmtree(folder)
            part.rename(folder)
        finally:
            shutil.rmtree(part, ignore_errors=True)
    progress("The starter encoder is ready")
    return folder


def is_complete(folder: Path) -> bool:
    """Whether ``folder`` holds a whole starter of this recipe, made for this place."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        return (
            manifest["recipe"] == recipe()
            and manifest["folder"] == str(folder)
            and all(
                file_digest(folder / name) == digest for name, digest in manifest["files"].items()
            )
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return False


def recipe() -> str:
    """A digest of all that decides what is in the folder: this package and the weight files.

    A change of code alone puts the folder together again, which takes seconds; whether vectors
    change is up to the weights and ``layout.VERSION``.
    """
    package = Path(__file__).parent
    own = sorted([*package.glob("*.py"), *(package / "data").glob("*")])
    used = (sources.BACKBONE, sources.TEXT_WEIGHTS, sources.TEXT_CONFIG, *sources.TOKENIZER)
    parts = [
        f"version {layout.VERSION}",
        *(f"{path.name} {file_digest(path)}" for path in own),
        *(source.sha256 for source in used),
    ]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One process at a time; the lock goes with its holder, however that ends."""
    with (folder.parent / f".{folder.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _build(part: Path, folder: Path, progress: Progress) -> None:
    """Fill ``part`` with the files that will be ``folder``'s."""
    copy_tokenizer(part)
    from prodintel.engine.starter import weights

    text_config = weights.save(part, progress)
    _write_json(part / TEXT_CONFIG, text_config)
    _write_json(part / CONFIG, open_clip_config(folder))
    files = {path.name: file_digest(path) for path in sorted(part.iterdir())}
    _write_json(
        part / MANIFEST,
        {
            "version": layout.VERSION,
            "recipe": recipe(),
            "folder": str(folder),
            "files": files,
        },
    )
    for path in part.iterdir():
        with path.open("rb") as file:
            os.fsync(file.fileno())
    part.chmod(0o755)


def copy_tokenizer(folder: Path) -> None:
    """Copy MiniLM's tokenizer files, checked, into ``folder``."""
    for source in sources.TOKENIZER:
        path = source.locate()
        shutil.copyfile(path, folder / path.name)


def open_clip_config(folder: Path) -> dict[str, Any]:
    """What OpenCLIP reads first.

    transformers looks for the text tower's configuration by path, so the folder's own goes in;
    a folder that was moved is put together again.
    """
    return {
        "model_cfg": {
            "embed_dim": layout.JOINT,
            "vision_cfg": {
                "timm_model_name": layout.IMAGE_TOWER,
                "timm_model_pretrained": False,
                "timm_pool": "avg",
                "timm_proj": "",
                "image_size": layout.IMAGE_SIZE,
            },
            "text_cfg": {
                "hf_model_name": str(folder),
                "hf_tokenizer_name": str(folder),
                "hf_pooler_type": "cls_pooler",
                "hf_proj_type": None,
                "context_length": layout.CONTEXT,
            },
        },
        "preprocess_cfg": {
            "mean": [0.5, 0.5, 0.5],
            "std": [0.5, 0.5, 0.5],
            "interpolation": "bicubic",
            "resize_mode": layout.RESIZE_MODE,
            "fill_color": 255,
        },
    }


def _write_json(path: Path, content: dict[str, Any]) -> None:
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
