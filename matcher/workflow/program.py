"""Compile a machine once, so that a transition only runs what is left: each state with its fields as evaluators."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from matcher.query.reference import parse
from matcher.workflow import expressions, failure
from matcher.workflow.asl.machine import (
    ABSENT,
    Catcher,
    Choice,
    Machine,
    Map,
    Mode,
    Parallel,
    Processor,
    QueryLanguage,
    Retrier,
    State,
    Task,
    Worker,
)
from matcher.workflow.choice import predicate
from matcher.workflow.failure import Failure
from matcher.workflow.fields import special
from matcher.workflow.finding import whole
from matcher.workflow.frames import Json
from matcher.workflow.paths import pick, shaper
from matcher.workflow.scene import Evaluator

__all__ = ["Program", "Rule", "Scope", "Step", "compile_machine"]

Merge = Callable[[Json, Json], Json]


@dataclass(frozen=True, slots=True)
class Rule:
    """A way out of a state, by a Choice's rule or a catcher: with what it gives and assigns on the way."""

    next: str
    #: Of a Choice's rule.
    holds: Evaluator | None = None
    #: Of a catcher.
    errors: tuple[str, ...] = ()
    #: JSONata's Output; None: the error output, or the Choice's input.
    output: Evaluator | None = None
    #: JSONPath: how the error output is put into the input.
    merge: Merge | None = None
    assign: Evaluator | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """A state, compiled. An evaluator that would change nothing is None."""

    state: State
    #: `Pass`, as its events begin, and those of entering and leaving it.
    type: str
    entered: str
    exited: str
    jsonata: bool
    next: str | None
    input: Evaluator | None
    arguments: Evaluator | None
    selector: Evaluator | None
    merge: Merge | None
    #: JSONata's Output, JSONPath's OutputPath.
    output: Evaluator | None
    assign: Evaluator | None
    retry: tuple[Retrier, ...] = ()
    rules: tuple[Rule, ...] = ()
    default: str | None = None
    #: What only its type has, by the field's name without `Path`: `Seconds`, `Items`, `MaxConcurrency` …
    fields: Mapping[str, Evaluator] = field(default_factory=dict)
    #: A Task's Resource.
    resource: str = ""
    #: Scopes of its branches, or of its processor.
    scopes: tuple[str, ...] = ()
    distributed: bool = False
    #: So much is found for it that it may be more than can be held when it is written out.
    wide: bool = False


@dataclass(frozen=True, slots=True)
class Scope:
    """A machine, a branch or a processor: states by name."""

    start_at: str
    steps: Mapping[str, Step]


@dataclass(frozen=True, slots=True)
class Program:
    """A compiled machine: its scopes by the JSON pointer of each in the definition."""

    machine: Machine
    scopes: Mapping[str, Scope]


def compile_machine(machine: Machine) -> Program:
    """O(the definition's size). Raises QueryError for a path or expression that `check` would have refused."""
    scopes: dict[str, Scope] = {}
    waiting = [machine]
    while waiting:
        part = waiting.pop()
        scopes[part.pointer] = Scope(part.start_at, {name: _step(state) for name, state in part.states.items()})
        for state in part.states.values():
            waiting += _inner(state)
    return Program(machine, scopes)


def _inner(state: State) -> tuple[Machine, ...]:
    match state:
        case Parallel():
            return state.branches
        case Map():
            return (state.processor,)
    return ()


def _step(state: State) -> Step:
    jsonata = state.language is QueryLanguage.JSONATA
    compiled = _jsonata(state) if jsonata else _jsonpath(state)
    processor = state.processor if isinstance(state, Map) else None
    return Step(
        state=state,
        type=type(state).__name__,
        entered=f"{type(state).__name__}StateEntered",
        exited=f"{type(state).__name__}StateExited",
        jsonata=jsonata,
        next=getattr(state, "next", None),
        retry=state.retry if isinstance(state, Worker) else (),
        rules=_rules(state, jsonata),
        default=state.default if isinstance(state, Choice) else None,
        fields=special(state),
        resource=state.resource if isinstance(state, Task) else "",
        scopes=tuple(part.pointer for part in _inner(state)),
        distributed=isinstance(processor, Processor) and processor.mode is Mode.DISTRIBUTED,
        wide=sum(_asked(getattr(state, name, None)) for name in _TEMPLATES) > _MANY,
        **compiled,
    )


#: Attributes that hold templates.
_TEMPLATES: Final = ("arguments", "parameters", "result_selector", "output", "assign", "item_selector", "items")
#: Values that are found for one state below which it is not wide.
_MANY: Final = 64


def _asked(template: Json) -> int:
    """Values that are found for a template, and some more: strings with `$`."""
    match template:
        case str():
            return "$" in template
        case dict():
            return sum(map(_asked, template.values()))
        case list():
            return sum(map(_asked, template))
    return 0


def _jsonata(state: State) -> dict[str, Evaluator | Merge | None]:
    template = expressions.template
    arguments = getattr(state, "arguments", ABSENT)
    return {
        "input": None,
        "arguments": None if arguments is ABSENT else template(arguments, "Arguments"),
        "selector": None,
        "merge": None,
        "output": None if state.output is ABSENT else template(state.output, "Output"),
        "assign": None if state.assign is None else template(dict(state.assign), "Assign"),
    }


def _jsonpath(state: State) -> dict[str, Evaluator | Merge | None]:
    parameters = ABSENT if isinstance(state, Map) else getattr(state, "parameters", ABSENT)
    selector = getattr(state, "result_selector", ABSENT)
    return {
        "input": _unless_whole(pick(state.input_path)),
        "arguments": None if parameters is ABSENT else shaper(parameters),
        "selector": None if selector is ABSENT else shaper(selector),
        "merge": _merge(getattr(state, "result_path", "$")),
        "output": _unless_whole(pick(state.output_path)),
        "assign": None if state.assign is None else shaper(dict(state.assign)),
    }


def _unless_whole(evaluator: Evaluator) -> Evaluator | None:
    return None if evaluator is whole else evaluator


def _merge(result_path: str | None) -> Merge | None:
    """How a result is put into the raw input; None: it takes its place."""
    if result_path == "$":
        return None
    if result_path is None:
        return lambda raw, _result: raw
    reference = parse(result_path)

    def merge(raw: Json, result: Json) -> Json:
        try:
            return reference.set(raw, result)
        except LookupError as error:
            raise Failure(failure.RESULT_PATH, str(error), described=True) from None

    return merge


def _rules(state: State, jsonata: bool) -> tuple[Rule, ...]:
    match state:
        case Choice():
            return tuple(
                Rule(
                    next=rule.next,
                    holds=predicate(rule),
                    output=None if rule.output is ABSENT else expressions.template(rule.output, "Output"),
                    assign=_assign(rule.assign, jsonata),
                )
                for rule in state.choices
            )
        case Worker():
            return tuple(_catcher(catcher, jsonata) for catcher in state.catch)
    return ()


def _catcher(catcher: Catcher, jsonata: bool) -> Rule:
    return Rule(
        next=catcher.next,
        errors=catcher.error_equals,
        output=None if catcher.output is ABSENT else expressions.template(catcher.output, "Output"),
        merge=None if jsonata else _merge(catcher.result_path),
        assign=_assign(catcher.assign, jsonata),
    )


def _assign(assign: Mapping[str, Json] | None, jsonata: bool) -> Evaluator | None:
    if assign is None:
        return None
    return expressions.template(dict(assign), "Assign") if jsonata else shaper(dict(assign))
