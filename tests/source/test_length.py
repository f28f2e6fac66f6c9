"""Files hold one idea and functions one step: 400 lines and 40."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILES = [path for folder in ("matcher", "bench", "tests") for path in sorted((ROOT / folder).rglob("*.py"))]
CORE = sorted(path for kind in ("*.hpp", "*.pyx", "*.pxd") for path in (ROOT / "matcher").rglob(kind))
FILE_LINES = 400
CORE_LINES = 500  # an encoding, what writes it and what reads it stay together
FUNCTION_LINES = 40


def long_functions(text: str) -> list[str]:
    """Each function over the limit; its docstring says what it does, so it doesn't count."""
    found = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[0]
            told = ast.get_docstring(node) is not None and first.end_lineno is not None
            docstring = first.end_lineno - first.lineno + 1 if told else 0
            lines = node.end_lineno - node.lineno + 1 - docstring
            if lines > FUNCTION_LINES:
                found.append(f"{node.name}: {lines} lines")
    return found


@pytest.mark.parametrize("path", [*FILES, *CORE], ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_file_is_short(path: Path) -> None:
    lines = path.read_text().count("\n")
    assert lines <= (FILE_LINES if path.suffix == ".py" else CORE_LINES)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_functions_are_short(path: Path) -> None:
    assert long_functions(path.read_text()) == []


def test_a_long_function_is_seen() -> None:
    body = "    pass\n" * FUNCTION_LINES
    assert long_functions(f"def f():\n{body}") == ["f: 41 lines"]
    assert long_functions(f'def f():\n    """What."""\n{body[9:]}') == []


@pytest.mark.parametrize("path", sorted((ROOT / "matcher").rglob("*.py")), ids=lambda path: path.stem)
def test_a_file_says_what_it_is_for(path: Path) -> None:
    text = path.read_text()
    assert not text.strip() or ast.get_docstring(ast.parse(text))
