"""Turn sources of events and a rule set into Arrow tables with a row for each event that is matched or refused."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

from matcher import events
from matcher.errors import EventError
from matcher.offline.answers import Answer
from matcher.offline.arrow import RowError, check_errors
from matcher.offline.job import Job
from matcher.offline.sources import SUFFIXES, expand
from matcher.ruleset import RuleSet

__all__ = ["Paths", "ScanErrors", "located", "schema", "tables"]

Paths: TypeAlias = "str | os.PathLike[str] | Iterable[str | os.PathLike[str]]"
#: Refused events and sources that can't be read: rows with an error, or the exception that ends the scan.
ScanErrors: TypeAlias = Literal["column", "raise"]

_ROWS: Final = 8192  # of a table: a few more, or what holds _BYTES of events
_BYTES: Final = 8 << 20
_READ: Final = tuple(suffix + packed for suffix in SUFFIXES for packed in ("", ".gz", ".zst"))


def schema(texts: bool) -> Any:
    """Give the columns of a scan.

    `source` as `located` gives it; `line` is that of the line, or of the element of an array, from 1; `byte` is where
    the event begins in its source's text, null where that is unknown; `event` its bytes, if asked for; `rules` the
    names in the order first added; `error` says why the event was refused, or, where `line` is null, why the source
    can't be read, or not to its end. Where there is an error `rules` is null.
    """
    import pyarrow as pa

    columns = {"source": pa.string(), "line": pa.int64(), "byte": pa.int64()}
    if texts:
        columns["event"] = pa.binary()
    return pa.schema(columns | {"rules": pa.list_(pa.string()), "error": pa.string()})


def tables(
    rules: RuleSet[str], sources: Iterable[str], *, every: bool, texts: bool, errors: ScanErrors, threads: int
) -> Iterator[Any]:
    """Give the rows of all sources in order, some thousands at a time, in memory that does not grow with them.

    `every`: events that nothing matches come too. With errors="raise" raises RowError and OSError.
    """
    check_errors(errors, "column", "raise")
    for source in sources:
        read = _remote if _is_remote(source) else _local
        rows: list[Answer] = []
        size, fault = 0, ""
        try:
            for answers in read(rules, source, every, texts, threads):
                if errors == "raise":
                    _raise_first(source, answers)
                rows += answers
                size += sum(len(text) for *_, text in answers if text) if texts else 0
                if len(rows) >= _ROWS or size >= _BYTES:
                    yield _table(source, rows, texts)
                    rows, size = [], 0
        except OSError as error:
            if errors == "raise":
                raise
            fault = error.strerror or str(error).removeprefix(f"{source}: ")
        if rows:
            yield _table(source, rows, texts)
        if fault:
            yield _faulty(source, fault, texts)


def _raise_first(source: str, answers: list[Answer]) -> None:
    for line, _, answer, text in answers:
        if isinstance(answer, EventError):
            raise RowError.of(answer, f"{source}: line {line}", text)


def _local(rules: RuleSet[str], source: str, every: bool, texts: bool, threads: int) -> Iterator[list[Answer]]:
    job = Job(rules, [source], keep="all" if every else "matched", texts=texts, threads=threads)
    with closing(job.steps()) as steps:
        for _, answers in steps:
            yield answers
    for tally in job.state.tallies:
        if tally.fault is not None:
            raise OSError(str(tally.fault))


def _remote(rules: RuleSet[str], source: str, every: bool, texts: bool, threads: int) -> Iterator[list[Answer]]:
    system, path = _system(source)
    with system.open_input_stream(path, compression=None) as file:
        for batch in events.batches(file):
            found = rules.match_many([text for _, text in batch], threads, errors="return")
            yield [
                (line, None, answer, text if texts else None)
                for (line, text), answer in zip(batch, found, strict=True)
                if every or answer
            ]


def _table(source: str, rows: list[Answer], texts: bool) -> Any:

    lines, places, answers, events = zip(*rows, strict=True)
    refused = [str(answer) if isinstance(answer, EventError) else None for answer in answers]
    names = [None if isinstance(answer, EventError) else answer for answer in answers]
    columns = [[source] * len(rows), lines, places, *([events] if texts else []), names, refused]
    return _made(columns, texts)


def _faulty(source: str, reason: str, texts: bool) -> Any:
    return _made([[source], [None], [None], *([[None]] if texts else []), [None], [reason]], texts)


def _made(columns: Sequence[Sequence[Any]], texts: bool) -> Any:
    import pyarrow as pa

    wanted = schema(texts)
    return pa.table([pa.array(column, field.type) for column, field in zip(columns, wanted, strict=True)], wanted)


# ---- what lies elsewhere ----


def located(paths: Paths) -> list[str]:
    """Give the files that are meant, as `matcher.offline.expand` does; those of a URI (s3://bucket/folder) too.

    A URI names a file or a folder of any file system that pyarrow knows. Raises OSError where it can't be asked.
    """
    found: list[str] = []
    for path in [paths] if isinstance(paths, str | os.PathLike) else paths:
        plain = os.fspath(path)
        found += _listed(plain) if _is_remote(plain) else expand([plain])
    return list(dict.fromkeys(found))


def _is_remote(path: str) -> bool:
    return "://" in path and not Path(path).exists()


def _system(uri: str) -> tuple[Any, str]:
    """Give the file system of a URI, and the path in it."""
    from pyarrow import ArrowInvalid, fs

    try:
        system, path = fs.FileSystem.from_uri(uri)
    except ArrowInvalid as error:
        raise OSError(0, str(error), uri) from None
    return system, path


def _listed(uri: str) -> list[str]:
    from pyarrow import fs

    system, path = _system(uri)
    if system.get_file_info(path).type != fs.FileType.Directory:
        return [uri]
    head, mark, query = uri.partition("?")
    files = system.get_file_info(fs.FileSelector(path, recursive=True))
    names = sorted(file.path for file in files if file.type == fs.FileType.File and file.path.lower().endswith(_READ))
    return [f"{head.rstrip('/')}/{name[len(path) :].lstrip('/')}{mark}{query}" for name in names]
