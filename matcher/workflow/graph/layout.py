"""Turn a graph into boxes and lines with places: the layered layout is graphlay's, containers are laid out inside out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Final

from matcher.errors import MissingExtra, WorkflowError
from matcher.workflow.graph.model import END, START, Edge, Graph, Kind, Node
from matcher.workflow.graph.text import broken, cut, width
from matcher.workflow.graph.trace import Trace, told

__all__ = ["DETAIL", "HEAD", "ICON", "LABEL", "NAME", "ROW", "Box", "Drawing", "Line", "Mark", "Point", "lay_out"]

Point = tuple[float, float]

#: Sizes of text, in pixels as everything here.
NAME: Final = 13.0
DETAIL: Final = 11.0
LABEL: Final = 11.0
#: Heights of a line of a name, and of any other.
HEAD: Final = 17.0
ROW: Final = 15.0
#: Room for the icon at the left of a box.
ICON: Final = 44.0

_MARGIN: Final = 14.0
_PAD: Final = 12.0
_GAP: Final = 14.0
_NARROWEST: Final = 132.0
_WIDEST: Final = 236.0
_MARK: Final = 15.0
_SMALL_MARK: Final = 9.0
#: States of one machine from which on the layout takes less care, for the finest of it takes more than quadratic time
#: where hundreds of ways meet.
_MANY: Final = 120
_HASTE: Final = {
    "effort": "fast",
    "coords": {"placement": "brandes_koepf"},
    "tuning": {"routing": {"port_relax_rounds": 0, "overlap_repair_rounds": 0}},
}
#: States of one machine that are drawn at all.
_LARGEST: Final = 2_000
_LABEL_ROOM: Final = 210.0
_LABEL_LINES: Final = 3


@dataclass(frozen=True, slots=True)
class Mark:
    """Where a machine begins, or ends."""

    name: str
    centre: Point
    radius: float


@dataclass(frozen=True, slots=True)
class Line:
    """Ways with the same two ends and the same cause, drawn as one."""

    edges: tuple[Edge, ...]
    points: tuple[Point, ...]
    label: tuple[str, ...]
    #: The middle of the label.
    anchor: Point


@dataclass(frozen=True, slots=True)
class Box:
    """A state: its corner, its size, its texts, and the machines drawn within."""

    node: Node
    corner: Point
    size: Point
    name: tuple[str, ...]
    rows: tuple[str, ...]
    #: Each with its corner, as seen from that of the box.
    parts: tuple[tuple[Point, Drawing], ...] = ()


@dataclass(frozen=True, slots=True)
class Drawing:
    """One machine, its corner at the origin."""

    size: Point
    boxes: tuple[Box, ...]
    lines: tuple[Line, ...]
    marks: tuple[Mark, ...]


def lay_out(graph: Graph, trace: Trace | None = None, *, inner: bool = False) -> Drawing:
    """Give everything a place. Within a container the end has no mark: it is where no way goes on.

    Raises WorkflowError where one machine has too many states.
    """
    if len(graph.nodes) > _LARGEST:
        raise WorkflowError(
            f"{len(graph.nodes):,} states are too many to draw, at most {_LARGEST:,}; Mermaid has no limit"
        )
    boxes = [_box(node, trace) for node in graph.nodes]
    edges = [edge for edge in graph.edges if not (inner and edge.kind is Kind.END)]
    marks = [name for name in (START, END) if any(name in (edge.source, edge.target) for edge in edges)]
    groups = _grouped(edges)
    labels = [_label(group) for group in groups]
    raw = _layered(boxes, marks, groups, labels, inner=inner)
    placed = _Placed(raw)
    return Drawing(
        placed.size,
        tuple(placed.box(index, box) for index, box in enumerate(boxes)),
        _lines(placed, groups, labels, len(boxes) + len(marks)),
        tuple(
            Mark(name, placed.centre(len(boxes) + index), (_SMALL_MARK if inner else _MARK) / 2)
            for index, name in enumerate(marks)
        ),
    )


def _lines(
    placed: _Placed, groups: list[tuple[Edge, ...]], labels: list[tuple[str, ...]], number: int
) -> tuple[Line, ...]:
    """`number` is that of the first label among the nodes."""
    made = []
    for group, label in zip(groups, labels, strict=True):
        made.append(placed.line(group, label, number))
        number += bool(label)
    return tuple(made)


def _grouped(edges: Iterable[Edge]) -> list[tuple[Edge, ...]]:
    groups: dict[tuple[str, str, bool], list[Edge]] = {}
    for edge in edges:
        groups.setdefault((edge.source, edge.target, edge.kind is Kind.CATCH), []).append(edge)
    return [tuple(group) for group in groups.values()]


def _label(group: tuple[Edge, ...]) -> tuple[str, ...]:
    texts = [edge.label for edge in group if edge.label]
    if len(texts) == 1:
        return tuple(broken(texts[0], LABEL, _LABEL_ROOM, 2))
    shown = texts[:_LABEL_LINES]
    if len(texts) > _LABEL_LINES:
        shown[-1] = f"{len(texts) - _LABEL_LINES + 1} others"
    return tuple(cut(f"or {text}" if index else text, LABEL, _LABEL_ROOM) for index, text in enumerate(shown))


def _box(node: Node, trace: Trace | None) -> Box:
    visits = trace.states.get(node.name) if trace is not None else None
    rows = [node.detail, *(told(visits) if visits is not None else [])]
    parts = [lay_out(part, trace, inner=True) for part in node.parts]
    inside = sum(part.size[0] for part in parts) + _GAP * (len(parts) - 1) + 2 * _PAD if parts else 0.0
    room = max(_WIDEST, inside) - ICON - _PAD
    name = broken(node.name, NAME, room, 2, bold=True)
    shown = [cut(row, DETAIL, room) for row in rows]
    texts = [*(width(line, NAME, bold=True) for line in name), *(width(row, DETAIL) for row in shown)]
    across = max(_NARROWEST, max(texts) + ICON + _PAD, inside)
    head = 2 * _PAD + HEAD * len(name) + ROW * len(shown) - 6
    placed = []
    tallest = max((part.size[1] for part in parts), default=0.0)
    left = (across - inside) / 2 + _PAD
    for part in parts:
        placed.append(((left, head), replace(part, size=(part.size[0], tallest))))
        left += part.size[0] + _GAP
    down = head + (tallest + _PAD if parts else 0.0)
    return Box(node, (0.0, 0.0), (across, down), tuple(name), tuple(shown), tuple(placed))


def _layered(
    boxes: list[Box], marks: list[str], groups: list[tuple[Edge, ...]], labels: list[tuple[str, ...]], *, inner: bool
) -> Any:
    try:
        import graphlay
    except ImportError:
        raise MissingExtra("workflow") from None
    graph = graphlay.Graph()
    size = _SMALL_MARK if inner else _MARK
    for box in boxes:
        graph.node(box.node.name, width=box.size[0], height=box.size[1])
    for name in marks:
        graph.node(name, width=size, height=size, shape="ellipse")
    for number, (group, label) in enumerate(zip(groups, labels, strict=True)):
        source: str | int = group[0].source
        # What is caught leaves the main road; the straight line is that of what goes well.
        weight = 1.0 if group[0].kind is Kind.CATCH else 4.0
        if label:  # a label is a node on its way, so that nothing runs through it
            across, down = _extent(label)
            graph.node(number, width=across, height=down)
            graph.edge(source, number, weight=weight)
            source = number
        graph.edge(source, group[0].target, weight=weight)
    spacing = {"layer_gap": 20.0 if inner else 24.0, "node_gap": 24.0 if inner else 30.0}
    options = {"direction": "topbottom", "spacing": spacing, "cycles": {"strategy": "follow_flow"}}
    if len(boxes) > _MANY:
        options |= _HASTE
    return graphlay.layout(graph, preset="process_map", options=options).raw


def _extent(label: tuple[str, ...]) -> Point:
    return max(width(line, LABEL) for line in label) + 10.0, ROW * len(label) + 4.0


class _Placed:
    """What graphlay gave, moved so that everything drawn has a margin to the origin.

    Its nodes are the boxes, the marks, and a label for each group that has one; its edges those of the groups, of a
    group with a label two.
    """

    def __init__(self, raw: dict[str, Any]) -> None:
        self.nodes = raw["nodes"]
        self.edges = iter(raw["edges"])
        corners = [corner for node in self.nodes for corner in _corners(_point(node["center"]), _size(node))]
        corners += [_point(point) for edge in raw["edges"] for point in edge["points"]]
        left, top = min(x for x, _ in corners), min(y for _, y in corners)
        self.shift = (_MARGIN - left, _MARGIN - top)
        self.size = (
            max(x for x, _ in corners) - left + 2 * _MARGIN,
            max(y for _, y in corners) - top + 2 * _MARGIN,
        )

    def moved(self, point: Point) -> Point:
        return point[0] + self.shift[0], point[1] + self.shift[1]

    def centre(self, index: int) -> Point:
        return self.moved(_point(self.nodes[index]["center"]))

    def box(self, index: int, box: Box) -> Box:
        x, y = self.centre(index)
        corner = (x - box.size[0] / 2, y - box.size[1] / 2)
        return replace(box, corner=corner)

    def line(self, group: tuple[Edge, ...], label: tuple[str, ...], number: int) -> Line:
        """The line of the next group; `number` is its label's among the nodes."""
        points = self.points()
        if not label:
            return Line(group, points, label, points[0])
        return Line(group, points + self.points(), label, self.centre(number))

    def points(self) -> tuple[Point, ...]:
        return tuple(self.moved(_point(point)) for point in next(self.edges)["points"])


def _point(value: dict[str, float]) -> Point:
    return value["x"], value["y"]


def _size(node: dict[str, Any]) -> Point:
    return node["size"]["width"], node["size"]["height"]


def _corners(centre: Point, size: Point) -> tuple[Point, Point]:
    (x, y), (across, down) = centre, size
    return (x - across / 2, y - down / 2), (x + across / 2, y + down / 2)
