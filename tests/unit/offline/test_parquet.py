"""A Parquet file has the rows and types that a template and the events give it, whatever comes later."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pyarrow  # noqa: ICN001
import pyarrow.parquet
import pytest

from matcher import EventError, RuleSet
from matcher.errors import StoreError
from matcher.offline import export
from matcher.offline import parquet as parquets
from matcher.offline.emit import EmitError

ROOT = Path(__file__).parents[3]
RULES = {"x": {"a": ["x"]}, "all": {"a": [{"exists": True}]}}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def written(events: list[object], **options: object) -> pyarrow.Table:
    Path("e.jsonl").write_text("".join((e if isinstance(e, str) else json.dumps(e)) + "\n" for e in events))
    export(RuleSet(RULES), "e.jsonl", "out.parquet", form="parquet", **options)
    assert [path.name for path in Path().iterdir() if "part" in path.name.removesuffix(".parquet")] == []
    return pyarrow.parquet.read_table("out.parquet")


def test_rows_by_event_are_the_default(folder: Path) -> None:
    table = written([{"a": "x"}, "{", {"b": 1}, {"a": "é"}])
    assert table.to_pylist() == [
        {"source": "e.jsonl", "line": 1, "byte": 0, "rules": ["x", "all"]},
        {"source": "e.jsonl", "line": 4, "byte": 22, "rules": ["all"]},
    ]
    assert [str(field.type) for field in table.schema] == ["string", "int64", "int64", "list<element: string>"]


def test_a_row_for_each_rule_and_for_refused_events(folder: Path) -> None:
    table = written([{"a": "x"}, "{"], emit="rule,line,event,error")
    error = "at byte 1: the text ends too early"
    assert table.to_pylist()[:2] == [
        {"rule": "x", "line": 1, "event": '{"a": "x"}', "error": None},
        {"rule": "all", "line": 1, "event": '{"a": "x"}', "error": None},
    ]
    last = table.to_pylist()[2]
    assert (last["rule"], last["line"], last["event"]) == (None, 2, "{")
    assert "ends" in last["error"], error


def test_columns_have_the_type_of_what_is_there(folder: Path) -> None:
    events = [
        {"a": 1, "i": 1, "f": 1.5, "m": 1, "b": True, "s": "t", "o": {"k": [1]}, "u": 1 << 63, "mix": 1},
        {"a": 1, "i": -(1 << 63), "f": 2.0, "m": 2.5, "b": None, "s": "", "o": [2], "mix": "one"},
        {"a": 1},
    ]
    template = json.dumps(
        {name: f"/{name}" for name in "ifmbsou"} | {"mix": "/mix", "none": "/none", "k": 7, "t": "$$a"}
    )
    table = written(events, emit=template)
    types = {field.name: str(field.type) for field in table.schema}
    assert types == {"i": "int64", "f": "double", "m": "double", "b": "bool", "s": "string", "o": "string",
                     "u": "string", "mix": "string", "none": "string", "k": "int64", "t": "string"}  # fmt: skip
    assert table.to_pylist() == [
        {"i": 1, "f": 1.5, "m": 1.0, "b": True, "s": "t", "o": '{"k":[1]}', "u": str(1 << 63), "mix": "1",
         "none": None, "k": 7, "t": "$a"},
        {"i": -(1 << 63), "f": 2.0, "m": 2.5, "b": None, "s": "", "o": "[2]", "u": None, "mix": '"one"',
         "none": None, "k": 7, "t": "$a"},
        dict.fromkeys("ifmbsou") | {"mix": None, "none": None, "k": 7, "t": "$a"},
    ]  # fmt: skip
    assert table.schema.field("mix").metadata == {b"matcher": b"json"}
    assert table.schema.field("s").metadata is None


def test_a_template_of_many_parts_is_json_text(folder: Path) -> None:
    table = written([{"a": "x", "n": 1}], emit='{"key": ["$line", {"n": "/n"}]}')
    assert table.to_pylist() == [{"key": '[1, {"n": 1}]'}]


@pytest.mark.parametrize(
    ("first", "later", "kind", "values"),
    [
        (1, 2.5, "double", [1.0, 2.5]),
        (2.5, 1, "double", [2.5, 1.0]),
        ((1 << 60) + 1, 2.5, "string", [str((1 << 60) + 1), "2.5"]),
        (2.5, (1 << 60) + 1, "string", ["2.5", str((1 << 60) + 1)]),
        (1, "one", "string", ["1", '"one"']),
        ("one", 1, "string", ['"one"', "1"]),
        (None, 7, "int64", [None, 7]),
        (None, "s", "string", [None, "s"]),
        ("s", None, "string", ["s", None]),
        (True, 1, "string", ["true", "1"]),
        ({"k": 1}, "s", "string", ['{"k":1}', '"s"']),
        (False, False, "bool", [False, False]),
    ],
)
def test_what_comes_later_widens_a_column(
    folder: Path, monkeypatch: pytest.MonkeyPatch, first: object, later: object, kind: str, values: list[object]
) -> None:
    monkeypatch.setattr(parquets, "_ROWS", 3)
    events = [{"a": "y", "v": first}] * 7 + [{"a": "y", "v": later}] * 5
    table = written(events, emit="line,/v")
    assert str(table.schema.field("/v").type) == kind
    assert table["/v"].to_pylist() == [values[0]] * 7 + [values[1]] * 5
    assert table["line"].to_pylist() == list(range(1, 13))
    assert pyarrow.parquet.ParquetFile("out.parquet").num_row_groups >= 3


def test_no_rows_make_a_file_too(folder: Path) -> None:
    table = written([{"b": 1}], emit="rule,line,/x")
    assert (table.num_rows, table.column_names) == (0, ["rule", "line", "/x"])


def test_a_run_that_ends_early_leaves_a_whole_file(folder: Path) -> None:
    Path("e.jsonl").write_text('{"a": "x"}\n{\n')
    with pytest.raises(EventError):
        export(RuleSet(RULES), "e.jsonl", "out.parquet", form="parquet", max_refused=0)
    assert pyarrow.parquet.read_table("out.parquet").num_rows == 1


@pytest.mark.parametrize("emit", ["[1]", '"/x"', "{}"])
def test_columns_need_names(folder: Path, emit: str) -> None:
    Path("e.jsonl").touch()
    with pytest.raises(EmitError, match="columns need a template that is an object"):
        export(RuleSet(RULES), "e.jsonl", "out.parquet", form="parquet", emit=emit)


def test_it_needs_a_file(folder: Path) -> None:
    Path("e.jsonl").touch()
    with pytest.raises(StoreError, match="Parquet needs a file"):
        export(RuleSet(RULES), "e.jsonl", sys.stdout.buffer, form="parquet")
    with pytest.raises(StoreError, match="Parquet needs a file"):
        export(RuleSet(RULES), "e.jsonl", os.devnull, form="parquet")
    with pytest.raises(StoreError, match="a checkpoint needs"):
        export(RuleSet(RULES), "e.jsonl", "out.parquet", form="parquet", checkpoint="ck")


def run(folder: Path, code: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", code]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def test_without_pyarrow_the_extra_is_named(folder: Path) -> None:
    Path("e.jsonl").touch()
    Path("rules.json").write_text(json.dumps(RULES))
    code = (
        "import sys; sys.modules['pyarrow'] = None; from matcher.cli import main;"
        "sys.argv[1:] = 'scan rules.json e.jsonl -f parquet -o out.parquet -q'.split(); sys.exit(main())"
    )
    done = run(folder, code)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "matcher: this needs the extra 'parquet': pip install 'matcher[parquet]'\n"
    assert not Path("out.parquet").exists()


LIMITED = """
import resource, sys
from matcher.cli import main
from matcher.offline import parquet
parquet._ROWS = 1000
resource.setrlimit(resource.RLIMIT_FSIZE, ({bytes}, resource.RLIM_INFINITY))
sys.argv[1:] = "scan rules.json e.jsonl -f parquet --emit line,/v -o out.parquet".split()
sys.exit(main())
"""


@pytest.mark.skipif(not hasattr(os, "posix_fallocate"), reason="reserves room as Linux does")
def test_a_file_that_may_not_grow_is_whole_up_to_there(folder: Path) -> None:
    Path("rules.json").write_text(json.dumps(RULES))
    Path("e.jsonl").write_text("".join(f'{{"a": "x", "v": "{os.urandom(40).hex()}"}}\n' for _ in range(20_000)))
    done = run(folder, LIMITED.format(bytes=1_000_000))
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    rows = pyarrow.parquet.read_table("out.parquet")
    assert f"out.parquet: File too large; out.parquet holds the first {rows.num_rows:,} rows" in done.stderr
    assert 1_000 <= rows.num_rows < 20_000
    assert rows.num_rows % 1_000 != 0, "of the row group that did not fit, what fits is there"
    assert rows["line"].to_pylist() == list(range(1, rows.num_rows + 1))
    assert list(Path().glob("*.part")) == []


@pytest.mark.skipif(sys.platform != "linux", reason="measures kilobytes, as Linux does")
def test_memory_does_not_grow_with_the_rows(folder: Path) -> None:
    Path("rules.json").write_text(json.dumps(RULES))
    line = '{"a": "x", "v": "%s"}\n' % ("y" * 300)
    peaks = []
    for rows in (150_000, 450_000):
        with Path("e.jsonl").open("w") as file:
            file.writelines(line * 1000 for _ in range(rows // 1000))
        code = (
            "import resource, sys; from matcher.cli import main;"
            "sys.argv[1:] = 'scan rules.json e.jsonl -f parquet --emit line,/v -o out.parquet -q'.split(); main();"
            "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
        )
        peaks.append(int(run(folder, code).stdout))
    assert peaks[1] < peaks[0] * 1.25
