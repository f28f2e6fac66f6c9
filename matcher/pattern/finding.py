"""Name what can be odd about rules."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

__all__ = ["Finding", "Severity"]

#: "error": the pattern, or the rule, is of no use; "warning": a part of it is; "info": worth to know.
Severity: TypeAlias = Literal["error", "warning", "info"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One oddity of a rule.

    `kind` is one of

    - "invalid": the pattern does not compile (one finding for each fault)
    - "never": the rule, a branch of it or an alternative can match no event
    - "always": the alternatives of a field together match every value
    - "redundant": another alternative matches all that this one does
    - "duplicate-path": a field is dropped, since a later one has the same path
    - "duplicate-rule": another rule means the same
    - "implied": another rule matches whenever this one does
    - "name": a path that likely was meant otherwise (an operator as a field's name, a name that ends in a dot)
    - "regex": a string that looks like a regular expression, and is compared as it is
    - "complexity": the wildcards of the rule may meet one value in many ways at once
    - "incomplete": there were too many pairs of rules to compare them all

    `at` is a JSON pointer into the pattern ("" is the rule as a whole); where the text of the pattern is not known, into
    the pattern as `to_pattern` writes it, with dotted names. `rule` is None for a pattern without a name, `other` the
    rule that a finding names besides.
    """

    rule: Any
    kind: str
    at: str
    message: str
    severity: Severity
    other: Hashable = None
