"""What does each operator cost, five rules of it on parcel lines, and all of them together?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bench.data import LOTS
from bench.subject import checked, events

if TYPE_CHECKING:
    from bench.conftest import Timed


@pytest.mark.parametrize("name", LOTS)
def test_operator(timed: Timed, name: str) -> None:
    rules = checked(name)
    timed(rules.match, events(name), len(rules))
