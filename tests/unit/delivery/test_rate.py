"""Rates: bursts, then one after another."""

import pytest

from matcher.delivery.rate import Bucket, Rate
from matcher.errors import RouterError


def test_one_at_a_time() -> None:
    bucket = Bucket(Rate(10))
    assert bucket.take(5.0) == 0
    assert bucket.take(5.0) == pytest.approx(0.1)
    assert bucket.take(5.05) == pytest.approx(0.05)
    assert bucket.take(5.1) == 0


def test_a_burst_is_at_once_and_comes_back_with_time() -> None:
    bucket = Bucket(Rate(10, burst=3))
    assert [bucket.take(0.0) for _ in range(4)] == [0, 0, 0, pytest.approx(0.1)]
    assert [bucket.take(0.2) for _ in range(3)] == [0, 0, pytest.approx(0.1)]
    assert [bucket.take(60.0) for _ in range(4)] == [0, 0, 0, pytest.approx(0.1)]


@pytest.mark.parametrize(("per_second", "burst"), [(0, 1), (-1, 1), (float("nan"), 1), (float("inf"), 1), (1, 0)])
def test_a_rate_that_cannot_be_says_what_can(per_second: float, burst: int) -> None:
    with pytest.raises(RouterError, match="it must be"):
        Rate(per_second, burst)
