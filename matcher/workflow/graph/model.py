"""Turn a machine into nodes and edges, without a place on any page: what Mermaid and SVG are both made from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from matcher.workflow.asl.machine import Catcher, Choice, Fail, Machine, Map, Parallel, State, Succeed
from matcher.workflow.graph.wording import condition, detail

__all__ = ["END", "START", "Edge", "Graph", "Kind", "Node", "graph"]

#: The names of the marks where a machine begins and ends. No state has an empty name, or one with a control character.
START = "\x02"
END = "\x03"


class Kind(StrEnum):
    """Why an edge is gone along."""

    START = "start"
    NEXT = "next"
    RULE = "rule"
    DEFAULT = "default"
    CATCH = "catch"
    END = "end"


@dataclass(frozen=True, slots=True)
class Edge:
    """A way from one state to another. `label` says when it is gone: a condition, or the errors caught."""

    source: str
    target: str
    kind: Kind
    label: str = ""


@dataclass(frozen=True, slots=True)
class Node:
    """A state. `parts` are the machines within: the branches of a Parallel, or what a Map runs."""

    name: str
    kind: str
    detail: str
    parts: tuple[Graph, ...] = ()


@dataclass(frozen=True, slots=True)
class Graph:
    """The states of one machine and the ways between them."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]

    def walk(self) -> Iterator[Graph]:
        """This graph and all within it."""
        yield self
        for node in self.nodes:
            for part in node.parts:
                yield from part.walk()


def graph(machine: Machine) -> Graph:
    """Linear in states and transitions."""
    edges = [Edge(START, machine.start_at, Kind.START)]
    for state in machine.states.values():
        edges += _edges(state)
    return Graph(tuple(map(_node, machine.states.values())), tuple(edges))


def _node(state: State) -> Node:
    parts: tuple[Graph, ...] = ()
    match state:
        case Parallel(branches=branches):
            parts = tuple(map(graph, branches))
        case Map(processor=processor):
            parts = (graph(processor),)
    return Node(state.name, type(state).__name__, detail(state), parts)


def _edges(state: State) -> Iterator[Edge]:
    match state:
        case Choice(name=name, choices=choices, default=default):
            for rule in choices:
                yield Edge(name, rule.next, Kind.RULE, condition(rule.condition))
            if default is not None:
                yield Edge(name, default, Kind.DEFAULT, "otherwise")
            return
        case Fail():
            return
        case Succeed(name=name):
            yield Edge(name, END, Kind.END)
            return
    target: str | None = getattr(state, "next", None)
    yield Edge(state.name, END, Kind.END) if target is None else Edge(state.name, target, Kind.NEXT)
    catchers: tuple[Catcher, ...] = getattr(state, "catch", ())
    for catcher in catchers:
        yield Edge(state.name, catcher.next, Kind.CATCH, ", ".join(catcher.error_equals))
