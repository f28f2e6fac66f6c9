"""Carry what happens outside to the execution that it is for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from matcher.workflow.happenings import Happening
from matcher.workflow.host.records import Letter
from matcher.workflow.host.resuming import Asked

__all__ = ["Overdue", "Told", "Waiting"]


@dataclass(frozen=True, slots=True)
class Overdue:
    """The machine's TimeoutSeconds have passed."""


@dataclass(frozen=True, slots=True)
class Told:
    """A happening on its way to a frame.

    With `scheduled` it is for that call alone, with `until` for that timer, with `asked` for that read or write.
    """

    frame: int
    happening: Happening | Overdue
    scheduled: int = 0
    until: float | None = None
    asked: Asked | None = None


Waiting: TypeAlias = Told | Letter
