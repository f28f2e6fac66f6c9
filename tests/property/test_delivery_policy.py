"""Policies on generated histories: delays stay in bounds, rates are never exceeded, breakers do what a list says."""

from hypothesis import given
from hypothesis import strategies as st

from matcher.delivery.breaker import Breaker, Circuit
from matcher.delivery.rate import Bucket, Rate
from matcher.delivery.retry import Retry, delay, next_attempt

chances = st.floats(0, 1, exclude_max=True)
policies = st.builds(
    Retry,
    attempts=st.integers(0, 185),
    age=st.floats(60, 86_400),
    base=st.floats(0.001, 10),
    factor=st.floats(1, 10),
    longest=st.floats(10, 86_400),
)


@given(policies, st.integers(1, 200), chances)
def test_a_delay_is_within_its_bounds_and_grows_with_the_attempts(policy: Retry, attempt: int, chance: float) -> None:
    found = delay(policy, attempt, chance)
    assert 0 <= found <= policy.longest
    assert found <= delay(policy, attempt + 1, chance)
    assert delay(policy, 1, chance) == policy.base * chance


@given(policies, st.lists(st.tuples(chances, st.floats(0, 5_000)), min_size=200, max_size=200))
def test_retries_end_by_number_or_by_age(policy: Retry, steps: list[tuple[float, float]]) -> None:
    now, attempt = 0.0, 1
    for chance, took in steps:
        now += took
        due = next_attempt(policy, ConnectionError(), attempt, 0.0, now, lambda chance=chance: chance)  # type: ignore[misc]
        if isinstance(due, str):
            assert due in {"MaximumRetryAttempts", "MaximumEventAgeInSeconds"}
            assert (due == "MaximumRetryAttempts") == (attempt == policy.attempts + 1)
            return
        assert now <= due <= policy.age
        now, attempt = due, attempt + 1
    raise AssertionError("186 attempts were not enough to end")


@given(
    st.floats(0.5, 1_000),
    st.integers(1, 20),
    st.lists(st.one_of(st.just(0.0), st.floats(0, 3)), min_size=2, max_size=60),
)
def test_no_span_of_time_has_more_calls_than_the_rate_allows(rate: float, burst: int, gaps: list[float]) -> None:
    bucket, now, taken = Bucket(Rate(rate, burst)), 1_000.0, []
    for gap in gaps:
        now += gap
        wait = bucket.take(now)
        if wait:
            assert 0 < wait <= 1 / rate + 1e-6
            assert bucket.take(now + wait) == 0
            now += wait
        taken.append(now)
    for first, start in enumerate(taken):
        for last in range(first, len(taken)):
            assert last - first + 1 <= burst + (taken[last] - start) * rate + 1e-6


class Listed:
    """A breaker of one probe told by a list of all that happened: slow and plain."""

    def __init__(self, breaker: Breaker) -> None:
        self.breaker = breaker
        self.history: list[tuple[float, bool]] = []  # since it last closed

    def opened(self) -> float | None:
        """When it opened, replaying the whole history; None if it is closed."""
        opened, recent = None, []
        for when, failed in self.history:
            if opened is not None:
                opened, recent = (when, []) if failed else (None, [])
                continue
            recent = [*recent, failed][-self.breaker.window :]
            if failed and sum(recent) >= self.breaker.failures:
                opened = when
        return opened


@given(
    st.integers(1, 5).flatmap(lambda failures: st.builds(Breaker, st.just(failures), st.integers(failures, 8))),
    st.lists(st.tuples(st.floats(0, 40), st.booleans()), max_size=60),
)
def test_a_breaker_does_what_its_history_says(breaker: Breaker, calls: list[tuple[float, bool]]) -> None:
    circuit, model, now = Circuit(breaker), Listed(breaker), 0.0
    for gap, failed in calls:
        now += gap
        opened = model.opened()
        wait = circuit.wait(now)
        assert wait == (0.0 if opened is None else max(0.0, opened + breaker.cooldown - now))
        if wait == 0:
            circuit.leave(circuit.enter(now), now, failed=failed)
            model.history.append((now, failed))
