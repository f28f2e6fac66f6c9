"""Turn commands on standard input into what another Python event matcher answers, and how fast; run by that peer's Python.

Started by path, so it imports nothing of this project. One JSON object a line in, one out.
Each peer is used as its own service uses it: patterns compiled once where its API allows that, an event parsed once,
then every rule asked in turn.
"""

# ruff: noqa: BLE001 - a peer may fail in any way: that it fails is what is counted.

from __future__ import annotations

import importlib.metadata
import json
import os
import sys
from importlib import import_module
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

SLICE = 0.02  # seconds between two looks at the clock, for events that take microseconds


class Service(Protocol):
    """What a worker needs of a peer: text to compiled pattern, text to event, and the question itself."""

    package: str

    def compile(self, pattern: str) -> Any: ...

    def parse(self, event: str) -> Any: ...

    def matches(self, compiled: Any, event: Any) -> bool: ...


class Moto:
    package = "moto"

    def __init__(self) -> None:
        self._pattern = import_module("moto.events.models").EventPattern

    def compile(self, pattern: str) -> Any:
        return self._pattern.load(pattern)

    def parse(self, event: str) -> Any:
        return json.loads(event)

    def matches(self, compiled: Any, event: Any) -> bool:
        return bool(compiled.matches_event(event))


class LocalStack:
    package = "localstack-core"

    def __init__(self) -> None:
        module = import_module("localstack.services.events.event_rule_engine")
        self._compiler = module.EventPatternCompiler()
        self._engine = module.EventRuleEngine()

    def compile(self, pattern: str) -> Any:
        return self._compiler.compile_event_pattern(pattern)

    def parse(self, event: str) -> Any:
        return json.loads(event)

    def matches(self, compiled: Any, event: Any) -> bool:
        return bool(self._engine.evaluate_pattern_on_event(compiled, event))


class MiniStack:
    package = "ministack"

    def __init__(self) -> None:
        self._service = import_module("ministack.services.eventbridge")

    def compile(self, pattern: str) -> Any:
        # It keeps the text and memoises what the text compiles to, 1,024 texts at most.
        if reason := self._service._event_pattern_error(pattern):
            raise ValueError(reason)
        return pattern

    def parse(self, event: str) -> Any:
        return self._service._pattern_event_view(self._service._event_from_test_payload(json.loads(event)))

    def matches(self, compiled: Any, event: Any) -> bool:
        return bool(self._service._matches_pattern_view(compiled, event))


PEERS: dict[str, Callable[[], Service]] = {"moto": Moto, "localstack": LocalStack, "ministack": MiniStack}


class Session:
    """One peer with the rules and events it was told to load; each public method is a command."""

    def __init__(self, peer: Service) -> None:
        self.peer = peer
        self.rules: list[tuple[str, Any]] = []
        self.events: list[str] = []
        self.refused: list[list[str]] = []

    def names(self, event: str) -> list[str]:
        parsed = self.peer.parse(event)
        matches = self.peer.matches
        return [name for name, compiled in self.rules if matches(compiled, parsed)]

    def names_or_error(self, event: str) -> list[str] | str:
        try:
            return self.names(event)
        except Exception as error:  # a peer may fail in any way: that is what is counted
            return type(error).__name__

    def version(self) -> dict[str, Any]:
        return {"version": importlib.metadata.version(self.peer.package), "python": sys.version.split()[0]}

    def load(self, rules: str, events: str) -> dict[str, Any]:
        start = perf_counter()
        self.rules, self.refused = [], []
        with Path(rules).open(encoding="utf-8") as lines:
            for line in lines:
                rule = json.loads(line)
                try:
                    self.rules.append((rule["name"], self.peer.compile(json.dumps(rule["pattern"]))))
                except Exception as error:
                    self.refused.append([rule["name"], str(error)[:200]])
        elapsed = perf_counter() - start
        with Path(events).open(encoding="utf-8") as lines:
            self.events = lines.read().split("\n")[:-1]
        return {
            "rules": len(self.rules),
            "refused": self.refused[:5],
            "refusals": len(self.refused),
            "seconds": elapsed,
        }

    def run(self, seconds: float) -> dict[str, Any]:
        done, start = 0, perf_counter()
        step, until = 1, start + seconds
        while (now := perf_counter()) < until or not done:
            for _ in range(step):
                self.names_or_error(self.events[done % len(self.events)])
                done += 1
            if perf_counter() - now < SLICE:
                step *= 2
        return {"events": done, "seconds": perf_counter() - start}

    def answers(self, limit: int) -> dict[str, Any]:
        return {"answers": [self.names_or_error(event) for event in self.events[:limit]]}

    def conformance(self, path: str) -> dict[str, Any]:
        counts = {"rows": 0, "wrong": 0, "must_refuse": 0, "accepted": 0}
        with Path(path).open(encoding="utf-8") as lines:
            for line in lines:
                row = json.loads(line)
                answer = self.judge(row["pattern"], row["event"])
                if row["match"] is None:
                    counts["must_refuse"] += 1
                    counts["accepted"] += isinstance(answer, bool)
                else:
                    counts["rows"] += 1
                    counts["wrong"] += answer is not row["match"]
        return counts

    def judge(self, pattern: str, event: str) -> bool | str:
        try:
            return bool(self.peer.matches(self.peer.compile(pattern), self.peer.parse(event)))
        except Exception:
            return "refused"


def main() -> None:
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # whatever a peer prints must not mix with the answers
    session = Session(PEERS[sys.argv[1]]())
    for line in sys.stdin:
        command, arguments = json.loads(line)
        try:
            answer = getattr(session, command)(*arguments)
        except Exception as error:
            answer = {"error": f"{type(error).__name__}: {error}"}
        out.write(json.dumps(answer) + "\n")
        out.flush()


if __name__ == "__main__":
    main()
