"""Turn the name of a known weak spot of event matchers into rules and one event of a chosen size that aim at it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from bench.collisions import alike
from bench.workload import text

__all__ = ["ATTACKS", "Attack"]

Pattern = dict[str, Any]
Rules = Iterator[tuple[str, Pattern]]


@dataclass(frozen=True, slots=True)
class Attack:
    """One weak spot: `rules()` are of a fixed size, `event(scale)` grows with its scale, at 1 to a megabyte.

    Where the bar names a number of elements instead (10,000 objects, the limit of depth), 1 is that number.
    """

    why: str
    rules: Callable[[], Rules]
    event: Callable[[float], bytes]


def _named(patterns: Iterator[Pattern]) -> Rules:
    for number, pattern in enumerate(patterns):
        yield f"rule-{number:06}", pattern


def _padded(event: Pattern, scale: float, size: int = 1_000_000) -> bytes:
    """The event with a member that no rule reads, so that the bytes grow where the question is about the rules."""
    return text({**event, "zz": "p" * int(size * scale)})


def _six_by_ten() -> Rules:
    fields = {f"f{field}": [f"v{field}-{value}" for value in range(10)] for field in range(6)}
    yield "product", fields
    # A thousand more that share five of the six lists: in one automaton their states would multiply.
    for number in range(1_000):
        yield f"product-{number:04}", {**fields, f"f{number % 6}": [f"own-{number}-{value}" for value in range(10)]}


def _six_by_ten_event(scale: float) -> bytes:
    return _padded({f"f{field}": f"v{field}-{field}" for field in range(6)}, scale)


def _or_product() -> Rules:
    for number in range(100):
        branch = [
            [{f"g{group}{choice}": [f"v{number % 3}", f"w{number}"]} for choice in range(5)] for group in range(4)
        ]
        nested: Pattern = {"$or": branch[3]}
        for group in (2, 1, 0):
            nested = {"$or": branch[group], f"n{group}": nested}
        yield f"tree-{number:03}", nested


def _or_product_event(scale: float) -> bytes:
    inner: Pattern = {"g34": "v0"}
    for group in (2, 1, 0):
        inner = {f"g{group}4": "v0", f"n{group}": inner}
    return _padded(inner, scale)


def _shared_first() -> Rules:
    shared = {
        "account": ["111122223333"],
        "detail-type": ["Order Created"],
        "region": ["eu-west-1"],
        "source": ["shop"],
    }
    return _named({**shared, "version": [f"{number}"]} for number in range(10_000))


def _shared_first_event(scale: float) -> bytes:
    shared = {"account": "111122223333", "detail-type": "Order Created", "region": "eu-west-1", "source": "shop"}
    return _padded({**shared, "version": "4321"}, scale)


def _letters(number: int) -> str:
    return "".join(chr(ord("a") + number // 26**place % 26) for place in range(2))


def _wildcards() -> Rules:
    return _named({"w": [{"wildcard": f"*{_letters(n % 676)}*{_letters(n // 15)}*"}]} for n in range(10_000))


def _wildcards_same() -> Rules:
    # The literals are common in the event, the third one is missing: every pattern gets far before it fails.
    return _named({"w": [{"wildcard": f"*ab*cd*{number:05}x"}]} for number in range(10_000))


def _wildcards_event(scale: float) -> bytes:
    return text({"w": "abcd" * int(250_000 * scale)})


def _wildcards_backwards() -> Rules:
    # Each literal stands once in the event, in the order of its number: every pattern asks for two in the other order.
    pairs = ((late, early) for late in range(142) for early in range(late))
    return _named({"w": [{"wildcard": f"*<{late:03}>*<{early:03}>*"}]} for late, early in islice(pairs, 10_000))


def _wildcards_backwards_event(scale: float) -> bytes:
    return text({"w": "".join(f"<{number:03}>" + "-" * int(7_000 * scale) for number in range(142))})


def _prefixes() -> Rules:
    return _named({"p": [{"prefix": "a" * (number % 50) + f"{number:05}"}]} for number in range(100_000))


def _prefixes_event(scale: float) -> bytes:
    return text({"p": "a" * 30 + "54330" + "b" * int(1_000_000 * scale)})


def _nested_prefixes() -> Rules:
    return _named({"p": [{"prefix": "a" * (number + 1)}], "q": [f"{number}"]} for number in range(2_000))


def _nested_prefixes_event(scale: float) -> bytes:
    return text({"p": "a" * int(1_000_000 * scale), "q": "77"})


def _anything_but() -> Rules:
    banned = [f"banned-{number:06}" for number in range(100_000)]
    yield "one", {"a": [{"anything-but": banned}]}
    yield "two", {"a": [{"anything-but": banned}], "b": ["x"]}
    for number in range(1_000):
        yield f"few-{number:04}", {"a": [{"anything-but": banned[number : number + 5]}], "b": [f"{number}"]}


def _anything_but_event(scale: float) -> bytes:
    return text({"a": ["banned-000500", *(f"banned-{number:06}" for number in range(int(50_000 * scale)))], "b": "7"})


def _absent() -> Rules:
    return _named({f"never-{number:05}": [{"exists": False}], "k": [f"{number}"]} for number in range(10_000))


def _absent_event(scale: float) -> bytes:
    return _padded({"k": "5000"}, scale)


def _objects() -> Rules:
    return _named({"list": {"a": [f"a{n}"], "b": [f"b{n}"], "c": [f"c{n}", {"prefix": f"z{n}"}]}} for n in range(100))


def _objects_event(scale: float) -> bytes:
    # Each element holds two of a rule's three values, so that all three are there, but never in one element.
    elements = []
    for number in range(int(10_000 * scale)):
        turn, rule = number % 3, number // 3 % 100
        values = {field: f"{field}{(rule + (turn == place)) % 100}" for place, field in enumerate("abc")}
        elements.append(values)
    return text({"list": elements})


def _three_levels() -> Rules:
    return _named(
        {"x": {"a": [f"a{p}"], "y": {"b": [f"b{q}"], "z": {"c": [f"c{(p + q + 1) % 10}"]}}}}
        for p in range(10)
        for q in range(10)
    )


def _three_levels_event(scale: float) -> bytes:
    # c has the parity of a + b, and every rule asks for the other one: all values are there, never together.
    width = max(1, round(40 * scale ** (1 / 3)))
    outer = []
    for i in range(width):
        middle = []
        for j in range(width):
            inner = [{"c": f"c{(i + j + 2 * k) % 10}"} for k in range(width)]
            middle.append({"b": f"b{j % 10}", "z": inner})
        outer.append({"a": f"a{i % 10}", "y": middle})
    return text({"x": outer})


def _escapes() -> Rules:
    return _named({"e": [{"suffix": f'"{n}'}, {"prefix": f'"{n}'}, {"wildcard": f'*\\\\{n}*"'}]} for n in range(100))


def _escapes_event(scale: float) -> bytes:
    return b'{"e":"' + b'\\"' * int(500_000 * scale) + b'","a":"' + b"\\u00e9" * int(10_000 * scale) + b'"}'


def _deep() -> Rules:
    return _named({"d": {"d": {"d": [f"{n}"]}}} for n in range(100))


def _deep_event(scale: float) -> bytes:
    depth = max(4, int(999 * min(scale, 1)))
    return b'{"d":' * depth + b'"1"' + b"}" * depth


def _many_members() -> Rules:
    return _named({"m": {key: ["x", f"{n}"]}} for n, key in enumerate(alike(10_000)))


def _many_members_event(scale: float) -> bytes:
    keys = alike(int(20_000 * scale))
    return text({"m": dict.fromkeys(keys, "y")})


def _many_values() -> Rules:
    return _named({"v": [value]} for value in alike(100_000))


def _many_values_event(scale: float) -> bytes:
    return text({"v": [value + "!" for value in alike(int(20_000 * scale))]})


def _numbers() -> Rules:
    return _named({"n": [{"numeric": [">", -1 - n, "<", 1 + n]}], "q": [f"{n}"]} for n in range(10_000))


def _numbers_event(scale: float) -> bytes:
    return text({"n": [n / 7 for n in range(int(40_000 * scale))], "q": "9999"})


def _pairs() -> Rules:
    return _named({"list": {"a": [f"a{n % 100}"], "b": [f"b{n // 100}"]}} for n in range(10_000))


def _pairs_event(scale: float) -> bytes:
    # Each value of a meets one value of b only, in 400 elements; the other 99 rules of that a look there in vain.
    return text({"list": [{"a": f"a{n % 100}", "b": f"b{(n + 1) % 100}"} for n in range(int(40_000 * scale))]})


def _ranges_crossed() -> Rules:
    return _named({"m": [{"numeric": [">", -1 - n]}], "n": [{"numeric": ["<", 1 + n]}]} for n in range(10_000))


def _ranges_crossed_event(scale: float) -> bytes:
    # Every number of m is in every range of m, and the one of n in none: whoever starts with m verifies for nothing.
    return text({"m": [n / 7 for n in range(int(40_000 * scale))], "n": 1_000_000})


def _prefixes_crossed() -> Rules:
    return _named(
        {"p": [{"prefix": "a" * (n % 100 + 1)}], "q": [{"prefix": "b" * (n // 100 + 1)}]} for n in range(10_000)
    )


def _prefixes_crossed_event(scale: float) -> bytes:
    return text({"p": ["a" * 100 + f"{n}" for n in range(int(9_000 * scale))], "q": "c"})


ATTACKS: dict[str, Attack] = {
    "six-by-ten": Attack("6 fields x 10 values", _six_by_ten, _six_by_ten_event),
    "or-product": Attack("$or 5x5x5x5, nested", _or_product, _or_product_event),
    "shared-first": Attack("10,000 rules sharing the first fields", _shared_first, _shared_first_event),
    "wildcards": Attack("10,000 wildcards *ab*cd* on one field", _wildcards, _wildcards_event),
    "wildcards-same": Attack("10,000 wildcards that begin alike and fail late", _wildcards_same, _wildcards_event),
    "wildcards-backwards": Attack(
        "10,000 wildcards whose literals stand in the wrong order", _wildcards_backwards, _wildcards_backwards_event
    ),
    "prefixes": Attack("100,000 prefixes", _prefixes, _prefixes_event),
    "nested-prefixes": Attack(
        "2,000 prefixes of each other, of 1 to 2,000 bytes", _nested_prefixes, _nested_prefixes_event
    ),
    "anything-but": Attack("anything-but lists of 100,000", _anything_but, _anything_but_event),
    "absent": Attack("10,000 rules with exists: false", _absent, _absent_event),
    "objects": Attack("3-field rules over an array of 10,000 objects", _objects, _objects_event),
    "three-levels": Attack("three levels of arrays", _three_levels, _three_levels_event),
    "escapes": Attack("1 MB of escapes", _escapes, _escapes_event),
    "deep": Attack("depth at the limit", _deep, _deep_event),
    "alike-keys": Attack("10,000 keys equal in length and at both ends", _many_members, _many_members_event),
    "alike-values": Attack("100,000 values equal in length and at both ends", _many_values, _many_values_event),
    "pairs": Attack("10,000 pairs of values that never meet in one element", _pairs, _pairs_event),
    "ranges-crossed": Attack("10,000 pairs of ranges, the first always met", _ranges_crossed, _ranges_crossed_event),
    "prefixes-crossed": Attack(
        "10,000 pairs of prefixes, the first always met", _prefixes_crossed, _prefixes_crossed_event
    ),
    "ranges": Attack("10,000 nested ranges, 40,000 numbers", _numbers, _numbers_event),
}
