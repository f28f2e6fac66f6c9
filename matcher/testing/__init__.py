"""Turn rules, targets and time into tests: a clock that is moved by hand, targets that record or fail, assertions."""

from matcher.testing.clock import FakeClock

__all__ = ["FakeClock"]
