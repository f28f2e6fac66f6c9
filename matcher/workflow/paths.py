"""Compile what JSONPath mode says: paths, and templates whose fields ending in `.$` are paths or intrinsic functions."""

from __future__ import annotations

from collections.abc import Callable

from matcher.query.jsonpath import Path, compile_path
from matcher.query.reference import MISSING
from matcher.workflow import failure
from matcher.workflow.failure import Failure, shown
from matcher.workflow.finding import base, finder, whole
from matcher.workflow.frames import Json
from matcher.workflow.intrinsics import compile_call
from matcher.workflow.scene import Evaluator, Scene, constant

__all__ = ["field_path", "pick", "shaper"]


def _required(text: str, cause: Callable[[Path, Json, Scene], str]) -> Evaluator:
    path = compile_path(text)
    find = finder(path)
    if find is whole:
        return whole

    def run(document: Json, scene: Scene) -> Json:
        found = find(document, scene)
        if found is MISSING:
            raise Failure(failure.RUNTIME, cause(path, document, scene), described=True)
        return found

    return run


def pick(text: str | None) -> Evaluator:
    """InputPath, OutputPath and such: what the path finds; null makes an empty object."""
    if text is None:
        return lambda _document, _scene: {}
    return _required(text, lambda path, document, scene: f"Invalid path '{text}' : {path.missing(base(path, document, scene))}")


def field_path(text: str, field: str) -> Evaluator:
    """A path that stands in the field of that name; an intrinsic function may stand there too."""
    if text.startswith("States."):
        return compile_call(text, field)
    return _required(
        text,
        lambda _path, document, _scene: (
            f"The JSONPath '{text}' specified for the field '{field}' could not be found in the input '{shown(document)}'"
        ),
    )


def shaper(template: Json) -> Evaluator:
    """Parameters, ResultSelector and such: the template with its `name.$` fields found. O(its size), compiled once."""
    match template:
        case dict():
            if not _moves(template):
                return constant(template)
            members = [_member(name, value) for name, value in template.items()]
            return lambda document, scene: {name: run(document, scene) for name, run in members}
        case list():
            if not _moves(template):
                return constant(template)
            elements = [shaper(value) for value in template]
            return lambda document, scene: [run(document, scene) for run in elements]
    return constant(template)


def _member(name: str, value: Json) -> tuple[str, Evaluator]:
    if name.endswith(".$"):
        return name[:-2], field_path(value, name)
    return name, shaper(value)


def _moves(template: Json) -> bool:
    """Whether anything in it is to be found."""
    if isinstance(template, dict):
        return any(name.endswith(".$") or _moves(value) for name, value in template.items())
    return isinstance(template, list) and any(map(_moves, template))
