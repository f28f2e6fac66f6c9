"""What `validate="structural"` trusts, and what it does not."""

from __future__ import annotations

from typing import Any

import pytest

from matcher import EventError, RuleSet

PATTERN: dict[str, Any] = {"a": {"b": ["x", 1]}, "c": [{"exists": False}]}
STRICT = RuleSet({"r": PATTERN})
LOOSE: RuleSet[str] = RuleSet({"r": PATTERN}, validate="structural")


@pytest.mark.parametrize(
    "inside",
    [b'"\\ud83d"', b'"\\q"', b"tru", b"01", b"1,,2", b'"\xff"', b"'x'", b'"a" "b"', b"1:2", b'{"a" 1}', b"+1", b"NaN"],
)
def test_trusts_what_stands_in_containers_that_no_rule_reads(inside: bytes) -> None:
    event = b'{"zz":[' + inside + b'],"a":{"b":"x"}}'
    with pytest.raises(EventError):
        STRICT.match(event)
    assert LOOSE.match(event) == ["r"]


@pytest.mark.parametrize(
    "event", [b'{"a":{"b":"x",}}', b'{"zz":tru,"a":{"b":"x"}}', b'{"zz":01 "a":{"b":"x"}}', b'{"q":"\xff","a":{"b":"x"}}']
)
def test_trusts_what_stands_between_members(event: bytes) -> None:
    """Commas, and the values of members that no rule asks for."""
    with pytest.raises(EventError):
        STRICT.match(event)
    assert LOOSE.match(event) == ["r"]


@pytest.mark.parametrize(
    "event",
    [
        *[b'{"a":{"b":tru}}', b'{"a":{"b":01}}', b'{"a":{"b":"\\ud83d"}}', b'{"a":{"b":"\xff"}}'],
        *[b"", b"[]", b'{"a":{"b":"x"}', b'{"a":{"b":"x"}}}', b'{"a":{"b":"x"}} 1', b'{"a" {"b":"x"}}', b'{"zz":["x}'],
        *[b'{"zz":[1,"a":{"b":"x"}}', b'{"zz":{"q":1,"a":{"b":"x"}}', b'{"a":{"b":"x"},"zz":"\\"}'],
    ],
)
def test_checks_what_rules_read_and_that_brackets_close(event: bytes) -> None:
    for rules in (STRICT, LOOSE):
        with pytest.raises(EventError) as raised:
            rules.match(event)
        assert 0 <= raised.value.at <= len(event)


@pytest.mark.parametrize(
    "event",
    [
        *[b'{"a":{"b":"x"}}', b'{"a":{"b":1.0},"zz":[{"]":"}\\""},"\\\\"]}', b' {"a.b":"x"}\n', b'{"a":[{"b":["x"]}]}'],
        *[b'{"zz":"' + b'\\\\"' + b',"a":{"b":"x"}}', b'{"zz":["\\"]","[{"],"a":{"b":"x"}}'],
    ],
)
def test_answers_as_the_strict_mode_where_that_does(event: bytes) -> None:
    assert LOOSE.match(event) == STRICT.match(event) == ["r"]
