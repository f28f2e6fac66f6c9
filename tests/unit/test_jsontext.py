"""Strict JSON in, spelled values out, and the byte offset of what is not JSON."""

from __future__ import annotations

import enum
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher.jsonreader import Reader
from matcher.jsontext import JsonFault, NumberText, from_python, quote, read
from matcher.limits import DEFAULT, Limits

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


def shape(value: Any) -> Any:
    """Give a Python value in the shape that `read` gives."""
    if isinstance(value, dict):
        return tuple((name, shape(child)) for name, child in value.items())
    if isinstance(value, list):
        return [shape(child) for child in value]
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return NumberText(json.dumps(value))
    return value


def test_order_duplicates_and_spelling_stay() -> None:
    value: Any = read(b' {"b":1.50,"a":[true,null,""],"b":1E5} ')
    assert value == (("b", "1.50"), ("a", [True, None, ""]), ("b", "1E5"))
    assert type(value[0][1]) is NumberText
    assert quote(value) == '{"b": 1.50, "a": [true, null, ""], "b": 1E5}'


@given(JSON)
def test_reads_what_python_writes(value: Any) -> None:
    for ascii_only in (True, False):
        text = json.dumps(value, ensure_ascii=ascii_only)
        assert read(text) == read(text.encode()) == Reader(text, DEFAULT).document() == shape(value)
        assert read(quote(read(text))) == shape(value)


@given(JSON)
def test_python_values_are_the_same(value: Any) -> None:
    same = read(json.dumps(value))
    made = from_python(value)
    assert json.loads(quote(made)) == json.loads(quote(same)) == value


@given(st.binary(max_size=40) | st.text(alphabet='{}[]",:0123.eE-+truefalsn\\u dD8', max_size=30).map(str.encode))
def test_takes_no_more_than_python_does(text: bytes) -> None:
    try:
        value = read(text)
    except JsonFault as fault:
        assert 0 <= fault.at <= len(text)
        return
    assert json.loads(text.decode()) == json.loads(quote(value))


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("", 0),
        ("{", 1),
        ('{"a":1,}', 7),
        ('{"a" 1}', 5),
        ("{a:1}", 1),
        ("[1,]", 3),
        ("[1 2]", 3),
        ("[01]", 2),
        ("[-]", 2),
        ("[1.]", 3),
        ("[.5]", 1),
        ("[+1]", 1),
        ("[1e]", 3),
        ("[tru]", 4),
        ("[True]", 1),
        ("[NaN]", 1),
        ("[-Infinity]", 2),
        ("['x']", 1),
        ("[1] 2", 4),
        ("[1]\x00", 3),
        ("[1]\x0c", 3),
        ("\ufeff[1]", 0),
        ('["é", x]', 7),
        ('["\t"]', 2),
        ('["\\x"]', 2),
        ('["\\u12"]', 2),
        ('["\\ud83d"]', 2),
        ('["\\ud83dx"]', 2),
        ('["\\ud83d\\u0041"]', 2),
        ('["\\ude00"]', 2),
        ('["x', 3),
        ('["\\', 3),
        (b'["\xff"]', 2),
        (b"\xff", 0),
        (b'[x, "\xff"]', 1),
        (b'["\xed\xa0\xbd"]', 2),
        (b'["\xc0\x80"]', 2),
        ('["\ud83d"]', 2),
        ("// x\n[1]", 0),
    ],
)
def test_faults_say_where(text: str | bytes, at: int) -> None:
    with pytest.raises(JsonFault) as raised:
        read(text)
    assert raised.value.at == at


def test_a_pair_of_surrogates_is_a_character() -> None:
    assert read('["\\ud83d\\ude00"]') == ["😀"]


@pytest.mark.parametrize("opener", ["[", '{"a":', '{"a":['])
def test_nesting_up_to_the_limit(opener: str) -> None:
    closer = opener[::-1].replace("[", "]").replace("{", "}").replace(':"a"', "")
    for depth, deep in ((1_000, False), (1_001, True)):
        count, rest = divmod(depth, len(closer))
        text = opener * count + "[" * rest + "1" + "]" * rest + closer * count
        if not deep:
            assert quote(read(text)).count("1") == 1
            continue
        with pytest.raises(JsonFault, match="limit nesting"):
            read(text)


def test_brackets_in_strings_do_not_nest() -> None:
    assert read(json.dumps(["[" * 5_000])) == ["[" * 5_000]


def test_numbers_and_names_have_limits() -> None:
    assert read("[" + "1" * 1_000 + "]") == ["1" * 1_000]
    assert read("[-" + "1" * 999 + ".5e5]", Limits(number_digits=1_001))
    assert read(json.dumps(["1" * 1_001])) == ["1" * 1_001]
    with pytest.raises(JsonFault, match="number_digits"):
        read("[" + "1" * 1_001 + "]")
    assert read(json.dumps({"k" * 50_000: "v" * 60_000}))
    with pytest.raises(JsonFault, match="name_length"):
        read(json.dumps({"k" * 50_001: 1}))


@pytest.mark.parametrize("crab", ["\U0001f980", "\\ud83e\\udd80"])
def test_names_are_measured_in_utf16_units(crab: str) -> None:
    assert read('{"%s":1}' % (crab * 25_000))
    with pytest.raises(JsonFault, match="name_length"):
        read('{"%s":1}' % (crab * 25_001))


def test_python_values_at_any_depth() -> None:
    value: Any = 1
    for _ in range(500):
        value = {"a": [value]}
    assert quote(from_python(value)) == '{"a": [' * 500 + "1" + "]}" * 500
    with pytest.raises(JsonFault, match="limit nesting"):
        from_python([value])


def test_a_ring_ends_at_the_limit() -> None:
    ring: list[Any] = []
    ring.append(ring)
    with pytest.raises(JsonFault, match="limit nesting"):
        from_python(ring)


class Colour(enum.StrEnum):
    RED = "red"


def test_python_values_of_other_types() -> None:
    assert from_python({"a": (1, 2.5, Colour.RED, 10**30, True)}) == (("a", ["1", "2.5", "red", str(10**30), True]),)
    assert from_python([NumberText("1e400")]) == ["1e400"]
    assert from_python({"a": [None]}) == (("a", [None]),)


@pytest.mark.parametrize(
    ("value", "pointer"),
    [
        ({"a": [1, {"b/c": object()}]}, "/a/1/b~1c"),
        ({"a": float("nan")}, "/a"),
        ([[float("inf")]], "/0/0"),
        ({"a": {"b": 3, 1: 2}}, "/a"),
        ({"a": "\ud800"}, "/a"),
        ({"a": {"\ud800": 1}}, "/a"),
        ({"a": {2, 3}}, "/a"),
        (b"x", ""),
    ],
)
def test_python_values_that_are_no_json(value: Any, pointer: str) -> None:
    with pytest.raises(JsonFault) as raised:
        from_python(value)
    assert raised.value.pointer == pointer
