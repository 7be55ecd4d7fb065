"""The table of kinds."""
from .kind import Column, Kind
from .table import KINDS, by_plural, lookup

__all__ = ["KINDS", "Column", "Kind", "by_plural", "lookup"]
