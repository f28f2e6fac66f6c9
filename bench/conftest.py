"""Turn what the benchmark files measured into one table: rules x event size -> events/s and GB/s."""

from __future__ import annotations

from collections import deque
from time import perf_counter
from typing import TYPE_CHECKING, Any, Protocol

import pytest

from bench.report import Table, plain, rate

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

ROWS = pytest.StashKey[list[tuple[str, ...]]]()


class Timed(Protocol):
    """Time `call` on each of the events, and note the rate under the name of the test.

    `given` is what the call gets where that isn't the bytes of each event, in the same order.
    """

    def __call__(
        self, call: Callable[[Any], list[Any]], events: Sequence[bytes], rules: int, given: Sequence[Any] | None = None
    ) -> None: ...


def pytest_configure(config: pytest.Config) -> None:
    config.stash[ROWS] = []


@pytest.fixture
def timed(benchmark: Any, request: pytest.FixtureRequest) -> Timed:
    """A round is one pass over all events; the best of the rounds is what the table shows."""

    def measure(
        call: Callable[[Any], list[Any]], events: Sequence[bytes], rules: int, given: Sequence[Any] | None = None
    ) -> None:
        count, size = len(events), sum(map(len, events))
        inputs = events if given is None else given

        def once() -> None:
            deque(map(call, inputs), maxlen=0)

        benchmark.pedantic(once, rounds=_rounds(once), warmup_rounds=1)
        best = benchmark.stats.stats.min
        figures = {
            "events_per_s": count / best,
            "gb_per_s": size / best / 1e9,
            "rules": rules,
            "event_bytes": size / count,
        }
        benchmark.extra_info.update(figures)
        named = sum(len(call(event)) for event in inputs) / count
        row = (
            request.node.name,
            f"{rules:,}",
            f"{size / count:,.0f}",
            f"{named:.2f}",
            rate(count / best),
            f"{size / best / 1e9:.2f}",
        )
        request.config.stash[ROWS].append(row)

    return measure


def _rounds(once: Callable[[], object], seconds: float = 0.5) -> int:
    """As many rounds as fit in half a second, 3 at least and 50 at most."""
    start = perf_counter()
    once()
    return max(3, min(50, int(seconds / max(perf_counter() - start, 1e-6))))


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    rows = config.stash[ROWS]
    if rows:
        heads = ("benchmark", "rules", "event bytes", "matches an event", "events/s", "GB/s")
        terminalreporter.write_line(plain(Table("Rules x event size, best round", heads, rows)))
