"""What does each operator cost, five rules of it on parcel lines, and all of them together?"""

from __future__ import annotations

import pytest

from bench.conftest import Timed
from bench.data import LOTS
from bench.subject import checked, events


@pytest.mark.parametrize("name", LOTS)
def test_operator(timed: Timed, name: str) -> None:
    rules = checked(name)
    timed(rules.match, events(name), len(rules))
