"""Compile what JSONata mode says: templates in which a text `{% … %}` is an expression."""

from __future__ import annotations

import re
from time import perf_counter
from typing import Final

from matcher.query.jsonata import FUNCTION, EvaluationError, Expression, compile_expression
from matcher.query.reference import MISSING
from matcher.workflow import failure
from matcher.workflow.failure import Failure, shown
from matcher.workflow.frames import Json
from matcher.workflow.scene import Evaluator, Scene, constant

__all__ = ["is_expression", "kind", "template", "typed"]

_AROUND: Final = re.compile(r"\{%(.*)%\}", re.DOTALL)
#: What an expression may say and not need the context object.
_NARROW: Final = re.compile(r"\$states\s*\.\s*(?:input|result|errorOutput)\b")

def is_expression(value: Json) -> bool:
    return isinstance(value, str) and _AROUND.fullmatch(value) is not None


def kind(value: Json) -> str:
    """The type of a value as JSON calls it."""
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int() | float():
            return "number"
        case str():
            return "string"
    return "array" if isinstance(value, list) else "object"


def template(value: Json, field: str) -> Evaluator:
    """The value with its expressions evaluated; `field` is where it stands, `Output/name` within."""
    match value:
        case str() if found := _AROUND.fullmatch(value):
            return _evaluator(found[1].strip(), field)
        case dict() if _moves(value):
            members = [(name, template(member, f"{field}/{name}")) for name, member in value.items()]
            return lambda document, scene: {name: run(document, scene) for name, run in members}
        case list() if _moves(value):
            elements = [template(element, f"{field}/{index}") for index, element in enumerate(value)]
            return lambda document, scene: [run(document, scene) for run in elements]
    return constant(value)


def _moves(value: Json) -> bool:
    if isinstance(value, dict):
        return any(map(_moves, value.values()))
    return any(map(_moves, value)) if isinstance(value, list) else is_expression(value)


def _evaluator(text: str, field: str) -> Evaluator:
    expression = compile_expression(text)
    about = f"The JSONata expression '{text}' specified for the field '{field}'"
    wide = "$states" in _NARROW.sub("", text)

    def run(document: Json, scene: Scene) -> Json:
        states = {**document, "context": scene.context} if wide else document
        found = _evaluate(expression, {**scene.variables, "states": states}, scene, about, field)
        if found is MISSING:
            raise _failure(f"{about} returned nothing (undefined).", field)
        if found is FUNCTION:
            raise _failure(f"{about} returned an unsupported result type.", field)
        return found

    return run


def _evaluate(expression: Expression, variables: dict[str, Json], scene: Scene, about: str, field: str) -> Json:
    left = scene.bounds.seconds - scene.spent[0]
    if left <= 0:
        raise _failure(f"{about} was not evaluated: the expressions of a state may take {scene.bounds.seconds} seconds together.", field)
    begun = perf_counter()
    try:
        return expression.evaluate(variables, scene.now, scene.random, scene.bounds, left)
    except EvaluationError as error:
        code = f"{error.code}: " if error.code else ""
        raise _failure(f"{about} threw an error during evaluation. {code}{error}", field) from None
    finally:
        scene.spent[0] += perf_counter() - begun


def _failure(cause: str, field: str) -> Failure:
    return Failure(failure.QUERY, cause, described=True, location=field)


def typed(value: Json, field: str, *kinds: str) -> Evaluator:
    """As `template`, for a field that must be of one of the kinds (`kind`)."""
    run = template(value, field)
    found = _AROUND.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        return run
    about = f"The JSONata expression '{found[1].strip()}' specified for the field '{field}'"

    def check(document: Json, scene: Scene) -> Json:
        made = run(document, scene)
        if kind(made) not in kinds:
            expected = "' or '".join(kinds)
            raise _failure(
                f"{about} returned an unexpected result type. Expected '{expected}', but was '{kind(made)}' "
                f"for value: {shown(made)}",
                field,
            )
        return made

    return check
