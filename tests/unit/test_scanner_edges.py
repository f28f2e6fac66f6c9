"""Texts at the edges of JSON, each with the byte at which it is refused, if it is: on every instruction set."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from matcher import RuleSet
from matcher._core.machine import Reader, simd_levels
from matcher.errors import EventError
from matcher.naive import matches
from matcher.pattern.parse import parse

CASES: list[dict[str, Any]] = json.loads((Path(__file__).parents[1] / "cases" / "scanner.json").read_bytes())
CASES += [
    {"name": "taken: nesting to the limit", "text": '{"a":' + "[" * 999 + "]" * 999 + "}", "at": None},
    {"name": "refused: one level more", "text": '{"a":' + "[" * 1000 + "]" * 1000 + "}", "at": 5 + 999},
    {"name": "refused: 100,000 levels, unclosed", "text": '{"a":' * 100_000, "at": 5_000},
]
LEVELS = simd_levels()


def text_of(case: dict[str, Any]) -> bytes:
    return bytes.fromhex(case["hex"]) if "hex" in case else case["text"].encode()


def fault_at(reader: Reader, text: bytes) -> int | None:
    try:
        reader.read(text)
    except EventError as error:
        assert error.reason
        return error.at
    return None


def test_there_are_many() -> None:
    assert len(CASES) >= 200
    assert sum(case["at"] is None for case in CASES) >= 80


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_case(case: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    text = text_of(case)
    for level in LEVELS:
        monkeypatch.setenv("MATCHER_SIMD", level)
        for paths in (["a"], ["a.b", "z.y", "b"], ["none"]):
            reader = Reader(paths)
            assert fault_at(reader, text) == case["at"], (level, paths)
            # The same behind a block of spaces, and so at another place of its block.
            moved = None if case["at"] is None else case["at"] + 61
            assert fault_at(reader, b" " * 61 + text) == moved, (level, paths)
            if case["at"] is None:
                assert reader.read(text, structural=True) == reader.read(text)


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_naive_agrees(case: dict[str, Any]) -> None:
    node = parse('{"a":["x"]}')
    if case["at"] is None:
        matches(node, text_of(case))
    else:
        with pytest.raises(EventError) as raised:
            matches(node, text_of(case))
        # The two may point at different bytes of one malformed number.
        assert abs(raised.value.at - case["at"]) <= 2


def test_a_refused_event_tells_where_and_why() -> None:
    with pytest.raises(EventError, match=r"at byte 5: .*value") as raised:
        RuleSet({"rule": {"a": [1]}}).match('{"a":}')
    assert raised.value.at == 5


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"a":"\\x"}', "escape"),
        ('{"a":"\\ud800"}', "surrogate"),
        ('{"a":"\n"}', "control"),
        ('{"a":01}', "number"),
        ('{"a":nul}', "literal"),
        ('{"a" 1}', '":"'),
        ("{a:1}", "name"),
        ('{"a":1 "b":2}', '","'),
        ('{"a":1', "ends too early"),
        ("[]", "JSON object"),
        ("{}x", "after the event"),
        (b'{"a":"\xff"}', "UTF-8"),
        ('{"a":' * 1001, "1000 levels .Limits.nesting"),
        ('{"%s":1}' % ("x" * 50_001), "50000 UTF-16 units .Limits.name_length"),
        ('{"a":%s}' % ("1" * 1_001), "1000 digits .Limits.number_digits"),
    ],
)
def test_reasons(text: str | bytes, words: str) -> None:
    with pytest.raises(EventError, match=words):
        RuleSet({"rule": {"a": [1]}}).match(text)


@pytest.mark.parametrize("count", [1, 62, 63, 64, 65, 127, 128, 129, 255, 256])
def test_as_many_fields_as_memory_was_kept_for(count: int) -> None:
    """The last of them, a number, is looked up too; nothing behind it is read (which `make asan` sees)."""
    rules = RuleSet({"last": {"a": [count - 1]}, "none": {"a": [count]}})
    with ThreadPoolExecutor(1) as fresh:  # a thread keeps the memory of earlier events
        assert fresh.submit(rules.match, json.dumps({"a": list(range(count))}).encode()).result() == ["last"]
