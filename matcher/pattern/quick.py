"""Turn checked fields into AST nodes without the frozen dataclass's `__init__`, half the cost of a bulk load."""

from __future__ import annotations

from typing import Any, Final

from matcher.pattern.ast import Alternative, Exact, Numeric, Term

__all__ = ["exact", "numeric", "term"]

_new: Final = object.__new__


def _slot(owner: type, name: str) -> Any:
    """Give the writer of a slot, which a frozen dataclass hides behind its `__setattr__`."""
    return owner.__dict__[name].__set__


_exact_text: Final = _slot(Exact, "text")
_path: Final = _slot(Term, "path")
_alternatives: Final = _slot(Term, "alternatives")
_at: Final = _slot(Term, "at")
_low: Final = _slot(Numeric, "low")
_low_open: Final = _slot(Numeric, "low_open")
_high: Final = _slot(Numeric, "high")
_high_open: Final = _slot(Numeric, "high_open")


def exact(text: str) -> Exact:
    """Make `Exact(text)`."""
    node = _new(Exact)
    _exact_text(node, text)
    return node


def term(path: str, alternatives: tuple[Alternative, ...]) -> Term:
    """Make `Term(path, alternatives)`."""
    node = _new(Term)
    _path(node, path)
    _alternatives(node, alternatives)
    _at(node, "")
    return node


def numeric(low: float | None, low_open: bool, high: float | None, high_open: bool) -> Numeric:
    """Make `Numeric(low, low_open, high, high_open)`."""
    node = _new(Numeric)
    _low(node, low)
    _low_open(node, low_open)
    _high(node, high)
    _high_open(node, high_open)
    return node
