"""Turn a pattern's tree into the program that the core keeps, and back; the only file that knows both forms."""

from __future__ import annotations

from typing import cast

from matcher._core.lower import lower, raised
from matcher.pattern import ast
from matcher.pattern.fold import variants

__all__ = ["program_of", "tree_of"]

_CLASSES = {name: getattr(ast, name) for name in ast.__all__ if isinstance(getattr(ast, name), type)}
_KINDS = {kind: name for name, kind in _CLASSES.items()}


def program_of(node: ast.Node) -> bytes:
    """Give the program of a tree; its terms name paths."""
    return lower(node, _KINDS, variants)


def tree_of(program: bytes, paths: list[str]) -> ast.Node:
    """Give the tree of a program whose terms name slots; `paths` maps those to paths."""
    return cast(ast.Node, raised(program, paths, _CLASSES))
