"""The sdist builds anywhere, and the wheel holds what runs and nothing else."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
WHEEL_BYTES = 2_000_000
NOT_SOURCE = shutil.ignore_patterns(
    ".*", "*.so", "*.pyd", "*.egg-info", "__pycache__", "build", "dist", "bench", "fuzz", "wheelhouse"
)

pytestmark = pytest.mark.slow


def run(*command: str | Path, cwd: Path) -> str:
    done = subprocess.run([str(part) for part in command], cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The sdist, and the wheel built from it."""
    source = tmp_path_factory.mktemp("package") / "source"
    shutil.copytree(ROOT, source, ignore=NOT_SOURCE)
    run(sys.executable, "-m", "build", "--outdir", "../dist", cwd=source)
    (sdist,) = (source.parent / "dist").glob("*.tar.gz")
    (wheel,) = (source.parent / "dist").glob("*.whl")
    return sdist, wheel


def names_in(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def test_the_sdist_has_all_that_builds(built: tuple[Path, Path]) -> None:
    with tarfile.open(built[0]) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    kinds = (".py", ".pyi", ".pyx", ".pxd", ".hpp")
    wanted = {path.relative_to(ROOT).as_posix() for path in (ROOT / "matcher").rglob("*") if path.suffix in kinds}
    assert {Path(name).suffix for name in wanted} == set(kinds)
    assert wanted | {"LICENSE", "README.md", "pyproject.toml", "setup.py"} <= names
    assert not [name for name in names if name.startswith("matcher/") and name.endswith((".cpp", ".so"))]


def test_the_wheel_is_small_and_holds_no_source_of_the_core(built: tuple[Path, Path]) -> None:
    assert built[1].stat().st_size < WHEEL_BYTES
    names = names_in(built[1])
    assert not [name for name in names if name.endswith((".pyx", ".pxd", ".hpp", ".cpp"))]
    assert {"matcher/py.typed", "matcher/_core/machine.pyi", "matcher/_core/lower.pyi"} <= names
    assert not [name for name in names if not name.startswith(("matcher/", "matcher-"))]
    modules = {path.relative_to(ROOT).as_posix() for path in (ROOT / "matcher").rglob("*.py")}
    assert modules <= names


def test_the_wheel_works_in_an_environment_of_its_own(built: tuple[Path, Path], tmp_path: Path) -> None:
    venv.create(tmp_path / "venv", with_pip=True)
    python = tmp_path / "venv" / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    run(python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", built[1], cwd=tmp_path)
    code = "from matcher import RuleSet; print(RuleSet({'big': {'n': [{'numeric': ['>', 9]}]}}).match(b'{\"n\": 10}'))"
    assert run(python, "-c", code, cwd=tmp_path) == "['big']\n"
