"""Turn a seed into GeoJSON lines of about 877 bytes, shaped like San Francisco's city lots: a polygon and its address."""

from __future__ import annotations

import math
import random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["STREETS", "parcels"]

SEED = 94_103

STREETS = (
    "ALDER", "ANCHOR", "BAYVIEW", "BEACON", "BIRCH", "BRANNOCK", "BROADMOOR", "CALVERT", "CEDAR", "CHESTER", "CLAYBORNE",
    "COLERIDGE", "CORAL", "CRANLEIGH", "DELMAR", "DOLPHIN", "EASTERN", "EDGEHILL", "ELMIRA", "FAIRMONT", "FERNWOOD",
    "FREEPORT", "GARNET", "GLENVIEW", "GRANADA", "HARBOR", "HAZEL", "HOLLOWAY", "IRONWOOD", "JASPER", "JUNIPER", "KEARSEY",
    "KINGSTON", "LAGUNITA", "LARKSPUR", "LINDEN", "MAGNOLIA", "MARINER", "MERCED", "MISSION BAY", "MONTCALM", "NORIEGO",
    "OAKDALE", "OCEAN VIEW", "ORCHARD", "PACIFICA", "PARKSIDE", "POPLAR", "PORTOLO", "QUARRY", "RAMSELL", "REDWOOD",
    "RIVERTON", "SANTA RITA", "SEACLIFF", "SILVER", "SPRUCE", "SUNNYDALE", "TAMARIND", "TERESITO", "UPLAND", "VALENCE",
    "VICENTA", "WALNUT", "WAWOMA", "WESTERN", "WILLOW", "YORKSHIRE",
)  # fmt: skip
KINDS = ("ST", "AVE", "BLVD", "CT", "DR", "LN", "TER", "WAY")
WEST, SOUTH = -122.51, 37.71
SPAN_X, SPAN_Y = 0.13, 0.1


def parcels(count: int, seed: int = SEED) -> Iterator[bytes]:
    """That many lines, with a space after each colon and comma; the same seed always gives the same ones."""
    rng = random.Random(seed)
    for number in range(count):
        yield f'{{ "type": "Feature", "properties": {_properties(rng, number)}, "geometry": {_geometry(rng)} }}'.encode()


def _properties(rng: random.Random, number: int) -> str:
    block = f"{1 + number // 40:04}" + (rng.choice("AB") if rng.random() < 0.04 else "")
    lot = f"{1 + number % 40:03}" + (rng.choice("ABC") if rng.random() < 0.06 else "")
    if rng.random() < 0.04:
        address = '"FROM_ST": null, "TO_ST": null, "STREET": null, "ST_TYPE": null, "ODD_EVEN": null'
    elif rng.random() < 0.06:
        address = '"FROM_ST": "0", "TO_ST": "0", "STREET": "UNKNOWN", "ST_TYPE": null, "ODD_EVEN": "E"'
    else:
        house = rng.randrange(1, 3_000)
        until = house + 2 * rng.choice((0, 0, 0, 1, 4))
        street = STREETS[int(len(STREETS) * rng.random() ** 1.5)]
        address = (
            f'"FROM_ST": "{house}", "TO_ST": "{until}", "STREET": "{street}", '
            f'"ST_TYPE": "{rng.choice(KINDS)}", "ODD_EVEN": "{"EO"[house % 2]}"'
        )
    return f'{{ "MAPBLKLOT": "{block}{lot}", "BLKLOT": "{block}{lot}", "BLOCK_NUM": "{block}", "LOT_NUM": "{lot}", {address} }}'


def _geometry(rng: random.Random) -> str:
    if rng.random() < 0.01:
        rings = [_ring(rng, rng.randrange(4, 8)) for _ in range(rng.randrange(2, 4))]
        return f'{{ "type": "MultiPolygon", "coordinates": [ {", ".join(f"[ {ring} ]" for ring in rings)} ] }}'
    corners = rng.choice((4, 4, 4, 5, 6, 8, 12, 16, 36))
    return f'{{ "type": "Polygon", "coordinates": [ {_ring(rng, corners)} ] }}'


def _ring(rng: random.Random, corners: int) -> str:
    """A closed ring around a random centre, in the fifteen decimals of a surveyor's export, or as shortest doubles."""
    x, y = WEST + SPAN_X * rng.random(), SOUTH + SPAN_Y * rng.random()
    shortest = rng.random() < 0.3
    points = []
    for corner in range(corners):
        angle, radius = 2 * math.pi * corner / corners, 0.0002 + 0.0006 * rng.random()
        points.append(_point(rng, x + radius * math.cos(angle), y + radius * math.sin(angle), shortest))
    return f"[ {', '.join([*points, points[0]])} ]"


def _point(rng: random.Random, x: float, y: float, shortest: bool) -> str:
    if shortest:
        return f"[ {x!r}, {y!r}, 0.0 ]"
    # Twelve decimals of the value and three more of noise: more digits than a double holds, as in the original's text.
    return f"[ {x:.12f}{rng.randrange(1000):03}, {y:.12f}{rng.randrange(1000):03}, 0.0 ]"
