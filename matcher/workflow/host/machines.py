"""Keep compiled definitions by key, so that an execution goes on with the definition that it began with."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import orjson

from matcher.workflow.asl.machine import Machine
from matcher.workflow.definition import Definition, load
from matcher.workflow.program import Program, compile_machine

__all__ = ["Compiled", "compiled"]


@dataclass(frozen=True, slots=True)
class Compiled:
    """A definition that was checked and compiled; `key` is a digest of its text."""

    key: str
    text: str
    program: Program

    @property
    def machine(self) -> Machine:
        return self.program.machine


def compiled(definition: Definition, *, express: bool = False) -> Compiled:
    """Check and compile. Raises DefinitionError with every fault."""
    machine = load(definition, express=express)
    if isinstance(definition, bytes):
        text = definition.decode()
    else:
        text = definition if isinstance(definition, str) else orjson.dumps(definition).decode()
    return Compiled(hashlib.sha256(text.encode()).hexdigest(), text, compile_machine(machine))
