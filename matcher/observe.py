"""Turn what happens on upper floors into counts, durations and log records of whoever observes."""

from __future__ import annotations

from typing import Any, Literal, Protocol

__all__ = ["SILENT", "Level", "Observer", "Silent"]

Level = Literal["debug", "info", "warning", "error"]


class Observer(Protocol):
    """What metrics, traces and logs implement. Calls come from any thread, on hot paths, and must not raise or wait."""

    def count(self, metric: str, value: float = 1, /, **labels: str) -> None:
        """Add to a counter; metrics have the names of Amazon EventBridge's and Step Functions' (`Invocations`)."""
        ...

    def time(self, metric: str, seconds: float, /, **labels: str) -> None:
        """Record one duration."""
        ...

    def gauge(self, metric: str, value: float, /, **labels: str) -> None:
        """Say what a level is now: a queue's depth, a lag."""
        ...

    def log(self, level: Level, message: str, /, **fields: Any) -> None:
        """Tell of one thing that happened; `fields` are JSON values, `correlation_id` among them where there is one."""
        ...


class Silent:
    """Observes nothing."""

    __slots__ = ()

    def count(self, metric: str, value: float = 1, /, **labels: str) -> None:
        pass

    def time(self, metric: str, seconds: float, /, **labels: str) -> None:
        pass

    def gauge(self, metric: str, value: float, /, **labels: str) -> None:
        pass

    def log(self, level: Level, message: str, /, **fields: Any) -> None:
        pass


SILENT = Silent()
