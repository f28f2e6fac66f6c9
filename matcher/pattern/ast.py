"""The frozen AST of a pattern: what `parse` makes, and what `explain`, `lint` and the compiled core read."""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = [
    "Address",
    "All",
    "Alternative",
    "AnyOf",
    "AnythingBut",
    "Cidr",
    "EqualsIgnoreCase",
    "Exact",
    "Exists",
    "Literal",
    "Node",
    "Number",
    "Numeric",
    "Prefix",
    "Suffix",
    "Term",
    "Wildcard",
]


@dataclass(frozen=True, slots=True)
class Exact:
    """A string equal to `text`, code point by code point."""

    text: str


@dataclass(frozen=True, slots=True)
class Number:
    """A number equal to `value`; where `value` is None (no double is exactly this decimal) the same `text` only."""

    text: str
    value: float | None


@dataclass(frozen=True, slots=True)
class Literal:
    """One of the JSON literals: `text` is "true", "false" or "null"."""

    text: str


@dataclass(frozen=True, slots=True)
class Address:
    """A string that is an IP literal of the same address; `packed` has 4 bytes (v4) or 16 (v6), network order."""

    text: str
    packed: bytes


@dataclass(frozen=True, slots=True)
class Prefix:
    """A string that starts with `text` ("" matches every string)."""

    text: str
    ignore_case: bool = False


@dataclass(frozen=True, slots=True)
class Suffix:
    """A string that ends with `text` ("" matches every string)."""

    text: str
    ignore_case: bool = False


@dataclass(frozen=True, slots=True)
class EqualsIgnoreCase:
    """A string equal to `text` where each character may be its lower or upper case form (`fold.variants`)."""

    text: str


@dataclass(frozen=True, slots=True)
class Wildcard:
    """A whole string made of `pieces` with any run of characters between two of them.

    `text` is the source with its escapes; `pieces` are the unescaped literals between the stars: "a*b" is
    ("a", "b"), "*" is ("", ""), "x" is ("x",), "*x" is ("", "x").
    """

    text: str
    pieces: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Numeric:
    """A number in a range. A bound is a finite double; `None` is no bound; `=` is both bounds closed and equal."""

    low: float | None
    low_open: bool
    high: float | None
    high_open: bool


@dataclass(frozen=True, slots=True)
class Cidr:
    """A string that is an IP literal inside a block; `packed` is the floored base, 4 or 16 bytes; `bits` the mask."""

    text: str
    packed: bytes
    bits: int


@dataclass(frozen=True, slots=True)
class Exists:
    """A leaf is present (True), or absent (False) among the array elements fixed so far."""

    present: bool


@dataclass(frozen=True, slots=True)
class AnythingBut:
    """A leaf, of any type, that none of `none_of` matches (Exact, Number, Prefix, Suffix, EqualsIgnoreCase, Wildcard)."""

    none_of: tuple[Exact | Number | Prefix | Suffix | EqualsIgnoreCase | Wildcard, ...]


Alternative = (
    Exact
    | Number
    | Literal
    | Address
    | Prefix
    | Suffix
    | EqualsIgnoreCase
    | Wildcard
    | Numeric
    | Cidr
    | Exists
    | AnythingBut
)


@dataclass(frozen=True, slots=True)
class Term:
    """One path and the alternatives a leaf there may meet. `path` is the keys joined by "."; `at` a JSON pointer."""

    path: str
    alternatives: tuple[Alternative, ...]
    at: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class All:
    """Every node matches, on array elements that agree. No two terms that can hold together share a path."""

    nodes: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """One of the nodes matches (`$or`)."""

    nodes: tuple[Node, ...]


Node = Term | All | AnyOf
