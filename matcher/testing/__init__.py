"""Turn rules, targets and time into tests: a clock that is moved by hand, targets that record or fail, assertions."""

from matcher.testing.assertion import assert_delivered
from matcher.testing.clock import FakeClock
from matcher.testing.targets import FlakyTarget, RecordedTarget

__all__ = ["FakeClock", "FlakyTarget", "RecordedTarget", "assert_delivered"]
