"""Turn a machine and the history of an execution into a picture to save, to send, or to look at in a notebook."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from matcher.workflow.asl.machine import Machine
from matcher.workflow.graph.mermaid import mermaid
from matcher.workflow.graph.model import Graph, graph
from matcher.workflow.graph.svg import svg
from matcher.workflow.graph.trace import Event, Trace, trace

__all__ = ["Picture", "draw"]


@dataclass(frozen=True, slots=True)
class Picture:
    """`trace` is what is painted on: what an execution did."""

    graph: Graph
    trace: Trace | None = None
    title: str = ""

    def mermaid(self) -> str:
        return mermaid(self.graph, self.trace)

    def svg(self) -> str:
        return svg(self.graph, self.trace, self.title)

    def save(self, path: str | Path) -> None:
        """Write SVG to a name that ends in .svg, Mermaid to any other."""
        text = self.svg() if str(path).lower().endswith(".svg") else self.mermaid()
        Path(path).write_text(text, encoding="utf-8")

    def _repr_svg_(self) -> str:
        """What a notebook shows."""
        return self.svg()


def draw(machine: Machine, history: Iterable[Event] | None = None) -> Picture:
    """Draw a machine; `history`: an execution's events as GetExecutionHistory gives them, oldest first."""
    return Picture(graph(machine), None if history is None else trace(history), machine.comment)
