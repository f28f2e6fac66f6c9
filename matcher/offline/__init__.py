"""Offline rule tests: rule sets over event logs. The command line is a thin face of what is here."""

from __future__ import annotations

from matcher.offline.export import export
from matcher.offline.hits import Counts, Hit, SourceCounts, count, scan
from matcher.offline.sources import SourceFault, expand
from matcher.offline.stream import Chunk, stream
from matcher.offline.testfile import Case, RuleTests, RuleTestsError, load_tests
from matcher.offline.testrun import Outcome, Problem, Reason, find_tests, load_rules, run_tests

__all__ = [
    "Case",
    "Chunk",
    "Counts",
    "Hit",
    "Outcome",
    "Problem",
    "Reason",
    "RuleTests",
    "RuleTestsError",
    "SourceCounts",
    "SourceFault",
    "count",
    "expand",
    "export",
    "find_tests",
    "load_rules",
    "load_tests",
    "run_tests",
    "scan",
    "stream",
]
