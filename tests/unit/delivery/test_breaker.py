"""Circuit breakers: closed, open, half-open, and what stale calls may tell."""

import pytest

from matcher.delivery.breaker import Breaker, Circuit
from matcher.errors import RouterError


def call(circuit: Circuit, now: float, *, failed: bool | None) -> None:
    assert circuit.wait(now) == 0
    circuit.leave(circuit.enter(now), now, failed=failed)


def opened(breaker: Breaker, now: float = 0.0) -> Circuit:
    circuit = Circuit(breaker)
    for _ in range(breaker.failures):
        call(circuit, now, failed=True)
    assert circuit.state == "open"
    return circuit


def test_it_opens_once_so_many_of_the_last_calls_failed() -> None:
    circuit = Circuit(Breaker(failures=2, window=3))
    for failed in (True, False, False, True, False):
        call(circuit, 0.0, failed=failed)
    assert circuit.state == "closed"
    call(circuit, 0.0, failed=True)
    assert circuit.state == "open"


def test_after_the_cooldown_a_probe_decides() -> None:
    circuit = opened(Breaker(failures=1, window=1, cooldown=30.0), now=100.0)
    assert circuit.wait(110.0) == 20.0
    call(circuit, 130.0, failed=True)
    assert (circuit.state, circuit.wait(131.0)) == ("open", 29.0)
    call(circuit, 160.0, failed=False)
    assert (circuit.state, circuit.wait(160.0)) == ("closed", 0.0)


def test_only_so_many_probes_are_let_through() -> None:
    circuit = opened(Breaker(failures=1, window=1, cooldown=30.0, probes=2))
    first, second = circuit.enter(30.0), circuit.enter(30.0)
    assert (circuit.state, circuit.wait(30.0)) == ("half-open", None)
    circuit.leave(first, 31.0, failed=False)
    assert (circuit.state, circuit.wait(31.0)) == ("half-open", None)
    circuit.leave(second, 31.0, failed=False)
    assert circuit.state == "closed"


def test_a_cancelled_probe_makes_room_for_another() -> None:
    circuit = opened(Breaker(failures=1, window=1, cooldown=30.0))
    probe = circuit.enter(30.0)
    assert circuit.wait(30.0) is None
    circuit.leave(probe, 31.0, failed=None)
    assert (circuit.state, circuit.wait(31.0)) == ("half-open", 0.0)


def test_calls_from_before_a_change_tell_nothing() -> None:
    circuit = Circuit(Breaker(failures=2, window=2, cooldown=30.0))
    slow = circuit.enter(0.0)
    call(circuit, 0.0, failed=True)
    call(circuit, 0.0, failed=True)
    circuit.leave(slow, 1.0, failed=False)
    assert (circuit.state, circuit.wait(1.0)) == ("open", 29.0)
    late = circuit.enter(30.0)
    circuit.leave(late, 31.0, failed=True)
    circuit.leave(late, 90.0, failed=False)
    assert circuit.wait(31.0) == 30.0


@pytest.mark.parametrize(
    "settings", [{"failures": 0}, {"failures": 21}, {"cooldown": 0}, {"cooldown": float("nan")}, {"probes": 0}]
)
def test_a_setting_that_cannot_be_says_what_can(settings: dict[str, float]) -> None:
    with pytest.raises(RouterError, match="it must be"):
        Breaker(**settings)  # type: ignore[arg-type]
