"""Check how states of one machine lead to each other: targets exist, every state is reached, and there is an end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from matcher.workflow.asl.machine import Json
from matcher.workflow.check.diagnostic import Code, Place, shown

__all__ = ["check_flow"]

_ENDS: Final = ("Succeed", "Fail")

Way = tuple[tuple[str | int, ...], str]


def check_flow(place: Place, machine: Mapping[str, Json]) -> None:
    """Linear in states and transitions."""
    states = {name: state for name, state in machine["States"].items() if isinstance(state, Mapping)}
    start = machine.get("StartAt")
    ways = {name: list(_ways(state)) for name, state in states.items()}
    if isinstance(start, str) and start not in states:
        place.below("StartAt").error(
            f"{shown(start)}, which is no state here", "the name of a state", code=Code.NO_TARGET
        )
    for name, leading in ways.items():
        for steps, target in leading:
            if target not in states:
                there = place.below("States", name, *steps)
                there.error(f"{shown(target)}, which is no state here", _known(states), code=Code.NO_TARGET)
    if isinstance(start, str) and start in states:
        _reached(place, start, ways)
    if states and not any(_is_end(state) for state in states.values()):
        place.error("no state that ends", "a Succeed or Fail, or a state with End: true", code=Code.NO_END)


def _reached(place: Place, start: str, ways: Mapping[str, list[Way]]) -> None:
    seen, waiting = {start}, [start]
    while waiting:
        for _, target in ways[waiting.pop()]:
            if target in ways and target not in seen:
                seen.add(target)
                waiting.append(target)
    for name in ways:
        if name not in seen:
            place.below("States", name).error(
                f"{shown(name)}, to which no way leads", "a state reached from StartAt", code=Code.NO_TARGET
            )


def _ways(state: Mapping[str, Json]) -> Iterator[Way]:
    """The names of states that a state leads to, and where each stands in it."""
    for field in ("Next", "Default"):
        if isinstance(target := state.get(field), str):
            yield (field,), target
    for field in ("Choices", "Catch"):
        parts = state.get(field)
        for index, part in enumerate(parts if isinstance(parts, list) else ()):
            if isinstance(part, Mapping) and isinstance(target := part.get("Next"), str):
                yield (field, index, "Next"), target


def _is_end(state: Mapping[str, Json]) -> bool:
    return state.get("Type") in _ENDS or state.get("End") is True


def _known(states: Mapping[str, Json]) -> str:
    return "the name of a state of the same machine" if len(states) > 1 else "the name of the machine's one state"
