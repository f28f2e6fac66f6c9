"""Turn the vocabulary of the parcel lines into the Java peer's published rule types: five rules each, and all at once."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from bench.parcels import parcels

__all__ = ["TYPES", "rules"]

Pattern = dict[str, Any]

TYPES = (
    "exact",
    "wildcard",
    "prefix",
    "prefix-ignore-case",
    "suffix",
    "suffix-ignore-case",
    "equals-ignore-case",
    "numeric",
    "anything-but",
    "anything-but-ignore-case",
    "anything-but-prefix",
    "anything-but-suffix",
    "anything-but-wildcard",
    "complex-arrays",
)
"""Each type by its name: five rules."""

TOGETHER = (
    "exact",
    "wildcard",
    "prefix",
    "suffix",
    "equals-ignore-case",
    "numeric",
    "anything-but",
    "anything-but-prefix",
    "complex-arrays",
)
"""The nine types whose 45 rules make the type "all"."""


def rules(kind: str) -> list[tuple[str, Pattern]]:
    """The five rules of one type, or the 45 of "all", named after their type and number."""
    if kind == "all":
        return [rule for one in TOGETHER for rule in rules(one)]
    patterns = _arrays() if kind == "complex-arrays" else _numeric() if kind == "numeric" else _BY_TYPE[kind]
    return [(f"{kind}-{number}", pattern) for number, pattern in enumerate(patterns, 1)]


def _properties(**fields: list[Any]) -> Pattern:
    return {"properties": fields}


def _lots(*numbers: str) -> list[Pattern]:
    return [_properties(MAPBLKLOT=[number]) for number in numbers]


_BY_TYPE: dict[str, list[Pattern]] = {
    "exact": [
        *_lots("0012005", "0031017", "0044033"),
        _properties(STREET=["ALDER"], ST_TYPE=["BLVD"]),
        {"type": ["Feature"], "properties": {"STREET": ["UNKNOWN"]}, "geometry": {"type": ["Polygon"]}},
    ],
    "wildcard": [
        _properties(MAPBLKLOT=[{"wildcard": "0*17"}]),
        _properties(STREET=[{"wildcard": "*WOOD"}]),
        _properties(STREET=[{"wildcard": "B*R*K"}]),
        _properties(BLKLOT=[{"wildcard": "*1*2*A"}]),
        _properties(STREET=[{"wildcard": "SAN*A"}], TO_ST=[{"wildcard": "1*"}]),
    ],
    "prefix": [
        _properties(STREET=[{"prefix": "AL"}]),
        _properties(STREET=[{"prefix": "MAR"}]),
        _properties(MAPBLKLOT=[{"prefix": "0023"}]),
        _properties(FROM_ST=[{"prefix": "19"}], ODD_EVEN=["O"]),
        _properties(STREET=[{"prefix": "SEA"}], ST_TYPE=[{"prefix": "T"}]),
    ],
    "prefix-ignore-case": [
        _properties(STREET=[{"prefix": {"equals-ignore-case": "al"}}]),
        _properties(STREET=[{"prefix": {"equals-ignore-case": "Mar"}}]),
        _properties(MAPBLKLOT=[{"prefix": {"equals-ignore-case": "0023a"}}]),
        _properties(STREET=[{"prefix": {"equals-ignore-case": "oceaN v"}}]),
        _properties(STREET=[{"prefix": {"equals-ignore-case": "sEa"}}], ST_TYPE=[{"prefix": {"equals-ignore-case": "t"}}]),
    ],
    "suffix": [
        _properties(STREET=[{"suffix": "WOOD"}]),
        _properties(STREET=[{"suffix": "ITA"}]),
        _properties(MAPBLKLOT=[{"suffix": "017"}]),
        _properties(TO_ST=[{"suffix": "99"}], ODD_EVEN=["O"]),
        _properties(STREET=[{"suffix": "OR"}], ST_TYPE=[{"suffix": "T"}]),
    ],
    "suffix-ignore-case": [
        _properties(STREET=[{"suffix": {"equals-ignore-case": "wood"}}]),
        _properties(STREET=[{"suffix": {"equals-ignore-case": "Ita"}}]),
        _properties(MAPBLKLOT=[{"suffix": {"equals-ignore-case": "07a"}}]),
        _properties(STREET=[{"suffix": {"equals-ignore-case": "vIEW"}}]),
        _properties(STREET=[{"suffix": {"equals-ignore-case": "oR"}}], ST_TYPE=[{"suffix": {"equals-ignore-case": "t"}}]),
    ],
    "equals-ignore-case": [
        _properties(STREET=[{"equals-ignore-case": "alder"}], ST_TYPE=[{"equals-ignore-case": "ct"}]),
        _properties(STREET=[{"equals-ignore-case": "Mission Bay"}]),
        _properties(STREET=[{"equals-ignore-case": "sunnyDALE"}]),
        _properties(STREET=[{"equals-ignore-case": "WaLnUt"}]),
        _properties(ST_TYPE=[{"equals-ignore-case": "ter"}], ODD_EVEN=[{"equals-ignore-case": "e"}]),
    ],
    "anything-but": [
        _properties(STREET=[{"anything-but": ["ALDER", "ANCHOR"]}], BLOCK_NUM=["0007"]),
        _properties(MAPBLKLOT=[{"anything-but": "0008009"}], BLOCK_NUM=["0008"]),
        _properties(ST_TYPE=[{"anything-but": ["ST", "AVE", "BLVD", "CT", "DR"]}], LOT_NUM=["011"]),
        _properties(ODD_EVEN=[{"anything-but": ["E", "O"]}]),
        {"geometry": {"type": [{"anything-but": ["Polygon"]}]}},
    ],
    "anything-but-ignore-case": [
        _properties(STREET=[{"anything-but": {"equals-ignore-case": ["alder", "Anchor"]}}], BLOCK_NUM=["0007"]),
        _properties(STREET=[{"anything-but": {"equals-ignore-case": "bayview"}}], BLOCK_NUM=["0008"]),
        _properties(ST_TYPE=[{"anything-but": {"equals-ignore-case": ["st", "ave", "blvd", "ct"]}}], LOT_NUM=["011"]),
        _properties(ODD_EVEN=[{"anything-but": {"equals-ignore-case": ["e", "o"]}}]),
        {"geometry": {"type": [{"anything-but": {"equals-ignore-case": "POLYGON"}}]}},
    ],
    "anything-but-prefix": [
        _properties(STREET=[{"anything-but": {"prefix": "AL"}}], BLOCK_NUM=["0007"]),
        _properties(STREET=[{"anything-but": {"prefix": "BAY"}}], LOT_NUM=["012"]),
        _properties(MAPBLKLOT=[{"anything-but": {"prefix": "000"}}], LOT_NUM=["040"]),
        _properties(ODD_EVEN=[{"anything-but": {"prefix": ["E", "O"]}}]),
        {"geometry": {"type": [{"anything-but": {"prefix": "Poly"}}]}},
    ],
    "anything-but-suffix": [
        _properties(STREET=[{"anything-but": {"suffix": "ER"}}], BLOCK_NUM=["0007"]),
        _properties(STREET=[{"anything-but": {"suffix": "VIEW"}}], LOT_NUM=["012"]),
        _properties(MAPBLKLOT=[{"anything-but": {"suffix": "1"}}], LOT_NUM=["040"]),
        _properties(ODD_EVEN=[{"anything-but": {"suffix": ["E", "O"]}}]),
        {"geometry": {"type": [{"anything-but": {"suffix": "olygon"}}]}},
    ],
    "anything-but-wildcard": [
        _properties(STREET=[{"anything-but": {"wildcard": "*L*R"}}], BLOCK_NUM=["0007"]),
        _properties(STREET=[{"anything-but": {"wildcard": ["B*W", "*A*A*"]}}], LOT_NUM=["012"]),
        _properties(MAPBLKLOT=[{"anything-but": {"wildcard": "0*1"}}], LOT_NUM=["040"]),
        _properties(ODD_EVEN=[{"anything-but": {"wildcard": "*"}}], BLOCK_NUM=["0005"]),
        {"geometry": {"type": [{"anything-but": {"wildcard": "P*n"}}]}},
    ],
}  # fmt: skip


@cache
def _coordinates() -> list[float]:
    """Numbers that some lines hold, and that are the shortest text of their double, so that `=` can meet them."""
    found: list[float] = []
    for line in parcels(400):
        for digits in re.findall(rb"-?\d+\.\d{5,}", line):
            if repr(float(digits)).encode() == digits:
                found.append(float(digits))
                break
    return found


def _numeric() -> list[Pattern]:
    first, second, third = _coordinates()[3:6]
    return [
        {"geometry": {"coordinates": [{"numeric": ["=", first]}]}},
        {"geometry": {"coordinates": [{"numeric": ["=", second]}]}},
        {"geometry": {"coordinates": [{"numeric": ["=", third]}]}, "type": ["Feature"]},
        {"geometry": {"coordinates": [{"numeric": ["<", -122.5085]}]}},
        {"geometry": {"coordinates": [{"numeric": [">=", 37.7301, "<", 37.7302]}]}},
    ]


def _arrays() -> list[Pattern]:
    first, second = _coordinates()[8:10]
    return [
        {"geometry": {"type": ["Polygon"], "coordinates": [{"numeric": ["=", first]}]}},
        {
            "geometry": {
                "type": ["MultiPolygon"],
                "coordinates": [{"numeric": [">", 37.75]}, {"numeric": ["=", second]}],
            }
        },
        {
            "geometry": {"coordinates": [{"numeric": [">", -122.4501, "<", -122.4499]}]},
            "properties": {"ODD_EVEN": ["E"]},
        },
        {"geometry": {"coordinates": [{"numeric": [">", 37.75, "<=", 37.76]}]}, "properties": {"BLOCK_NUM": ["0009"]}},
        {"geometry": {"coordinates": [0, {"anything-but": [0]}]}, "properties": {"MAPBLKLOT": [{"prefix": "00110"}]}},
    ]
