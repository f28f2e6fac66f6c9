"""Does the rate stay the same while the number of rules grows from one to a million?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bench.data import SIZES
from bench.subject import checked, events

if TYPE_CHECKING:
    from bench.conftest import Timed

PROFILES = ("eb-exact", "eb-exact-coarse", "eb-exact-skewed")


@pytest.mark.parametrize("size", [size for size in SIZES if size != "1M"])
@pytest.mark.parametrize("profile", PROFILES)
def test_rules(timed: Timed, profile: str, size: str) -> None:
    name = f"{profile}-{size}"
    timed(checked(name).match, events(name), SIZES[size])


def test_a_million_rules(timed: Timed) -> None:
    timed(checked("eb-exact-1M").match, events("eb-exact-1M"), SIZES["1M"])


def test_small_events_ten_matches_each(timed: Timed) -> None:
    timed(checked("hyper-100k").match, events("hyper-100k"), SIZES["100k"])
