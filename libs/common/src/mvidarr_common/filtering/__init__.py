"""Filters: what "everything that matches" means, as text and as a tree. See docs/filters.md."""

from .parse import DEEPEST, LONGEST, MOST, parse
from .tree import All, Any, Comparison, Filter, Given, No, Op, bad_filter

__all__ = [
    "DEEPEST", "LONGEST", "MOST", "All", "Any", "Comparison", "Filter", "Given", "No", "Op",
    "bad_filter", "parse",
]  # fmt: skip
