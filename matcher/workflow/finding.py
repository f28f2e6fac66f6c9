"""Turn a path into what finds its value in the document, in the context object, or in a variable."""

from __future__ import annotations

from collections.abc import Callable

from matcher.query.jsonpath import CostError, Path
from matcher.query.reference import CONTEXT, INPUT, MISSING
from matcher.workflow import failure
from matcher.workflow.failure import Failure
from matcher.workflow.frames import Json
from matcher.workflow.scene import Evaluator, Scene

__all__ = ["base", "finder", "whole"]


def whole(document: Json, _scene: Scene) -> Json:
    """`$`: the document itself."""
    return document


def finder(path: Path) -> Evaluator:
    """What the path finds, or MISSING. A search that costs too much fails the state: it has found neither."""
    find = path.prefix.get if path.definite and path.function is None else _bounded(path)
    root = path.root
    if root == INPUT:
        return whole if path.text == "$" else lambda document, _scene: find(document)
    if root == CONTEXT:
        return lambda _document, scene: find(scene.context)
    return lambda _document, scene: find(scene.variables.get(root, MISSING))


def _bounded(path: Path) -> Callable[[Json], Json]:
    def find(document: Json) -> Json:
        try:
            return path.find(document)
        except CostError as error:
            raise Failure(failure.RUNTIME, f"The path '{path.text}' can't be followed: {error}.", described=True) from None

    return find


def base(path: Path, document: Json, scene: Scene) -> Json:
    """What `$` stands for in the path."""
    if path.root == INPUT:
        return document
    return scene.context if path.root == CONTEXT else scene.variables.get(path.root, {})
