"""Rules asked from Python: the fixture `matcher_rules` compiles a file of rules beside this one, once a session."""

from collections.abc import Callable
from pathlib import Path

from matcher import RuleSet

LOG = Path(__file__).parent / "../orders/events.jsonl"


def test_no_order_is_both_reviewed_and_retried(matcher_rules: Callable[[str], RuleSet[str]]) -> None:
    rules = matcher_rules("../orders/rules.json")
    for number, names in rules.scan(LOG):
        assert not {"review-big-order", "retry-payment"} <= set(names), f"line {number}"


def test_every_rule_is_met(matcher_rules: Callable[[str], RuleSet[str]]) -> None:
    rules = matcher_rules("../orders/rules.json")
    counts = rules.count(LOG).by_name
    assert [name for name in rules if not counts[name]] == []
