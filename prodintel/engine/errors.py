"""What can go wrong when talking to the engine."""

from __future__ import annotations


class EngineError(Exception):
    """A call that the engine refused or could not carry out.

    `permanent` says whether the same call can ever succeed: True for a wrong argument or a wrong
    setting, False for an outside failure that may pass.
    """

    def __init__(self, message: str, *, permanent: bool = True) -> None:
        super().__init__(message)
        self.permanent = permanent


class EngineUnavailable(EngineError):  # noqa: N818  the state of the engine is the name
    """Nobody answers, the answer is late, or the encoder is not loaded (yet)."""

    def __init__(self, message: str, *, permanent: bool = False) -> None:
        super().__init__(message, permanent=permanent)


class CollectionMissing(EngineError):  # noqa: N818  likewise
    """The named collection does not exist; `ensure` makes it."""
