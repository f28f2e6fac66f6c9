"""Turn a graph into the text of a Mermaid flowchart, and what an execution did into its colours."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from matcher.workflow.graph.model import END, START, Edge, Graph, Kind, Node
from matcher.workflow.graph.trace import Status, Trace, told

__all__ = ["mermaid"]

_SHAPES: Final = {
    "Task": ("[", "]"),
    "Pass": ("[", "]"),
    "Choice": ("{", "}"),
    "Wait": ("([", "])"),
    "Succeed": ("([", "])"),
    "Fail": ("([", "])"),
}
_COLOURS: Final = {
    Status.SUCCEEDED: "stroke:#1a7f4b,stroke-width:2px",
    Status.CAUGHT: "stroke:#b35900,stroke-width:2px",
    Status.FAILED: "stroke:#c62828,stroke-width:3px",
    Status.ABORTED: "stroke:#6b7280,stroke-width:2px,stroke-dasharray:4",
    Status.RUNNING: "stroke:#1d6fd8,stroke-width:3px",
}
#: What would end a label, or be read as Markdown or HTML.
_ESCAPES: Final = str.maketrans({character: f"#{ord(character)};" for character in '"#<>&`*_~|[]{}()\\;'})
_LONGEST: Final = 60


def mermaid(graph: Graph, trace: Trace | None = None) -> str:
    """The text, indented by what lies within what."""
    ids = {node.name: f"s{number}" for number, node in enumerate(_nodes(graph))}
    lines = ["flowchart TD"]
    arrows: list[tuple[str, Edge]] = []
    lines += _machine(graph, ids, trace, "  ", "", arrows)
    if trace is not None:
        for status, style in _COLOURS.items():
            chosen = [ids[name] for name, visits in trace.states.items() if name in ids and visits.status is status]
            if chosen:
                lines += [f"  classDef {status.value} {style}", f"  class {','.join(chosen)} {status.value}"]
        taken = [str(number) for number, (_, edge) in enumerate(arrows) if trace.count(edge)]
        if taken:
            lines.append(f"  linkStyle {','.join(taken)} stroke-width:3px")
    return "\n".join(lines) + "\n"


def _nodes(graph: Graph) -> Iterator[Node]:
    for machine in graph.walk():
        yield from machine.nodes


def _machine(
    graph: Graph, ids: dict[str, str], trace: Trace | None, indent: str, key: str, arrows: list[tuple[str, Edge]]
) -> Iterator[str]:
    """`key` makes the names of the machine's marks its own."""
    yield f"{indent}begin{key}(( ))"
    if any(edge.target == END for edge in graph.edges):
        yield f"{indent}finish{key}((( )))"
    for node in graph.nodes:
        yield from _node(node, ids, trace, indent, arrows)
    for edge in graph.edges:
        source, target = (_id(name, ids, key) for name in (edge.source, edge.target))
        arrows.append((key, edge))
        arrow = "-.->" if edge.kind is Kind.CATCH else "-->"
        label = f'|"{_escaped(edge.label)}"|' if edge.label else ""
        yield f"{indent}{source} {arrow}{label} {target}"


def _id(name: str, ids: dict[str, str], key: str) -> str:
    if name == START:
        return f"begin{key}"
    return f"finish{key}" if name == END else ids[name]


def _node(
    node: Node, ids: dict[str, str], trace: Trace | None, indent: str, arrows: list[tuple[str, Edge]]
) -> Iterator[str]:
    own = ids[node.name]
    lines = [_escaped(node.name), *([_escaped(node.detail)] if node.detail else [])]
    if trace is not None and (visits := trace.states.get(node.name)):
        lines += [_escaped(line) for line in told(visits)]
    if not node.parts:
        opening, closing = _SHAPES.get(node.kind, ("[", "]"))
        yield f'{indent}{own}{opening}"{"<br>".join(lines)}"{closing}'
        return
    yield f'{indent}subgraph {own} ["{", ".join(lines)}"]'  # a title of two lines would lie on what is within
    yield f"{indent}  direction TB"
    if node.kind == "Map":
        yield from _machine(node.parts[0], ids, trace, f"{indent}  ", f"_{own}", arrows)
    else:
        for number, part in enumerate(node.parts):
            key = f"_{own}_{number}"
            yield f'{indent}  subgraph branch{key} ["branch {number + 1}"]'
            yield f"{indent}    direction TB"
            yield from _machine(part, ids, trace, indent + "    ", key, arrows)
            yield f"{indent}  end"
    yield f"{indent}end"


def _escaped(text: str) -> str:
    return (text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…").translate(_ESCAPES)
