"""Rule sets in files and pickles: what comes back is the same, and what is damaged is told, never read."""

from __future__ import annotations

import pickle
from hashlib import blake2b
from pathlib import Path
from random import Random
from typing import Any

import pytest

from matcher import Limits, RuleSet
from matcher.errors import StoreError

X: dict[str, Any] = {"a": ["x"]}
RULES: dict[Any, Any] = {
    "é😀": X,
    1: {"a": [{"wildcard": "x*"}], "$or": [{"b": [1]}, {"c.d": [{"exists": False}]}]},
    1.5: {"a": [{"cidr": "10.0.0.0/8"}, {"numeric": [">", 1e300]}]},
    None: {"a": [{"anything-but": {"suffix": ["y", "z"]}}]},
    False: {"b": [9007199254740993]},
}
EVENTS = [b'{"a":"x","b":1}', b'{"a":"10.1.1.1"}', b'{"a":1.1e300,"c":{"d":0}}', b'{"b":9007199254740993}', b"{}"]


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    RuleSet(RULES).save(tmp_path / "rules")
    return tmp_path / "rules"


def same(left: RuleSet[Any], right: RuleSet[Any]) -> bool:
    assert [left.match(event) for event in EVENTS] == [right.match(event) for event in EVENTS]
    assert list(left) == list(right)
    assert left.limits == right.limits
    return list(left.items()) == list(right.items())


def test_a_saved_set_comes_back(saved: Path) -> None:
    rules = RuleSet(RULES)
    assert same(RuleSet.load(saved), rules)
    assert same(RuleSet.load(str(saved)), rules)
    assert [type(name) for name in RuleSet.load(saved)] == [str, int, float, type(None), bool]


def test_a_loaded_set_can_change(saved: Path) -> None:
    rules = RuleSet.load(saved)
    rules.remove("é😀")
    rules.add("new", X)
    assert rules.match(b'{"a":"x","b":1}')[-1] == "new"
    rules.save(saved)
    assert same(RuleSet.load(saved), rules)


def test_settings_are_kept(tmp_path: Path) -> None:
    rules: RuleSet[Any] = RuleSet(RULES, validate="structural", limits=Limits(nesting=7, number_digits=None))
    rules.save(tmp_path / "rules")
    for other in (RuleSet.load(tmp_path / "rules"), pickle.loads(pickle.dumps(rules)), rules.copy()):
        assert same(other, rules)
        with pytest.raises(ValueError, match="nesting"):
            other.match(b'{"a":' + b"[" * 7 + b"]" * 7 + b"}")
        assert other.match(b'{"zz":["\\ud83d"],"b":9007199254740993}') == rules.match(
            b'{"zz":["\\ud83d"],"b":9007199254740993}'
        )


def test_removed_rules_are_not_kept(tmp_path: Path) -> None:
    rules: RuleSet[str] = RuleSet({f"rule {number}": {"a": [f"secret {number}"]} for number in range(10)})
    for number in range(9):
        rules.remove(f"rule {number}")
    rules.save(tmp_path / "rules")
    assert b"secret 3" not in (tmp_path / "rules").read_bytes()
    assert RuleSet.load(tmp_path / "rules").match(b'{"a":"secret 9"}') == ["rule 9"]


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_a_pickle_takes_names_of_every_kind(protocol: int) -> None:
    rules: RuleSet[Any] = RuleSet({(1, "two"): X, frozenset({3}): X, b"x": X, int: X})
    other = pickle.loads(pickle.dumps(rules, protocol))
    assert other.match(b'{"a":"x"}') == [(1, "two"), frozenset({3}), b"x", int]


@pytest.mark.parametrize("name", [(1, 2), b"x", frozenset()])
def test_a_name_that_a_file_cannot_hold_leaves_no_file(name: Any, tmp_path: Path) -> None:
    (tmp_path / "rules").write_bytes(b"before")
    with pytest.raises(TypeError, match="pickle"):
        RuleSet({name: X}).save(tmp_path / "rules")
    assert [path.name for path in tmp_path.iterdir()] == ["rules"]
    assert (tmp_path / "rules").read_bytes() == b"before"


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        RuleSet.load(tmp_path / "absent")
    with pytest.raises(FileNotFoundError):
        RuleSet(RULES).save(tmp_path / "absent" / "rules")


@pytest.mark.parametrize("text", [b"", b"x", b"matcher", b"matcher rule set", b"{}" * 100, b"\x00" * 1_000])
def test_a_file_of_something_else(text: bytes, tmp_path: Path) -> None:
    (tmp_path / "rules").write_bytes(text)
    with pytest.raises(StoreError, match="not a saved rule set"):
        RuleSet.load(tmp_path / "rules")


def test_a_file_cut_off_anywhere(saved: Path) -> None:
    whole = saved.read_bytes()
    for size in range(len(whole)):
        saved.write_bytes(whole[:size])
        with pytest.raises(StoreError):
            RuleSet.load(saved)
    saved.write_bytes(whole + b"x")
    with pytest.raises(StoreError, match="damaged"):
        RuleSet.load(saved)


def test_a_file_with_any_byte_changed(saved: Path) -> None:
    whole = saved.read_bytes()
    chance = Random(1)
    for at in range(len(whole)):
        broken = bytearray(whole)
        broken[at] ^= 1 << chance.randrange(8)
        saved.write_bytes(broken)
        with pytest.raises(StoreError):
            RuleSet.load(saved)


def with_header(whole: bytes, old: bytes, new: bytes) -> bytes:
    """Change the header and make the digest fit, as another version of matcher might have written it."""
    start = whole.index(b"\n") + 1 + 32
    size = int.from_bytes(whole[start : start + 8], "little")
    header = whole[start + 8 : start + 8 + size]
    assert old in header
    header = header.replace(old, new)
    body = len(header).to_bytes(8, "little") + header + whole[start + 8 + size :]
    return whole[: start - 32] + blake2b(body, digest_size=32).digest() + body


def test_a_file_of_another_version(saved: Path) -> None:
    whole = saved.read_bytes()
    saved.write_bytes(with_header(whole, b'"version":1', b'"version":9'))
    with pytest.raises(StoreError, match="version 9"):
        RuleSet.load(saved)
    saved.write_bytes(with_header(whole, b'"little"', b'"big"'))
    with pytest.raises(StoreError, match="big-endian"):
        RuleSet.load(saved)
