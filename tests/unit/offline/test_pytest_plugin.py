"""pytest collects files of rule tests, tells their failures as `matcher test` does, and gives tests their rules."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

ROOT = Path(__file__).parents[3]
RULES = '{"big": {"detail": {"total": [{"numeric": [">=", 1000]}]}}, "all": {"source": ["shop"]}}'
TESTS = """\
rules: rules.json
cases:
  - name: a small order
    event: {source: shop, detail: {total: 5}}
    matches: [all]
  - name: a wrong case
    event: {source: shop, detail: {total: 5}}
    matches: [big, all]
"""
FIXTURE = """\
import pytest
from matcher import RuleSetError

def test_it(matcher_rules):
    rules = matcher_rules("../rules.json")
    assert rules.match('{"source": "shop"}') == ["all"]
    rules.remove("all")

def test_each_has_its_own(matcher_rules):
    assert matcher_rules("../rules.json").match('{"source": "shop"}') == ["all"]

def test_it_is_compiled_once(matcher_rules, monkeypatch, request):
    matcher_rules("../rules.json")
    monkeypatch.setattr("matcher.offline.testrun.read_rules", None)
    matcher_rules("../rules.json")
    with pytest.raises(TypeError):
        matcher_rules("../rules.json", validate="structural")

def test_several(matcher_rules):
    assert list(matcher_rules("../rules.json", "more.json")) == ["big", "all", "more"]

def test_faults(matcher_rules):
    with pytest.raises(FileNotFoundError):
        matcher_rules("none.json")
    with pytest.raises(RuleSetError):
        matcher_rules("bad.json")
    with pytest.raises(TypeError):
        matcher_rules()
