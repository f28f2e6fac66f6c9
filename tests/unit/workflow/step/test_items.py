"""Items out of files of every kind, in chunks, and results back into files."""

from __future__ import annotations

import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from matcher.workflow.frames import Result
from matcher.workflow.happenings import ItemsRead, Read, ReadFailed, Write, WriteFailed
from matcher.workflow.items import Items


def reader(key="k", resource="arn:aws:states:::s3:getObject", parameters=None, **config):
    return {"Resource": resource, "Parameters": parameters or {"Bucket": "b", "Key": key}, "ReaderConfig": config}


def put(folder, key, content):
    (folder / "b").mkdir(exist_ok=True)
    (folder / "b" / key).write_bytes(content.encode())


def everything(items, wanted):
    """All items, and how many chunks they came in."""
    found, chunks = [], 0
    while True:
        answer = items.read(Read(1, wanted, len(found)))
        assert isinstance(answer, ItemsRead), answer
        found += answer.items
        chunks += 1
        if answer.exhausted:
            return found, chunks


@pytest.mark.parametrize(
    ("key", "content", "config", "found"),
    [
        ("k.csv", "a,b\n1,2\n3,4\n", {"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW"}, [{"a": "1", "b": "2"}, {"a": "3", "b": "4"}]),
        ("k.csv", '\ufeffa,b\r\n"x,""y""",\r\n', {"CSVHeaderLocation": "FIRST_ROW"}, [{"a": 'x,"y"', "b": ""}]),
        ("k", "1|2|3\n4\n", {"InputType": "CSV", "CSVHeaderLocation": "GIVEN", "CSVHeaders": ["a", "b"], "CSVDelimiter": "PIPE"}, [{"a": "1", "b": "2"}, {"a": "4", "b": ""}]),
        ("k", "", {"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW"}, []),
        ("k.csv", 'a,b\nC:\\\\x,\\"y\\"\n"p\\,q",r\\s\n', {"CSVHeaderLocation": "FIRST_ROW"}, [{"a": "C:\\x", "b": '"y"'}, {"a": "p,q", "b": "rs"}]),
        ("k.csv", 'a,b\n"one\ntwo",3\n', {"CSVHeaderLocation": "FIRST_ROW"}, [{"a": "one\ntwo", "b": "3"}]),
        ("k", '[1, {"a": null}]', {"InputType": "JSON"}, [1, {"a": None}]),
        ("k.json", '{"a/b": {"c": [1]}}', {"ItemsPointer": "/a~1b/c"}, [1]),
        ("k", '1\n\n{"a": 2}\n', {"InputType": "JSONL"}, [1, {"a": 2}]),
        ("k", "1\n2\n3\n", {"InputType": "JSONL", "MaxItems": 2}, [1, 2]),
        ("k", "1\n2\n3\n", {"InputType": "JSONL", "MaxItems": 0}, [1, 2, 3]),
    ],
)
def test_a_file(tmp_path, key, content, config, found):
    put(tmp_path, key, content)
    assert everything(Items(str(tmp_path)), reader(key, **config)) == (found, 1)


@pytest.mark.parametrize(
    ("content", "config", "why"),
    [
        ("a,a\n1,2\n", {"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW"}, "CSV headers cannot contain duplicates."),
        ("{}", {"InputType": "JSON"}, "Attempting to map over non-iterable node."),
        ("{", {"InputType": "JSON"}, "the file is no JSON"),
        ("1\nx\n", {"InputType": "JSONL"}, "line 2 is no JSON"),
        ("1\n", {"InputType": "JSONL", "MaxItems": -1}, "field MaxItems must be positive"),
        ("1\n", {"InputType": "XML"}, "InputType XML can't be read"),
        ("1\n", {"InputType": "PARQUET"}, "Parquet"),
        ("a\n" + "x" * 200_000, {"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW"}, "field larger than field limit"),
        ("a\n" + "1," * 5_000_000, {"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW"}, "line 2 has more than 8,388,608 characters"),
        ("1\n" + " " * 9_000_000, {"InputType": "JSONL"}, "line 2 has more than 8,388,608 characters"),
        ("[" * 100_000, {"InputType": "JSON"}, "the file is no JSON"),
    ],
)
def test_what_can_not_be_read(tmp_path, content, config, why):
    put(tmp_path, "k", content)
    answer = Items(str(tmp_path)).read(Read(1, reader(**config), 0))
    assert isinstance(answer, ReadFailed)
    assert why in answer.cause


