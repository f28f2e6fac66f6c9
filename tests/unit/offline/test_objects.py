"""Counting matches makes no object of Python for an event: it ends with a fixed number of allocations."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]

# All allocations of Python behind the thousandth fail; those of the core are its own.
LIMITED = """
import _testcapi
from matcher import RuleSet
rules = RuleSet({"one": {"a": [1]}, "number": {"a": [{"numeric": [">", 0]}]}})
rules.count("log.jsonl", 2)
_testcapi.set_nomemory(1000)
try:
    counts = rules.count("log.jsonl", 2)
finally:
    _testcapi.remove_mem_hooks()
print(counts.by_name["one"], counts.by_name["number"])
"""


def test_counting_makes_no_object_for_an_event(tmp_path: Path) -> None:
    pytest.importorskip("_testcapi", reason="this Python was built without its test modules")
    (tmp_path / "log.jsonl").write_bytes(b'{"a":1,"b":"x"}\n{"a":2}\n' * 50_000)
    done = subprocess.run(
        [sys.executable, "-c", LIMITED], cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert (done.stdout, done.stderr) == ("50000 100000\n", "")
