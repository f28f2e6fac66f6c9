"""The scanner takes the texts that orjson takes, and reads what orjson reads, whatever stands where in its blocks.

Differences on purpose: an event is an object, and has limits (nesting, digits of a number, length of a name); a number
may be too large for a double.
"""

from __future__ import annotations

import itertools
import json
import os
import re
from collections.abc import Iterator
from random import Random
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matcher._core.machine import Reader, simd_levels
from matcher.errors import EventError
from matcher.naive import matches
from matcher.pattern.parse import parse

TIMES = 20 if os.environ.get("HYPOTHESIS_PROFILE") == "thorough" else 1
PATHS = ["a", "a.b", "b", "b.a.c", "é", "😀", 'q"', "long-name-of-twenty-1", ""]
SPACES = [b"", b"", b"", b" ", b"\n", b"\r\n", b"\t", b" " * 15, b" " * 63, b"\n" * 64]
ANY = parse('{"a":[{"exists":true}]}')

NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?([eE][-+]?[0-9]+)?")
NUMBERISH = re.compile(rb"[-+.0-9eE]+")

Field = tuple[int, str, bytes]


def readers() -> list[Reader]:
    with pytest.MonkeyPatch.context() as patch:
        made = []
        for level in simd_levels():
            patch.setenv("MATCHER_SIMD", level)
            made.append(Reader(PATHS))
        return made


READERS = readers()


def legal(text: bytes) -> bool:
    try:
        return type(orjson.loads(text)) is dict
    except orjson.JSONDecodeError as error:
        if "infinity" in error.msg:
            whole = text.decode()
            return legal((whole[: error.pos] + NUMBER.sub("1", whole[error.pos :], count=1)).encode())
        return False


class Spelled(str):
    __slots__ = ()


def wanted(text: bytes) -> list[Field]:
    """Give the leaves at PATHS, in the order of the text; orjson has judged the text before."""
    root = json.loads(text, object_pairs_hook=tuple, parse_int=Spelled, parse_float=Spelled)
    return [(PATHS.index(path), kind, value) for path, kind, value in leaves(None, root) if path in PATHS]


def leaves(path: str | None, value: Any) -> Iterator[tuple[str, str, bytes]]:
    match value:
        case tuple():
            for name, inner in value:
                yield from leaves(name if path is None else f"{path}.{name}", inner)
        case list():
            for inner in value:
                yield from leaves(path, inner)
        case Spelled():
            yield path or "", "number", value.encode()
        case str():
            yield path or "", "string", value.encode()
        case _:
            word = json.dumps(value)
            yield path or "", word, word.encode()


def reading(reader: Reader, text: bytes, structural: bool = False) -> list[Field] | int:
    """Give what is read, or the offset of the fault."""
    try:
        return [(path, kind, value) for path, kind, value, _ in reader.read(text, structural)]
    except EventError as error:
        return error.at


def agree(text: bytes) -> bool:
    """Check all roads on one text; say whether it is legal."""
    readings = [reading(reader, text) for reader in READERS]
    assert all(other == readings[0] for other in readings), text
    if not legal(text):
        assert isinstance(readings[0], int), text
        assert 0 <= readings[0] <= len(text)
        return False
    assert readings[0] == wanted(text), text
    for reader in READERS:
        assert reading(reader, text, structural=True) == readings[0], text
    return True


# ---- texts made by chance ----


def space(chance: Random) -> bytes:
    return chance.choice(SPACES)


def string(chance: Random) -> bytes:
    pieces = [b"x", b"a.b", b"\\n", b'\\"', b"\\\\", b"\\/", b"\\u0041", b"\\u00e9", b"\\ud83d\\ude00", b"\\u0000"]
    pieces += ["é".encode(), "😀".encode(), b"\x7f", "\uffff".encode(), b"y" * 17, b"{}[]:,", b"\\\\" * 9]
    return b'"' + b"".join(chance.choice(pieces) for _ in range(chance.choice([0, 1, 1, 2, 5]))) + b'"'


