"""Read the items of a distributed Map out of files, in chunks, and write its results back: the IO of Read and Write.

A bucket is a folder of `root`, which is a local one or a URL that `fsspec` knows. CSV, JSON lines and Parquet are read as
they are asked for; a JSON file is read whole, for its array may be anywhere in it.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from itertools import islice
from pathlib import PurePosixPath
from typing import Any, Final, TextIO

import orjson

from matcher.errors import MissingExtra
from matcher.workflow.files import Files
from matcher.workflow.frames import Json, Result
from matcher.workflow.happenings import ItemsRead, Read, ReadFailed, ResultsWritten, Write, WriteFailed

__all__ = ["Items"]

#: Characters of one line (AWS: 8 MB of one item).
_LINE: Final = 8 * 1024 * 1024
_DELIMITERS: Final = {"COMMA": ",", "PIPE": "|", "SEMICOLON": ";", "SPACE": " ", "TAB": "\t"}


class _Unreadable(Exception):
    """Why items can't be read, as the Map's cause tells it."""


class Items:
    """Serves Reads and Writes. Files stay open between the chunks of one Read; `owner` is whose frame asks."""

    def __init__(self, root: str, *, chunk: int = 1_000) -> None:
        self.files = Files(root)
        self.chunk = chunk
        #: By owner and frame: the position of the next item, that item, and those behind it.
        self._open: dict[tuple[str, int], tuple[int, Json, Iterator[Json]]] = {}

    def read(self, read: Read, owner: str = "") -> ItemsRead | ReadFailed:
        """The next chunk. Where the last one was not read here, what stands before it is read again and dropped."""
        key = (owner, read.frame)
        at, first, items = self._open.pop(key, (-1, None, iter(())))
        try:
            if at == read.start:
                chunk = [first, *islice(items, self.chunk)]
            else:
                items = self._items(read.reader)
                chunk = list(islice(items, read.start, read.start + self.chunk + 1))
        except (_Unreadable, OSError, ValueError, csv.Error, MissingExtra) as error:
            return ReadFailed(str(error))
        more = len(chunk) > self.chunk
        if more:
            self._open[key] = (read.start + self.chunk, chunk.pop(), items)
        return ItemsRead(chunk, exhausted=not more)

    def forget(self, owner: str) -> None:
        """Close what is open for an owner who will ask no more."""
        for key in [key for key in self._open if key[0] == owner]:
            del self._open[key]

    def _items(self, reader: Json) -> Iterator[Json]:
        limit = reader["ReaderConfig"].get("MaxItems")
        if limit is not None and limit < 0:
            raise _Unreadable("field MaxItems must be positive")
        found = self._source(reader)
        return islice(found, int(limit)) if limit else found

    def _source(self, reader: Json) -> Iterator[Json]:
        parameters, config = reader["Parameters"], reader["ReaderConfig"]
        bucket = parameters.get("Bucket", "")
        if reader["Resource"].endswith(":listObjectsV2"):
            return self.files.list(bucket, parameters.get("Prefix", ""))
        key = parameters.get("Key", "")
        kind = config.get("InputType") or PurePosixPath(key).suffix.lstrip(".").upper()
        match kind:
            case "CSV":
                return _csv(self.files.text(bucket, key), config)
            case "JSON":
                return _json(self.files.data(bucket, key), config)
            case "JSONL":
                return _lines(self.files.text(bucket, key))
            case "PARQUET":
                return self.files.parquet(bucket, key)
        raise _Unreadable(f"InputType {kind or 'none'} can't be read: it must be CSV, JSON, JSONL or PARQUET")

    def write(self, write: Write) -> ResultsWritten | WriteFailed:
        """Write what succeeded and what failed to a file each, and a manifest that names them."""
        parameters = write.writer["Parameters"]
        bucket, prefix = parameters.get("Bucket", ""), parameters.get("Prefix", "").strip("/")
        folder = f"{prefix}/{write.frame}" if prefix else str(write.frame)
        lines = write.writer["WriterConfig"].get("OutputType") == "JSONL"
        files: dict[str, list[Json]] = {"FAILED": [], "PENDING": [], "SUCCEEDED": []}
        try:
            for status, results in (
                ("SUCCEEDED", [result for result in write.results if not result.failed]),
                ("FAILED", [result for result in write.results if result.failed]),
            ):
                if results:
                    key = f"{folder}/{status}_0.{'jsonl' if lines else 'json'}"
                    content = _content([_row(result, write.writer) for result in results], lines)
                    self.files.store(bucket, key, content)
                    files[status].append({"Key": key, "Size": len(content)})
            manifest = {"DestinationBucket": bucket, "MapRunArn": str(write.frame), "ResultFiles": files}
            self.files.store(bucket, f"{folder}/manifest.json", orjson.dumps(manifest))
        except (OSError, ValueError, MissingExtra) as error:
            return WriteFailed(str(error))
        details = {"Bucket": bucket, "Key": f"{folder}/manifest.json"}
        return ResultsWritten({"MapRunArn": str(write.frame), "ResultWriterDetails": details})


def _csv(file: TextIO, config: Json) -> Iterator[dict[str, str]]:
    """Rows by their headers, as AWS reads them: cells beyond the headers are dropped, those that lack are empty, and a
    backslash keeps the character behind it and goes itself.
    """
    delimiter = _DELIMITERS[config.get("CSVDelimiter") or "COMMA"]
    with file:
        rows = csv.reader(_each_line(file), delimiter=delimiter, escapechar="\\")
        headers = config.get("CSVHeaders") if config.get("CSVHeaderLocation") == "GIVEN" else next(rows, None)
        if headers is None:
            return
        named = [name for name in headers if name]
        if len(set(named)) != len(named):
            raise _Unreadable("CSV headers cannot contain duplicates.")
        columns = {name: position for position, name in reversed(list(enumerate(headers)))}
        for row in rows:
            if row:
                yield {name: row[at] if at < len(row) else "" for name, at in columns.items()}


def _json(data: bytes, config: Json) -> Iterator[Json]:
    try:
        value: Any = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise _Unreadable(f"the file is no JSON: {error}") from None
    pointer = config.get("ItemsPointer") or ""
    for part in pointer.split("/")[1:]:
        name = part.replace("~1", "/").replace("~0", "~")
        value = value.get(name) if isinstance(value, dict) else None
    if not isinstance(value, list):
        raise _Unreadable("Attempting to map over non-iterable node.")
    return iter(value)


def _each_line(file: TextIO) -> Iterator[str]:
    """Lines with what ends them, none longer than can be held."""
    number = 1
    while line := file.readline(_LINE):
        if len(line) == _LINE:
            raise _Unreadable(f"line {number} has more than {_LINE:,} characters")
        yield line
        number += 1


def _lines(file: TextIO) -> Iterator[Json]:
    with file:
        for number, line in enumerate(_each_line(file), 1):
            if line.strip():
                try:
                    yield orjson.loads(line)
                except orjson.JSONDecodeError as error:
                    raise _Unreadable(f"line {number} is no JSON: {error}") from None


def _row(result: Result, writer: Json) -> Json:
    if writer["WriterConfig"].get("Transformation") in ("COMPACT", "FLATTEN") and not result.failed:
        return result.output
    made = {"Index": result.index, "Input": orjson.dumps(result.input).decode()}
    if result.failed:
        return {**made, "Status": "FAILED", "Error": result.error, "Cause": result.cause}
    return {**made, "Status": "SUCCEEDED", "Output": orjson.dumps(result.output).decode()}


def _content(rows: list[Json], lines: bool) -> bytes:
    return b"".join(orjson.dumps(row) + b"\n" for row in rows) if lines else orjson.dumps(rows)
