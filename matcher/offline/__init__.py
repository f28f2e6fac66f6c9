"""Offline rule tests: rule sets over event logs. The command line is a thin face of what is here."""

from __future__ import annotations

from matcher.offline.export import export
from matcher.offline.hits import Counts, Hit, SourceCounts, count, scan
from matcher.offline.sources import SourceFault, expand
from matcher.offline.stream import Chunk, stream

__all__ = ["Chunk", "Counts", "Hit", "SourceCounts", "SourceFault", "count", "expand", "export", "scan", "stream"]