def value(chance: Random, depth: int) -> bytes:
    kind = chance.randrange(8 if depth else 5)
    if kind < 2:
        return string(chance)
    if kind == 2:
        return chance.choice([b"true", b"false", b"null"])
    if kind < 5:
        return chance.choice([b"0", b"-0", b"1", b"-1.5", b"1e5", b"1E+05", b"0.10e-3", b"12345678901234567890" * 3])
    if kind == 5:
        return container(b"[", [value(chance, depth - 1) for _ in range(chance.randrange(4))], b"]", chance)
    return document(chance, depth - 1)


def container(first: bytes, inner: list[bytes], last: bytes, chance: Random) -> bytes:
    return first + space(chance) + b",".join(space(chance) + one + space(chance) for one in inner) + last


def document(chance: Random, depth: int = 4) -> bytes:
    members = []
    for _ in range(chance.randrange(4)):
        name = json.dumps(chance.choice(PATHS), ensure_ascii=chance.randrange(2) == 0).encode()
        name = string(chance) if chance.randrange(4) == 0 else name
        members.append(name + space(chance) + b":" + space(chance) + value(chance, depth))
    return container(b"{", members, b"}", chance)


def mutated(chance: Random, text: bytes) -> bytes:
    for _ in range(chance.choice([1, 1, 2, 3])):
        at = chance.randrange(len(text) + 1)
        other = chance.choice([b'"', b"\\", b"{", b"}", b"[", b"]", b",", b":", b" ", b"0", b"-", b".", b"e", b"\x01"])
        other = chance.choice([other, bytes([chance.randrange(256)]), b""])
        text = text[:at] + other + text[at + chance.randrange(2) :]
    return text


@settings(max_examples=400 * TIMES)
@given(st.randoms(use_true_random=False))
def test_legal_texts(chance: Random) -> None:
    assert agree(space(chance) + document(chance) + space(chance))


@settings(max_examples=200 * TIMES)
@given(st.integers(0, 2**32))
def test_mutated_texts(seed: int) -> None:
    chance = Random(seed)
    text = document(chance)
    for _ in range(20):
        agree(mutated(chance, text))


@settings(max_examples=300 * TIMES)
@given(st.binary(max_size=80))
def test_any_bytes(text: bytes) -> None:
    agree(text)
    agree(b'{"a":' + text + b"}")
    agree(b'{"z":"' + text + b'"}')


@settings(max_examples=100 * TIMES)
@given(st.integers(0, 2**32))
def test_the_naive_matcher_refuses_at_the_same_place(seed: int) -> None:
    chance = Random(seed)
    text = b"{" + mutated(chance, document(chance, depth=2))[1:]  # it reads other values to their end
    text = text.decode(errors="replace").encode()  # to it bad UTF-8 comes before any other fault
    at = reading(READERS[0], text)
    try:
        matches(ANY, text)
    except EventError as error:
        assert isinstance(at, int), text
        number = NUMBERISH.match(text, min(at, error.at))  # they may point at different bytes of a malformed one
        assert at == error.at or (number and max(at, error.at) <= number.end()), text
    else:
        assert not isinstance(at, int), text


# ---- texts made by counting ----

SMALL = '{"a":["x\\u0041",-1.5e3,{"b":null}],"z":{"é":[true,false]},"b":0}'.encode()


def test_every_change_of_one_byte() -> None:
    found = 0
    for at in range(len(SMALL)):
        agree(SMALL[:at] + SMALL[at + 1 :])
        for byte in range(256):
            found += agree(SMALL[:at] + bytes([byte]) + SMALL[at + 1 :])
            if byte < 0x30 or byte > 0x7A:
                agree(SMALL[:at] + bytes([byte]) + SMALL[at:])
    assert 256 < found < 256 * len(SMALL)


@pytest.mark.parametrize("pad", [0, 1, 31, 50, 63])
def test_a_text_cut_short_ends_too_early(pad: int) -> None:
    text = b" " * pad + SMALL[:-1] + b',"c":"\\ud83d\\ude00","d":{"e":[[{}]],"f":12.25,"g":true}}'
    assert agree(text)
    for size in range(len(text)):
        cut = text[:size]
        at = size
        if cut[-1:] > b"\xc1":
            at -= 1  # half a character: its first byte is what can't be accepted
        elif cut.rstrip(b"\\").endswith(b"\\ud83d"):
            at = cut.index(b"\\ud83d")  # half a pair: a lone surrogate
        for reader in READERS:
            assert reading(reader, cut) == at, cut
            assert isinstance(reading(reader, cut, structural=True), int)


