"""What does a rule cost to build from text, and to keep in memory?"""

from __future__ import annotations

from typing import Any

import pytest

from bench import data
from bench.measure import fresh
from bench.oracle import check
from matcher import RuleSet


@pytest.mark.parametrize("name", ["eb-exact-1k", "eb-exact-10k", "eb-mixed-1k", "eb-mixed-10k"])
def test_build_time(benchmark: Any, name: str) -> None:
    workload = data.workload(name)
    rules = list(workload.rules())
    check(RuleSet(rules), rules, workload.events(), sample=5)
    benchmark.pedantic(RuleSet, args=(rules,), rounds=3, warmup_rounds=1)
    benchmark.extra_info["us_per_rule"] = benchmark.stats.stats.min * 1e6 / len(rules)


@pytest.mark.parametrize("name", ["eb-exact-100k", "eb-mixed-100k", "hyper-100k"])
def test_build_from_nothing(benchmark: Any, name: str) -> None:
    """A process of its own, since only there the growth of resident memory is what the rules hold."""
    found = benchmark.pedantic(fresh, args=("bench.probe", "build", name), rounds=1)
    benchmark.extra_info["us_per_rule"] = found["seconds"] * 1e6 / found["rules"]
    benchmark.extra_info["bytes_per_rule"] = found["bytes"] / found["rules"]
    assert found["bytes"] > 0
