"""How many gigabytes a second do files and batches of events go through, and what does a second thread bring?"""

from __future__ import annotations

from collections import deque
from typing import Any, Literal

import pytest

from bench.subject import checked, events
from bench.upkeep import big_file

MEGABYTES = 64


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("validate", ["strict", "structural"])
def test_scan(benchmark: Any, validate: Literal["strict", "structural"], threads: int) -> None:
    rules, path = checked("eb-exact-1k", validate), big_file(MEGABYTES)
    once = [rules.match(event) for event in events("eb-exact-1k")]
    found = [names for _, names in rules.scan(path, threads=threads)]
    assert found[: len(once)] == once
    assert len(found) == len(once) * (len(found) // len(once))
    benchmark.pedantic(lambda: deque(rules.scan(path, threads=threads), maxlen=0), rounds=3)
    benchmark.extra_info["gb_per_s"] = path.stat().st_size / benchmark.stats.stats.min / 1e9


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("validate", ["strict", "structural"])
def test_match_many(benchmark: Any, validate: Literal["strict", "structural"], threads: int) -> None:
    rules = checked("eb-exact-1k", validate)
    batch = list(events("eb-exact-1k")) * 20
    assert rules.match_many(batch, threads=threads) == [rules.match(event) for event in batch]
    benchmark.pedantic(rules.match_many, args=(batch,), kwargs={"threads": threads}, rounds=5, warmup_rounds=1)
    benchmark.extra_info["gb_per_s"] = sum(map(len, batch)) / benchmark.stats.stats.min / 1e9
