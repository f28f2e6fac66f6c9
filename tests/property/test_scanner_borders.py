"""The scanner works on many blocks at once: what it takes does not depend on where in them a text stands."""

from __future__ import annotations

import orjson
import pytest

from matcher._core.machine import Reader, simd_levels
from matcher.errors import EventError

LEGAL = [
    '"a":{"b":[1,-2.5,[0.0,-0],{"c":null}],"d":{}}',
    '"a":[[-122.473270946485696,37.712298461491167,0.0],[-122.474058823193543,37.712848956661979,0.0]]',
    '"a" : [ true , false , null , 1e5 , -1.5E-3 , 10 , "x" ]',
    '"a":"one \\"two\\" \\\\","b":"\\u00e9\\ud83d\\ude00"',
    '"a":[[],{},[{}],""],"b":0',
    '"a":"' + "x" * 150 + '","b":"y"',
    '"a":{"b":' + " " * 150 + "12345678901234567890.5" + " " * 70 + "}",
]
ILLEGAL = [
    '"a":[1,]', '"a":[,1]', '"a":[1 2]', '"a":{"b" 1}', '"a":{"b":1,}', '"a":{"b":1,2}', '"a":{"b"}', '"a":{1:2}',
    '"a":{"b":"c":1}', '"a":{"b":"c":"d",3}', '"a":["b":1]', '"a":{"b":[1}]', '"a":[{]}', '"a":[1}', '"a":{"b":1]',
    '"a":[[1],[2}]', '"a":01', '"a":-', '"a":1.', '"a":.5', '"a":1.2.3', '"a":1-2', '"a":--1', '"a":+1', '"a":1e',
    '"a":1e5e5', '"a":1e5.5', '"a":tru', '"a":truex', '"a":nul1', '"a":"\\x"', '"a":"\\ud83d"', '"a":"\\ude00"',
    '"a":"\x01"', '"a":"\n"', '"a":\\"b"', '"a":1"b"', '"a":"b"1', '"a":"b""c"', '"a"::1', '"a":1,,"b":2', '"a":1}',
]  # fmt: skip


@pytest.mark.parametrize("level", simd_levels())
def test_the_place_of_a_text_in_the_blocks_does_not_matter(level: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MATCHER_SIMD", level)
    readers = [Reader(paths) for paths in (["p"], ["a.b.c"], ["a", "a.b", "b"])]
    for offset in (*range(70), *range(380, 450), *range(2_000, 2_010)):
        for piece in LEGAL:
            text = ('{"p":"' + "x" * offset + '",' + piece + "}").encode()
            assert type(orjson.loads(text)) is dict
            for reader in readers:
                reader.read(text)
        for piece in ILLEGAL:
            text = ('{"p":"' + "x" * offset + '",' + piece + "}").encode()
            for reader in readers:
                with pytest.raises(EventError):
                    reader.read(text)
