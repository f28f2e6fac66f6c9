"""Does any known weak spot of event matchers make one event slow?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bench.adversarial import ATTACKS
from bench.oracle import check
from bench.probe import SMALL
from bench.workload import text
from matcher import RuleSet

if TYPE_CHECKING:
    from bench.conftest import Timed


@pytest.mark.parametrize("name", ATTACKS)
def test_attack(timed: Timed, name: str) -> None:
    attack = ATTACKS[name]
    rules = [(rule, text(pattern)) for rule, pattern in attack.rules()]
    built = RuleSet(rules)
    check(built, rules, [attack.event(SMALL)])
    timed(built.match, [attack.event(1.0)], len(built))