def test_strings_that_end_at_every_offset() -> None:
    for start in [*range(40), 58, 63, 64, 65]:
        for size in range(131):
            body = b"x" * size
            assert agree(b" " * start + b'{"a":"' + body + b'"}')
            assert agree(b" " * start + b'{"z":"' + body + b'\\"","b":"' + body + b'"}')


def test_names_that_end_at_every_offset() -> None:
    for start in range(66):
        for name in (b"a", "é".encode(), b"long-name-of-twenty-1", b"long-name-of-twenty-2", b"\\u0061", b"b.a.c"):
            assert agree(b" " * start + b'{"' + name + b'":1,"' + name + b'" :"x"}')


def test_runs_of_backslashes_across_blocks() -> None:
    for start in range(70):
        for size in range(70):
            run = b"\\" * size
            assert agree(b'{"a":"' + b"x" * start + run + b'"}') is (size % 2 == 0)
            assert agree(b'{"a":"' + b"x" * start + run + b'","b":"y"}') is (size % 2 == 0)
            assert agree(b'{"a":"' + b"x" * start + run + b'n"}')


def test_bad_utf8_at_every_offset() -> None:
    bad = [b"\x80", b"\xbf", b"\xc0\xaf", b"\xc1\x80", b"\xc3", b"\xe0\x80\x80", b"\xe2\x82", b"\xed\xa0\x80", b"\xff"]
    bad += [b"\xed\xbf\xbf", b"\xf0\x80\x80\x80", b"\xf0\x9f\x98", b"\xf4\x90\x80\x80", b"\xf5\x80\x80\x80", b"\xfe"]
    good = [b"\x7f", b"\xc2\x80", b"\xdf\xbf", b"\xe0\xa0\x80", b"\xed\x9f\xbf", b"\xee\x80\x80", b"\xf0\x90\x80\x80"]
    good += [b"\xef\xbf\xbf", b"\xf4\x8f\xbf\xbf"]
    for start in range(131):
        for filler in (b"x" * start, ("é" * (start // 2) + "x" * (start % 2)).encode()):
            for piece in good:
                assert agree(b'{"a":"' + filler + piece + b'"}')
            for piece in bad:
                for text in (b'{"a":"' + filler + piece + b'"}', b'{"' + filler + piece + b'":{"z":[1]}}'):
                    assert not agree(text)
                assert not agree(b'{"z":[{"y":"' + filler + piece + b'yyy"}]}')
                assert reading(READERS[-1], b'{"a":"' + filler + piece + b'"}') == 6 + start
                for reader in READERS:
                    assert isinstance(reading(reader, b'{"a":"' + filler + piece + b'"}', structural=True), int)


def test_every_byte_between_tokens() -> None:
    tokens = [b"", b"{", b'"a"', b":", b"[", b"1", b",", b'"x"', b",", b"{", b"}", b",", b"true", b"]", b"}"]
    for byte in range(256):
        for size in (1, 2, 17, 70):
            for at in range(len(tokens)):
                text = b"".join(tokens[: at + 1]) + bytes([byte]) * size + b"".join(tokens[at + 1 :])
                assert agree(text) is (byte in b" \t\n\r" or HARMLESS.fullmatch(text) is not None), text
                agree(text.replace(b'"a"', b'"z"'))


#: What a sign or more digits give: still a number.
HARMLESS = re.compile(rb'\{"a":\[(-1|[1-9][0-9]*),"x",\{\},true\]\}')


def test_every_short_number() -> None:
    found = 0
    for size in range(1, 6):
        for digits in itertools.product(b"01.-+e", repeat=size):
            found += agree(b'{"a":' + bytes(digits) + b"}")
    assert 100 < found < 2_000


def test_long_numbers_at_every_length() -> None:
    for size in range(1, 140):
        digits = b"1" * size
        for text in (digits, b"-" + digits, b"0." + digits, digits + b"." + digits, digits + b"e5"):
            assert agree(b'{"a":' + text + b',"z":[' + text + b"]}")
        for text in (digits + b".", b"0" + digits, digits + b"e", digits + b"x", digits + b"." + digits + b"."):
            assert not agree(b'{"a":' + text + b"}")
            assert not agree(b'{"z":[' + text + b"]}")


def test_literals_changed_and_followed_by_every_byte() -> None:
    for word in (b"true", b"false", b"null"):
        for byte in range(256):
            for at in range(len(word)):
                assert agree(b'{"a":' + word[:at] + bytes([byte]) + word[at + 1 :] + b"}") is (word[at] == byte)
            agree(b'{"a":' + word + bytes([byte]) + b"}")
            agree(b'{"z":[' + word + bytes([byte]) + b"]}")


def test_every_escape() -> None:
    for byte in range(256):
        for name in (b"a", b"z"):
            agree(b'{"' + name + b'":"x\\' + bytes([byte]) + b'"}')
            agree(b'{"' + name + b'":"x\\u00' + bytes([byte]) + b'9"}')
            agree(b'{"' + name + b"\\" + bytes([byte]) + b'":1}')


def test_surrogates() -> None:
    units = ["0000", "0041", "d7ff", "d800", "D83d", "dbff", "dc00", "DE00", "dfff", "e000", "ffff"]
    for first, second in itertools.product(units, units):
        text = f"\\u{first}\\u{second}"
        pair = "D7FF" < first.upper() < "DC00" <= second.upper() < "E000"
        alone = not any("D7FF" < unit.upper() < "E000" for unit in (first, second))
        for name in ("a", "z"):
            assert agree(f'{{"{name}":"{text}"}}'.encode()) is (pair or alone)
            assert agree(f'{{"{name}":["y{text}y"]}}'.encode()) is (pair or alone)
        assert agree(f'{{"{text}":1}}'.encode()) is (pair or alone)


# ---- differences on purpose ----


@pytest.mark.parametrize("text", [b"", b" ", b"[]", b'"a"', b"1", b"null", b"[{}]", b"true", b"\xef\xbb\xbf{}"])
def test_only_objects_are_events(text: bytes) -> None:
    assert not agree(text)


@pytest.mark.parametrize("name", ["a", "z"])
@pytest.mark.parametrize(("first", "last"), [("[", "]"), ('{"b":', "}"), ('[{"a":[', "]}]")])
def test_nesting(name: str, first: str, last: str) -> None:
    levels = first.count("[") + first.count("{")
    times = 999 // levels
    start = f'{{"{name}":'
    fits = start + "[" * (999 % levels) + first * times + "1" + last * times + "]" * (999 % levels) + "}"
    over = fits.replace("1", "[1]")
    assert legal(fits.encode())
    assert legal(over.encode())
    found = [(0, "number", b"1")] if (name, first) == ("a", "[") else []
    for reader in READERS:
        assert reading(reader, fits.encode()) == reading(reader, fits.encode(), structural=True) == found
        assert reading(reader, over.encode()) == over.index("1") - 1
    assert reading(Reader(PATHS, depth=1001), over.encode()) == found


@pytest.mark.parametrize("piece", ["x", "é", "\\n", "\\u00e9", "😀", "\\ud83d\\ude00"])
def test_names_of_50_000_units(piece: str) -> None:
    units = 2 if piece in ("😀", "\\ud83d\\ude00") else 1
    for start in ('{"a":1,"', '{"z":{"'):
        rest = '":1}' if start[2] == "a" else '":1}}'
        assert agree((start + piece * (50_000 // units) + rest).encode())
        over = (start + piece * (50_000 // units) + "x" + rest).encode()
        assert legal(over)
        for reader in READERS:
            assert reading(reader, over) == len(start) - 1


@pytest.mark.parametrize("form", ["{}", "-{}", "0.{}", "1.{}e-1", "{}e1"])
def test_numbers_of_1_000_digits(form: str) -> None:
    extra = sum(character.isdigit() for character in form)
    for start in ('{"a":', '{"z":['):
        rest = "}" if start[2] == "a" else "]}"
        fits = start + form.format("1" * (1_000 - extra)) + rest
        over = start + form.format("1" * (1_001 - extra)) + rest
        for reader in READERS:
            assert isinstance(reading(reader, fits.encode()), list)
            assert reading(reader, over.encode()) == len(start)