"""


def pytest_in(folder: Path, *arguments: str, before: str = "") -> subprocess.CompletedProcess[str]:
    """Run pytest in a process of its own, with the plugin by its name if no installed package brings it."""
    plugin = [] if entry_points(group="pytest11", name="matcher") else ["-p", "matcher.pytest_plugin"]
    code = f"import sys; {before or 'pass'}; import pytest; sys.exit(pytest.main(sys.argv[1:]))"
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8", "COLUMNS": "120"}
    common = ["-W", "error", "-p", "no:cacheprovider", "--rootdir", str(folder), *plugin]
    return subprocess.run(
        [sys.executable, "-c", code, *common, *arguments],
        cwd=folder, env=environment, capture_output=True, encoding="utf-8", check=False,
    )  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "rules.json").write_text(RULES)
    (tmp_path / "test_x.rules.yaml").write_text(TESTS)
    return tmp_path


def test_files_are_collected_and_failures_told(folder: Path) -> None:
    (folder / "other.rules.yaml").write_text("not: collected")
    done = pytest_in(folder, "-v", "-rA")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "test_x.rules.yaml::a small order PASSED" in done.stdout
    assert "test_x.rules.yaml::a wrong case FAILED" in done.stdout
    assert "test_x.rules.yaml:7: big should match and does not" in done.stdout
    assert "  - big" in done.stdout
    assert "detail.total: found 5 at /detail/total; want" in done.stdout
    assert "Traceback" not in done.stdout
    assert "1 failed, 1 passed" in done.stdout


def test_the_text_is_that_of_the_command(folder: Path) -> None:
    from matcher.offline import run_tests
    from matcher.offline.testtext import describe

    _, wrong = run_tests(folder / "test_x.rules.yaml")
    out = pytest_in(folder).stdout
    for _, text in describe(wrong):
        assert text in out


def test_failures_are_coloured_and_summed_up_in_a_line(folder: Path) -> None:
    events = "\n".join('{"source": "shop", "detail": {"total": 1}}' for _ in range(9))
    (folder / "e.jsonl").write_text(events)
    many = "  - {name: many, event: e.jsonl, match: true, rule: big}\n"
    (folder / "test_x.rules.yaml").write_text(TESTS + many)
    out = pytest_in(folder, "--color=yes").stdout
    assert "\x1b[31m  - big\x1b[0m\n" in out
    assert "\x1b[2mand 4 more, of 9 events\x1b[0m\n" in out
    assert "a wrong case\x1b[0m - big should match and does not\n" in out


def test_the_report_of_pytest_has_the_reason(folder: Path) -> None:
    pytest_in(folder, "--junit-xml=report.xml")
    [failure] = ET.parse(folder / "report.xml").getroot().iter("failure")
    assert failure.get("message") == "big should match and does not"
    assert "detail.total: found 5 at /detail/total" in (failure.text or "")


def test_selection_and_other_forms(folder: Path) -> None:
    (folder / "test_y.rules.json").write_text('{"rules": "rules.json", "cases": [{"name": "j", "event": {}, "matches": []}]}')
    (folder / "test_z.rules.yml").write_text(TESTS)
    done = pytest_in(folder, "-k", "small or j", "-v")
    assert "test_y.rules.json::j PASSED" in done.stdout
    assert "test_z.rules.yml::a small order PASSED" in done.stdout
    assert "3 passed, 2 deselected" in done.stdout
    done = pytest_in(folder, "test_x.rules.yaml::a small order")
    assert (done.returncode, "1 passed" in done.stdout) == (0, True)


def test_a_broken_file_is_an_error_of_collection(folder: Path) -> None:
    (folder / "test_x.rules.yaml").write_text("rules: rules.json\ncase: []\ncases: 5\n")
    done = pytest_in(folder)
    assert done.returncode == 2
    assert "test_x.rules.yaml:2: at the root: found the key 'case'" in done.stdout
    assert "test_x.rules.yaml:3: at /cases: found the number 5" in done.stdout
    assert "Traceback" not in done.stdout


def test_rules_that_do_not_compile_fail_each_case(folder: Path) -> None:
    (folder / "rules.json").write_text('{"big": {"x": [{"prefx": "y"}]}}')
    done = pytest_in(folder)
    assert done.returncode == 1
    assert "2 failed" in done.stdout
    assert "rule 'big': at /x/0/prefx: found the operator" in done.stdout


def test_the_fixture(folder: Path) -> None:
    (folder / "sub").mkdir()
    (folder / "sub" / "more.json").write_text('{"more": {"x": [1]}, "all": {"y": [1]}}')
    (folder / "sub" / "bad.json").write_text('{"more": {"x": [{"prefx": 1}]}}')
    (folder / "sub" / "test_it.py").write_text(FIXTURE)
    done = pytest_in(folder, "sub")
    assert done.returncode == 0, done.stdout
    assert "5 passed" in done.stdout
    assert "matcher_rules" in pytest_in(folder, "--fixtures", "sub").stdout


def test_without_the_extra_yaml_is_told_and_all_else_works(folder: Path) -> None:
    (folder / "test_y.rules.json").write_text('{"rules": "rules.json", "cases": [{"name": "j", "event": {}, "matches": []}]}')
    (folder / "test_it.py").write_text(FIXTURE[: FIXTURE.index("def test_it_is")].replace("../", ""))
    lacking = "; ".join(f"sys.modules[{name!r}] = None" for name in ("yaml", "typer", "rich", "zstandard"))
    done = pytest_in(folder, "--continue-on-collection-errors", before=lacking)
    assert "pip install 'matcher[cli]'" in done.stdout
    assert "3 passed, 1 error" in done.stdout
    (folder / "test_x.rules.yaml").unlink()
    assert pytest_in(folder, before=lacking).returncode == 0


def test_the_plugin_is_cheap() -> None:
    code = (
        "import sys, pytest, matcher; before = set(sys.modules); import matcher.pytest_plugin;"
        "print(*sorted(set(sys.modules) - before))"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["matcher.pytest_plugin"]


def test_the_entry_point_names_the_plugin() -> None:
    import tomllib

    with (ROOT / "pyproject.toml").open("rb") as file:
        project = tomllib.load(file)["project"]
    assert project["entry-points"]["pytest11"] == {"matcher": "matcher.pytest_plugin"}
    assert any(one.lower().startswith("pyyaml") for one in project["optional-dependencies"]["cli"])


def test_the_examples_pass() -> None:
    done = pytest_in(ROOT / "examples" / "rule-tests", ".")
    assert done.returncode == 0, done.stdout
    assert "passed" in done.stdout
