"""Write histories as GetExecutionHistory gives them, without what a test does not ask of."""

from __future__ import annotations

from typing import Any

__all__ = ["History", "recorded"]


def _details(kind: str) -> str:
    for end in ("StateEntered", "StateExited"):
        if kind.endswith(end):
            return f"{end[0].lower()}{end[1:]}EventDetails"
    return f"{kind[0].lower()}{kind[1:]}EventDetails"


class History:
    """Events with a clock that moves by what each is given; `last` is the number of the one just written."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []
        self.now = 1_800_000_000.0
        self.add("ExecutionStarted", after=0)

    @property
    def last(self) -> int:
        return len(self.events)

    def add(self, kind: str, *, after: int | None = None, seconds: float = 0, **details: Any) -> int:
        self.now += seconds
        previous = self.last if after is None else after
        event = {"id": self.last + 1, "previousEventId": previous, "type": kind, "timestamp": self.now}
        self.events.append({**event, **({_details(kind): details} if details else {})})
        return self.last

    def visit(self, kind: str, name: str, *happenings: str, after: int | None = None, seconds: float = 0) -> int:
        """A state that is entered, in which things happen, and that is left after so long."""
        self.add(f"{kind}StateEntered", after=after, name=name)
        for happening in happenings:
            self.add(happening, **({"error": "Broken", "cause": "as ever"} if happening.endswith("Failed") else {}))
        return self.add(f"{kind}StateExited", name=name, seconds=seconds)


def recorded(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The events of a row of the recorded executions, whose details stand beside the type, as AWS gave them."""
    plain = {"type", "previousEventId", "timestamp"}
    return [
        {
            "id": number,
            "type": row["type"],
            "previousEventId": row["previousEventId"],
            _details(row["type"]): {key: value for key, value in row.items() if key not in plain},
        }
        for number, row in enumerate(rows, 1)
    ]
