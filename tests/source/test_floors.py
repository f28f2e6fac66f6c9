"""A file imports only lower floors, and `import matcher` loads no upper one."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "matcher"

#: The first name that fits tells the floor. DESIGN.md draws them.
FLOORS = (
    (r"matcher", 5),
    (r"matcher\.cli(\..*)?", 6),
    (r"matcher\.pytest_plugin", 6),
    (r"matcher\.(connect|testing)(\..*)?", 5),
    (r"matcher\.router(\..*)?", 4),
    (r"matcher\.(offline|delivery|workflow)(\..*)?", 3),
    (r"matcher\.(envelope|query|store|transform)(\..*)?", 2),
    (r"matcher\.(clock|errors|limits|observe|_version)", 0),
    (r"matcher\.(_core|pattern)(\..*)?", 1),
    (r"matcher\.(jsonreader|jsontext|eventtext)", 1),
    (r"matcher\.[a-z]+", 2),
)
#: Standard modules that are slow to load, or belong to upper floors.
HEAVY = ("argparse", "asyncio", "concurrent.futures", "difflib", "http", "logging", "multiprocessing", "sqlite3", "ssl")
OPTIONAL = ("hypothesis", "polars", "pyarrow", "pytest", "ray", "rich", "ruamel", "typer", "yaml", "zstandard")


def floor(module: str) -> int:
    return next(number for name, number in FLOORS if re.fullmatch(name, module))


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def modules() -> dict[str, Path]:
    return {module_name(path): path for path in sorted(PACKAGE.rglob("*.py"))}


def imports(tree: ast.Module) -> Iterator[str]:
    """Every module of ours that a file names in an import, at the top or inside a function."""
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                yield from (alias.name for alias in names)
            case ast.ImportFrom(module=str(module), names=names, level=0):
                known = modules()
                inner = [f"{module}.{alias.name}" for alias in names]
                yield from (name if name in known else module for name in inner)


def too_high(importer: str, text: str) -> list[str]:
    ours = {name for name in imports(ast.parse(text)) if name.split(".")[0] == "matcher"}
    return sorted(name for name in ours if floor(name) > floor(importer))


@pytest.mark.parametrize("name", modules())
def test_a_file_imports_only_lower_floors(name: str) -> None:
    assert too_high(name, modules()[name].read_text()) == []


def test_an_upward_import_is_seen() -> None:
    assert too_high("matcher.errors", "import matcher.cli") == ["matcher.cli"]
    assert too_high("matcher.pattern.parse", "def f():\n    from matcher import ruleset") == ["matcher.ruleset"]
    assert too_high("matcher.ruleset", "from matcher import RuleSet") == ["matcher"]
    assert too_high("matcher.ruleset", "from matcher.pattern.parse import parse") == []


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.pyx")), ids=lambda path: path.name)
def test_the_core_imports_nothing_of_ours_but_errors(path: Path) -> None:
    found = re.findall(r"^\s*(?:from|import) (matcher\S*)", path.read_text(), re.MULTILINE)
    within = re.findall(r"^from (matcher\._core\.\w+) cimport", path.read_text(), re.MULTILINE)
    assert set(found) - set(within) <= {"matcher.errors"}


def loaded(statement: str) -> set[str]:
    code = f"import sys; before = set(sys.modules); {statement}; print(*(set(sys.modules) - before))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    return set(done.stdout.split())


def test_import_matcher_loads_nothing_heavy() -> None:
    found = loaded("import matcher")
    assert "matcher.ruleset" in found
    assert found & {*HEAVY, *OPTIONAL, "matcher.cli"} == set()
