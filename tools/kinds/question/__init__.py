"""Questions about an item: a conversation that rests on what the catalogue says and shows."""

from tools.kinds.question.tool import Question

__all__ = ["Question"]
