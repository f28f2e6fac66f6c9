"""Offline rule tests: rule sets over event logs. The command line is a thin face of what is here."""

from __future__ import annotations

from matcher.offline.difference import Change, Difference, Sample, diff
from matcher.offline.export import export
from matcher.offline.hits import Counts, Hit, SourceCounts, count, scan
from matcher.offline.misses import Miss
from matcher.offline.overlap import Overlap
from matcher.offline.page import page
from matcher.offline.reporting import AbsentField, Report, RuleReport, report
from matcher.offline.sources import SourceFault, expand
from matcher.offline.stream import Chunk, stream
from matcher.offline.suggestion import FieldNote, NoSuggestion, Suggestion, suggest
from matcher.offline.testfile import Case, RuleTests, RuleTestsError, load_tests
from matcher.offline.testrun import Outcome, Problem, Reason, find_tests, load_rules, run_tests
from matcher.offline.timeline import Histogram
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
