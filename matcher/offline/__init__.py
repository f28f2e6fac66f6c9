"""Offline rule tests: rule sets over event logs. The command line is a thin face of what is here.

A name is imported when it is first asked for, so that `matcher scan` does not load what only `matcher diff` needs.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from matcher.offline.chunks import Chunk, stream
    from matcher.offline.difference import Change, Difference, Sample, diff
    from matcher.offline.hits import Counts, Hit, SourceCounts, count, scan
    from matcher.offline.misses import Miss
    from matcher.offline.output import export
    from matcher.offline.overlap import Overlap
    from matcher.offline.reporting import AbsentField, Report, RuleReport, report
    from matcher.offline.sources import SourceFault, expand
    from matcher.offline.suggestion import FieldNote, NoSuggestion, Suggestion, suggest
    from matcher.offline.testfile import Case, RuleTests, RuleTestsError, load_tests
    from matcher.offline.testrun import Outcome, Problem, Reason, find_tests, load_rules, run_tests
    from matcher.offline.timeline import Histogram
    from matcher.offline.webpage import page
    from matcher.offline.widening import Comparison, Relation, compare

__all__ = [
    "AbsentField",
    "Case",
    "Change",
    "Chunk",
    "Comparison",
    "Counts",
    "Difference",
    "FieldNote",
    "Histogram",
    "Hit",
    "Miss",
    "NoSuggestion",
    "Outcome",
    "Overlap",
    "Problem",
    "Reason",
    "Relation",
    "Report",
    "RuleReport",
    "RuleTests",
    "RuleTestsError",
    "Sample",
    "SourceCounts",
    "SourceFault",
    "Suggestion",
    "compare",
    "count",
    "diff",
    "expand",
    "export",
    "find_tests",
    "load_rules",
    "load_tests",
    "page",
    "report",
    "run_tests",
    "scan",
    "stream",
    "suggest",
]

_HOMES: Final = {
    name: module
    for module, names in {
        "chunks": ("Chunk", "stream"),
        "difference": ("Change", "Difference", "Sample", "diff"),
        "hits": ("Counts", "Hit", "SourceCounts", "count", "scan"),
        "misses": ("Miss",),
        "output": ("export",),
        "overlap": ("Overlap",),
        "reporting": ("AbsentField", "Report", "RuleReport", "report"),
        "sources": ("SourceFault", "expand"),
        "suggestion": ("FieldNote", "NoSuggestion", "Suggestion", "suggest"),
        "testfile": ("Case", "RuleTests", "RuleTestsError", "load_tests"),
        "testrun": ("Outcome", "Problem", "Reason", "find_tests", "load_rules", "run_tests"),
        "timeline": ("Histogram",),
        "webpage": ("page",),
        "widening": ("Comparison", "Relation", "compare"),
    }.items()
    for name in names
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"matcher.offline.{_HOMES[name]}"), name)
    # No module has the name of what it gives: its import would put the module in the place of the function.
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
