"""Turn rules, targets and time into tests: a clock that is moved by hand, targets that record or fail, assertions.

`Trial` runs the rules of a program in memory. A target of one's own is checked by `matcher.connect.conformance`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from matcher.testing.assertion import assert_delivered
from matcher.testing.clock import FakeClock
from matcher.testing.targets import FlakyTarget, RecordedTarget

if TYPE_CHECKING:
    from matcher.testing.trial import Trial

__all__ = ["FakeClock", "FlakyTarget", "RecordedTarget", "Trial", "assert_delivered"]


def __getattr__(name: str) -> Any:
    if name == "Trial":  # whoever tests no router loads none
        from matcher.testing.trial import Trial

        return Trial
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
