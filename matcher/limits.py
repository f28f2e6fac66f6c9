"""Name every limit of the engine once, with its default and the reason for it."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["DEFAULT", "Limits"]


@dataclass(frozen=True, slots=True)
class Limits:
    """What a pattern or an event may cost; `None` is no limit.

    A breached limit is a fault that names the limit, the value found and the number here.
    """

    #: Paths that one combination of `$or` branches may name (AWS's engine: 256).
    paths_per_rule: int | None = 256
    #: Objects and arrays inside one another, the outermost counted (AWS's engine: 1,000).
    nesting: int = 1_000
    #: Characters of one number, without sign, point and `e` (AWS's engine: 1,000).
    number_digits: int | None = 1_000
    #: UTF-16 units of one member name (AWS's engine: 50,000).
    name_length: int | None = 50_000
    #: UTF-8 bytes of one pattern (AWS's service: 4,096; its engine: any number, and lists of 100,000 values are legal).
    pattern_bytes: int | None = 16 * 1024 * 1024
    #: Wildcard complexity (`matcher.pattern.complexity`) of one rule. The core is linear in it, so no limit is needed.
    wildcard_complexity: int | None = None
    #: Branches made where several `$or` name the same path and their product must be written out.
    or_branches: int = 10_000
    #: Steps of the search for array elements that agree, for one rule and one event.
    array_steps: int = 1_000_000
    #: Bytes of one line, or one element of an array, in a file or stream of events: memory is bounded by it. An event
    #: given by itself may be larger.
    line_bytes: int | None = 16 * 1024 * 1024


DEFAULT = Limits()
