"""Turn a definition in which `check` found no error into a Machine."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields
from functools import cache
from typing import Any, Final, TypeVar, cast

from matcher.workflow.asl.machine import (
    And,
    Catcher,
    Choice,
    ChoiceRule,
    Comparison,
    Condition,
    ExecutionType,
    Fail,
    ItemBatcher,
    ItemReader,
    Json,
    Machine,
    Map,
    Mode,
    Not,
    Or,
    Parallel,
    Pass,
    Processor,
    QueryLanguage,
    ReaderConfig,
    ResultWriter,
    Retrier,
    State,
    Succeed,
    Task,
    Wait,
    WriterConfig,
)
from matcher.workflow.asl.naming import field_name, pointer_to

__all__ = ["build"]

Definition = Mapping[str, Json]

Kind = TypeVar("Kind")

STATES: Final[Mapping[str, type[State]]] = {
    kind.__name__: kind for kind in (Task, Pass, Choice, Wait, Succeed, Fail, Parallel, Map)
}
#: Fields of a rule in JSONPath mode that are no condition.
_NO_CONDITION: Final = frozenset({"Next", "Comment", "Assign", "Output"})


def build(definition: Definition) -> Machine:
    """Build the machine. Recursion follows nested machines and conditions, whose depth `check` has bounded."""
    return _machine(definition, "", QueryLanguage.JSONPATH)


def _machine(definition: Definition, pointer: str, outer: QueryLanguage) -> Machine:
    language = QueryLanguage(definition.get("QueryLanguage", outer))
    return _plain(
        Machine, definition, pointer=pointer, language=language, states=_states(definition, pointer, language)
    )


def _processor(definition: Definition, pointer: str, outer: QueryLanguage) -> Processor:
    language = QueryLanguage(definition.get("QueryLanguage", outer))
    config = definition.get("ProcessorConfig", {})
    kind = config.get("ExecutionType")
    return _plain(
        Processor,
        definition,
        pointer=pointer,
        language=language,
        states=_states(definition, pointer, language),
        mode=Mode(config.get("Mode", Mode.INLINE)),
        execution_type=None if kind is None else ExecutionType(kind),
    )


def _states(definition: Definition, pointer: str, language: QueryLanguage) -> dict[str, State]:
    """Build the states of one machine, whose language they speak unless they say otherwise."""
    return {
        name: _state(name, state, pointer_to(pointer, "States", name), language)
        for name, state in definition["States"].items()
    }


def _state(name: str, definition: Definition, pointer: str, outer: QueryLanguage) -> State:
    kind = STATES[definition["Type"]]
    language = QueryLanguage(definition.get("QueryLanguage", outer))
    made: dict[str, Any] = {"name": name, "pointer": pointer, "language": language}
    for attribute, make in _PARTS.items():
        if (part := definition.get(field_name(attribute))) is not None:
            made[attribute] = make(part, pointer_to(pointer, field_name(attribute)))
    if kind is Choice:
        made["choices"] = _rules(definition["Choices"], pointer_to(pointer, "Choices"), language)
    elif kind is Parallel:
        made["branches"] = tuple(
            _machine(branch, pointer_to(pointer, "Branches", number), outer)
            for number, branch in enumerate(definition["Branches"])
        )
    elif kind is Map:
        field = "ItemProcessor" if "ItemProcessor" in definition else "Iterator"
        made["processor"] = _processor(definition[field], pointer_to(pointer, field), outer)
    return _plain(kind, definition, **made)


def _plain(kind: type[Kind], definition: Definition, **made: Any) -> Kind:
    """Build `kind` from the fields of the definition that need no work, and from those that are `made`."""
    for attribute, name in _names(cast("Any", kind)):
        if attribute not in made and name in definition:
            made[attribute] = definition[name]
    return kind(**made)


@cache
def _names(kind: Any) -> tuple[tuple[str, str], ...]:
    return tuple((field.name, field_name(field.name)) for field in fields(kind))


def _retriers(definitions: list[Definition], pointer: str) -> tuple[Retrier, ...]:
    return tuple(_handler(Retrier, one, pointer_to(pointer, number)) for number, one in enumerate(definitions))


def _catchers(definitions: list[Definition], pointer: str) -> tuple[Catcher, ...]:
    return tuple(_handler(Catcher, one, pointer_to(pointer, number)) for number, one in enumerate(definitions))


def _handler(kind: type[Kind], definition: Definition, pointer: str) -> Kind:
    return _plain(kind, definition, pointer=pointer, error_equals=tuple(definition["ErrorEquals"]))


def _reader(definition: Definition, pointer: str) -> ItemReader:
    del pointer
    config = definition.get("ReaderConfig", {})
    headers = config.get("CSVHeaders")
    shape = _plain(ReaderConfig, config, csv_headers=None if headers is None else tuple(headers))
    return _plain(ItemReader, definition, reader_config=shape)


def _batcher(definition: Definition, pointer: str) -> ItemBatcher:
    del pointer
    return _plain(ItemBatcher, definition)


def _writer(definition: Definition, pointer: str) -> ResultWriter:
    del pointer
    shape = _plain(WriterConfig, definition.get("WriterConfig", {}))
    return _plain(ResultWriter, definition, writer_config=shape)


#: The parts that have fields of their own, and what builds them.
_PARTS: Final[Mapping[str, Callable[[Any, str], Any]]] = {
    "retry": _retriers,
    "catch": _catchers,
    "item_reader": _reader,
    "item_batcher": _batcher,
    "result_writer": _writer,
}


def _rules(definitions: list[Definition], pointer: str, language: QueryLanguage) -> tuple[ChoiceRule, ...]:
    return tuple(
        _plain(
            ChoiceRule,
            rule,
            pointer=pointer_to(pointer, number),
            condition=rule["Condition"] if language is QueryLanguage.JSONATA else _condition(rule),
        )
        for number, rule in enumerate(definitions)
    )


def _condition(rule: Definition) -> Condition:
    match rule:
        case {"And": parts}:
            return And(tuple(_condition(part) for part in parts))
        case {"Or": parts}:
            return Or(tuple(_condition(part) for part in parts))
        case {"Not": part}:
            return Not(_condition(part))
    operator = next(name for name in rule if name not in _NO_CONDITION and name != "Variable")
    by_path = operator.endswith("Path")
    return Comparison(rule["Variable"], operator.removesuffix("Path"), rule[operator], by_path)