@pytest.mark.parametrize("key", ["none.json", "../../outside.json"])
def test_a_file_that_is_not_there_or_not_ours(tmp_path, key):
    root = tmp_path / "root"
    root.mkdir()
    put(root, "k", "[]")
    (tmp_path / "outside.json").write_text("[1]")
    assert isinstance(Items(str(root)).read(Read(1, reader(key), 0)), ReadFailed)


def test_chunks_go_on_where_they_stood_also_after_a_restart(tmp_path):
    put(tmp_path, "k", "".join(f"{number}\n" for number in range(25)))
    wanted = reader(InputType="JSONL")
    assert everything(Items(str(tmp_path), chunk=10), wanted) == (list(range(25)), 3)
    answer = Items(str(tmp_path), chunk=10).read(Read(1, wanted, 20))
    assert (answer.items, answer.exhausted) == ([20, 21, 22, 23, 24], True)


def test_two_maps_read_the_same_file_side_by_side(tmp_path):
    put(tmp_path, "k", "".join(f"{number}\n" for number in range(4)))
    items = Items(str(tmp_path), chunk=2)
    for start in (0, 2):
        for owner in ("x", "y"):
            assert items.read(Read(1, reader(InputType="JSONL"), start), owner).items == [start, start + 1]


def test_many_chunks_cost_no_more_each(tmp_path):
    put(tmp_path, "k", "".join(f"{number}\n" for number in range(20_000)))
    found, chunks = everything(Items(str(tmp_path), chunk=5), reader(InputType="JSONL"))
    assert (found, chunks) == (list(range(20_000)), 4_000)


def test_what_is_forgotten_is_read_anew(tmp_path):
    put(tmp_path, "k", "1\n2\n3\n")
    items = Items(str(tmp_path), chunk=1)
    items.read(Read(1, reader(InputType="JSONL"), 0), "x")
    put(tmp_path, "k", "1\n5\n3\n")
    items.forget("x")
    assert items.read(Read(1, reader(InputType="JSONL"), 1), "x").items == [5]


def test_parquet(tmp_path):
    (tmp_path / "b").mkdir()
    pq.write_table(pa.table({"a": list(range(30)), "b": ["x"] * 30}), tmp_path / "b" / "k.parquet", row_group_size=7)
    found, chunks = everything(Items(str(tmp_path), chunk=20), reader("k.parquet"))
    assert (found[29], len(found), chunks) == ({"a": 29, "b": "x"}, 30, 2)


@pytest.mark.parametrize("kind", ["local", "memory"])
def test_a_listing(tmp_path, kind):
    root = str(tmp_path) if kind == "local" else f"memory://{tmp_path.name}"
    items = Items(root)
    for key in ("in/b.json", "in/a.json", "out/c.json"):
        items.files.store("b", key, b"[]")
    wanted = reader(resource="arn:aws:states:::s3:listObjectsV2", parameters={"Bucket": "b", "Prefix": "in/"})
    found, _ = everything(items, wanted)
    assert [(item["Key"], item["Size"]) for item in found] == [("in/a.json", 2), ("in/b.json", 2)]


@pytest.mark.parametrize("kind", ["local", "memory"])
def test_results_are_written_and_read_back(tmp_path, kind):
    root = str(tmp_path) if kind == "local" else f"memory://{tmp_path.name}"
    items = Items(root)
    writer = {"Resource": "arn:aws:states:::s3:putObject", "Parameters": {"Bucket": "b", "Prefix": "p"}, "WriterConfig": {}}
    results = [Result(5, 0, {"o": 1}, input="i"), Result(5, 1, None, True, "E", "c", "j")]
    details = items.write(Write(5, writer, results)).output["ResultWriterDetails"]
    manifest = json.loads(items.files.data(details["Bucket"], details["Key"]))
    files = {status: [file["Key"] for file in listed] for status, listed in manifest["ResultFiles"].items()}
    assert files == {"SUCCEEDED": ["p/5/SUCCEEDED_0.json"], "FAILED": ["p/5/FAILED_0.json"], "PENDING": []}
    rows, _ = everything(items, reader("p/5/FAILED_0.json"))
    assert rows == [{"Index": 1, "Input": '"j"', "Status": "FAILED", "Error": "E", "Cause": "c"}]


def test_results_that_can_not_be_written(tmp_path):
    (tmp_path / "b").write_text("a file where a folder should be")
    writer = {"Resource": "", "Parameters": {"Bucket": "b"}, "WriterConfig": {}}
    assert isinstance(Items(str(tmp_path)).write(Write(5, writer, [])), WriteFailed)
