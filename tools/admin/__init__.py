"""The admin of the tools."""

from tools.admin import runs

__all__ = ["runs"]
