"""Turn a drawing into SVG that reads in light and dark, and in print."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape
from typing import Final

from matcher.workflow.graph.layout import (
    HEAD,
    ICON,
    LABEL,
    ROW,
    Box,
    Drawing,
    Line,
    Mark,
    Point,
    lay_out,
)
from matcher.workflow.graph.model import START, Graph, Kind
from matcher.workflow.graph.style import ICONS, STYLE
from matcher.workflow.graph.text import width
from matcher.workflow.graph.trace import Status, Trace

__all__ = ["svg"]

_BEND: Final = 8.0
_LEGEND: Final = 30.0
#: Characters that XML can't hold, escaped or not.
_NOT_XML: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def svg(graph: Graph, trace: Trace | None = None, title: str = "") -> str:
    """A picture of the machine; with a trace, of what the execution did."""
    drawing = lay_out(graph, trace)
    statuses = [status for status in Status if trace and any(v.status is status for v in trace.states.values())]
    across = max(drawing.size[0], 90.0 * len(statuses) + 28)
    down = drawing.size[1] + (_LEGEND if statuses else 0)
    opening = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{across:.0f}" height="{down:.0f}" '
        f'viewBox="0 0 {across:.0f} {down:.0f}" role="img" style="max-width:100%;height:auto" '
        f'class="{"painted" if trace else "plain"}">'
    )
    lines = [
        opening,
        f"<title>{_text(title or 'Workflow')}</title>",
        STYLE,
        f'<rect class="page" width="{across:.0f}" height="{down:.0f}"/>',
        *_drawing(drawing, trace),
        *_legend(statuses, drawing.size[1]),
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def _text(text: str) -> str:
    return escape(_NOT_XML.sub("\ufffd", text))


def _drawing(drawing: Drawing, trace: Trace | None) -> Iterator[str]:
    """Lines lie beneath boxes, labels and heads above all."""
    for line in drawing.lines:
        yield _line(line, trace)
    for mark in drawing.marks:
        yield _mark(mark)
    for box in drawing.boxes:
        yield from _box(box, trace)
    for line in drawing.lines:
        if line.label:
            yield from _label(line, trace)


def _line(line: Line, trace: Trace | None) -> str:
    classes = ["way", line.edges[0].kind.value, *_taken(line, trace)]
    head = "caught" if line.edges[0].kind is Kind.CATCH else "taken" if "taken" in classes else "idle"
    return f'<path class="{" ".join(classes)}" d="{_path(line.points)}" marker-end="url(#{head})"/>'


def _taken(line: Line, trace: Trace | None) -> list[str]:
    if trace is None:
        return []
    return ["taken"] if any(trace.count(edge) for edge in line.edges) else ["idle"]


def _path(points: tuple[Point, ...]) -> str:
    """A line with round corners."""
    parts = [f"M{_at(points[0])}"]
    for before, corner, after in zip(points, points[1:], points[2:], strict=False):
        parts.append(f"L{_at(_towards(corner, before))}Q{_at(corner)} {_at(_towards(corner, after))}")
    parts.append(f"L{_at(points[-1])}")
    return "".join(parts)


def _at(point: Point) -> str:
    return f"{point[0]:.1f},{point[1]:.1f}"


def _towards(corner: Point, other: Point) -> Point:
    """The point beside the corner where its bend begins."""
    across, down = other[0] - corner[0], other[1] - corner[1]
    length = (across**2 + down**2) ** 0.5 or 1.0
    share = min(_BEND, length / 2) / length
    return corner[0] + across * share, corner[1] + down * share


def _label(line: Line, trace: Trace | None) -> Iterator[str]:
    x, y = line.anchor
    across = max(width(text, LABEL) for text in line.label) + 8
    down = ROW * len(line.label) + 1
    told = ", or ".join(edge.label for edge in line.edges if edge.label)
    yield f'<g class="label {line.edges[0].kind.value} {" ".join(_taken(line, trace))}"><title>{_text(told)}</title>'
    yield f'<rect x="{x - across / 2:.1f}" y="{y - down / 2:.1f}" width="{across:.1f}" height="{down:.1f}" rx="4"/>'
    for index, text in enumerate(line.label):
        yield f'<text x="{x:.1f}" y="{y - down / 2 + ROW * index + 11.5:.1f}" text-anchor="middle">{_text(text)}</text>'
    yield "</g>"


def _mark(mark: Mark) -> str:
    x, y = mark.centre
    if mark.name == START:
        return f'<circle class="dot" cx="{x:.1f}" cy="{y:.1f}" r="{mark.radius:.1f}"/>'
    return (
        f'<circle class="ring" cx="{x:.1f}" cy="{y:.1f}" r="{mark.radius:.1f}"/>'
        f'<circle class="dot" cx="{x:.1f}" cy="{y:.1f}" r="{mark.radius / 2:.1f}"/>'
    )


def _box(box: Box, trace: Trace | None) -> Iterator[str]:
    visits = trace.states.get(box.node.name) if trace is not None else None
    status = visits.status.value if visits else "idle" if trace is not None else "plain"
    told = f"{box.node.name} — {box.node.detail}"
    if visits and visits.cause:
        told += f"\n{visits.error}: {visits.cause}"
    across, down = box.size
    kind = box.node.kind.lower()
    yield f'<g class="state {kind} {status}" transform="translate({_at(box.corner)})"><title>{_text(told)}</title>'
    if kind == "map":  # what runs many times looks like a stack of cards
        yield f'<rect class="stack" x="5" y="5" width="{across:.1f}" height="{down:.1f}" rx="9"/>'
    yield f'<rect class="card" width="{across:.1f}" height="{down:.1f}" rx="9"/>'
    yield f'<g class="icon" transform="translate(11,11)"><rect width="24" height="24" rx="7"/>{ICONS[box.node.kind]}</g>'
    top = 12.0
    for line in box.name:
        top += HEAD
        yield f'<text class="name" x="{ICON:.0f}" y="{top - 5:.1f}">{_text(line)}</text>'
    for index, row in enumerate(box.rows):
        top += ROW
        fault = bool(
            visits and visits.error and index and index == len(box.rows) - 1 and status in ("failed", "caught")
        )
        yield f'<text class="{"fault" if fault else "row"}" x="{ICON:.0f}" y="{top - 5:.1f}">{_text(row)}</text>'
    for corner, part in box.parts:
        yield f'<g transform="translate({_at(corner)})">'
        yield f'<rect class="part" width="{part.size[0]:.1f}" height="{part.size[1]:.1f}" rx="7"/>'
        yield from _drawing(part, trace)
        yield "</g>"
    yield "</g>"


def _legend(statuses: list[Status], top: float) -> Iterator[str]:
    for index, status in enumerate(statuses):
        x, y = 20 + 90 * index, top + _LEGEND / 2 - 4
        yield f'<g class="legend {status.value}"><circle cx="{x}" cy="{y:.1f}" r="5"/>'
        yield f'<text class="row" x="{x + 11}" y="{y + 4:.1f}">{status.value}</text></g>'
