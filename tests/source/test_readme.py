"""What README and docs/ show is what happens: their Python and `matcher` commands run, and print what they say.

In ```python blocks, `# → text` (continued by lines of `#   text`) is the repr of the expression it follows, or what the
statement printed. In ```console blocks, what follows a `$ matcher …` line is what the command prints, and what follows
`$ cat FILE` is a file that the commands after it may read.
"""

from __future__ import annotations

import ast
import io
import os
import re
import shlex
import shutil
import subprocess
import sys
import types
from collections.abc import Iterator
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
ARROW = "# → "
CONTINUED = "#   "


def blocks(language: str, text: str = README) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def statements(block: str) -> Iterator[tuple[ast.stmt, str | None]]:
    """Each statement with what the comment after it promises, if any."""
    nodes = ast.parse(block).body
    lines = block.splitlines()
    ends = [node.lineno - 1 for node in nodes[1:]] + [len(lines)]
    for node, end in zip(nodes, ends, strict=True):
        yield node, promised(lines[node.lineno - 1 : end])


def promised(lines: list[str]) -> str | None:
    for number, line in enumerate(lines):
        if ARROW in line:
            more = [line.removeprefix(CONTINUED) for line in lines[number + 1 :] if line.startswith(CONTINUED)]
            return "\n".join([line.partition(ARROW)[2], *more])
    return None


def outcome(node: ast.stmt, names: dict[str, Any]) -> str:
    """What a statement printed; for an expression with a value its repr."""
    printed = io.StringIO()
    with redirect_stdout(printed):
        if isinstance(node, ast.Expr):
            value = eval(compile(ast.Expression(node.value), "README.md", "eval"), names)
            return printed.getvalue().rstrip("\n") if value is None else repr(value)
        exec(compile(ast.Module([node], []), "README.md", "exec"), names)
    return printed.getvalue().rstrip("\n")


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_the_python_of_a_document_does_what_it_says(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    # Models find the types that their annotations name in the module that they stand in.
    module = types.ModuleType("document")
    monkeypatch.setitem(sys.modules, "document", module)
    checked = 0
    for block in blocks("python", path.read_text()):
        for node, wanted in statements(block):
            found = outcome(node, module.__dict__)
            if wanted is not None:
                assert found == wanted, ast.unparse(node)
                checked += 1
    assert checked >= 3


def commands() -> list[tuple[str, str]]:
    """Each command of the console blocks with what it should print."""
    found = []
    for block in blocks("console"):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, output = part.partition("\n")
            found.append((command, output))
    return found


def test_the_commands_of_the_readme_print_what_it_says(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    checked = set()
    for command, output in commands():
        program, *arguments = shlex.split(command)
        if program == "cat":
            (tmp_path / arguments[0]).write_text(output)
        elif program == "matcher":
            assert ran(arguments, tmp_path) == output.splitlines(), command
            checked.add(arguments[0])
    assert checked >= {"match", "explain", "check", "test", "scan", "diff", "report", "suggest"}


def ran(arguments: list[str], folder: Path) -> list[str]:
    """The lines that `matcher` prints; anything but an exit by 0 or 1 is added as a line."""
    command = [sys.executable, "-m", "matcher.cli", *arguments]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "120", "NO_COLOR": "1"}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    text = re.sub(r" in \d+\.\d\ds$", " in 0.02s", done.stdout + done.stderr, flags=re.MULTILINE)
    lines = [line.rstrip() for line in text.splitlines()]
    return lines if done.returncode in {0, 1} else [*lines, f"exit code {done.returncode}"]


def table_rows() -> list[tuple[str, str, str, str]]:
    """The rows of the table of the pattern language: a form, an example, an event that matches and one that doesn't."""
    rows = re.findall(r"^\| .* \| `(.*)` \| `(.*)` \| `(.*)` \|$", README, re.MULTILINE)
    return [(row[0], *row) for row in rows]


@pytest.mark.parametrize(("name", "pattern", "event", "other"), table_rows(), ids=[row[0] for row in table_rows()])
def test_the_examples_of_the_pattern_language_hold(name: str, pattern: str, event: str, other: str) -> None:
    from matcher import Pattern

    assert Pattern(pattern).matches(event), name
    assert not Pattern(pattern).matches(other), name


def test_the_pattern_language_has_an_example_of_every_operator() -> None:
    shown = " ".join(row[1] for row in table_rows())
    operators = ("prefix", "suffix", "equals-ignore-case", "wildcard", "anything-but", "numeric", "cidr", "exists")
    assert [name for name in (*operators, "exactly", "$or") if f'"{name}"' not in shown] == []
