"""Tell how wide text will be, cut it to a width and break it in lines, for the metrics of Helvetica and its twins."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import Final

__all__ = ["broken", "cut", "width"]

#: Advance widths in thousandths of the size. Arial and Liberation Sans have the same.
_WIDTHS: Final = {
    character: units
    for units, characters in {
        222: "ijl'",
        278: " !,./:;I[]\\ft|",
        333: '()-r`"',
        389: "*{}",
        500: "cksvxyzJ",
        556: "abdeghnopqu0123456789L?_$#",
        584: "+<=>~^",
        611: "FTZ",
        667: "ABEKPSVXY&",
        722: "CDHNRUw",
        778: "GOQ",
        833: "mM",
        889: "%",
        944: "W",
        1015: "@",
    }.items()
    for character in characters
}
_WIDE: Final = 1000
_OTHER: Final = 620
_BOLD: Final = 1.07
#: Where a name may be broken: behind space, punctuation and characters of East Asia, and where a capital follows a small
#: letter.
_BREAK: Final = re.compile(r"(?<=[\s_./:\u3001-\u9fff\uac00-\ud7af-])|(?<=[a-z0-9])(?=[A-Z])")


def width(text: str, size: float, *, bold: bool = False) -> float:
    """The width of the text in the unit of its size."""
    return sum(map(_units, text)) * size / 1000 * (_BOLD if bold else 1)


def _units(character: str) -> int:
    known = _WIDTHS.get(character)
    if known is not None:
        return known
    if unicodedata.combining(character):
        return 0
    return _WIDE if unicodedata.east_asian_width(character) in "WF" else _OTHER


def cut(text: str, size: float, room: float, *, bold: bool = False) -> str:
    """The text, or as much of it as fits the room and an ellipsis."""
    if width(text, size, bold=bold) <= room:
        return text
    used, kept = width("…", size, bold=bold), 0
    for character in text:
        used += width(character, size, bold=bold)
        if used > room:
            break
        kept += 1
    return text[:kept].rstrip() + "…"


def broken(text: str, size: float, room: float, lines: int, *, bold: bool = False) -> list[str]:
    """The text in at most so many lines; what does not fit the last is cut."""
    made = [""]
    for piece in _pieces(text):
        if made[-1] and len(made) < lines and width((made[-1] + piece).rstrip(), size, bold=bold) > room:
            made.append(piece)
        else:
            made[-1] += piece
    return [cut(line.strip(), size, room, bold=bold) for line in made]


def _pieces(text: str) -> Iterator[str]:
    begin = 0
    for found in _BREAK.finditer(text):
        if found.start() > begin:
            yield text[begin : found.start()]
            begin = found.start()
    yield text[begin:]
