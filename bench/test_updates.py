"""How long does it take to add one rule to 100,000, or to remove one, and to match?"""

from __future__ import annotations

from itertools import count
from typing import Any

from bench.subject import checked, events

LARGE = "eb-exact-100k"
PATTERN = {"source": ["com.example.new"], "detail": {"total": [{"numeric": [">", 100]}]}}
EVENT = b'{"source":"com.example.new","detail":{"total":101}}'


def test_add_and_match(benchmark: Any) -> None:
    rules, numbers = checked(LARGE).copy(), count()

    def add() -> list[str]:
        rules.add(f"new-{next(numbers)}", PATTERN)
        return rules.match(EVENT)

    assert add() == ["new-0"]
    benchmark.pedantic(add, rounds=300)
    assert len(rules.match(EVENT)) == next(numbers)


def test_remove_and_match(benchmark: Any) -> None:
    rules, numbers = checked(LARGE).copy(), count()
    event = events(LARGE)[0]

    def remove() -> list[str]:
        rules.remove(f"rule-{next(numbers):07}")
        return rules.match(event)

    assert "rule-0000000" not in remove()
    assert "rule-0000000" not in rules
    benchmark.pedantic(remove, rounds=300)
    assert len(rules) == 100_000 - next(numbers)
