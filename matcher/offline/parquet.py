"""Turn rows into a Parquet file in memory that does not grow with it; it needs the extra `parquet`.

A column that selects from events has the type of what its first rows hold: bool, int64, double, string; else, and where
they differ, JSON text. A value that comes later and does not fit widens the column (int64 → double where that is exact,
anything → JSON text), for which the file is written over once.
"""

from __future__ import annotations

import errno
import io
import os
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

from matcher.errors import MissingExtra
from matcher.offline.emit import Row, Template, dumped, literal, pointer, variable
from matcher.offline.sink import Draft

__all__ = ["DEFAULT", "Table", "columns"]

#: The columns where no template names others.
DEFAULT: Final = "source,line,byte,rules"

_ROWS: Final = 1 << 14  # of a row group, at most
_BYTES: Final = 16 << 20  # of events and selected values in one, about
_FEW: Final = 64  # rows that are not divided further where the disk is full
_EXACT: Final = 1 << 53  # integers up to it are doubles
_TEXT: Final = "json"

Value = Callable[[Row], Any]


def columns(template: Template) -> list[tuple[str, str, Value]]:
    """Give (name, kind, how to get it) of each column that a template names. Kind "": told by what is there."""
    return [(name, *_column(node)) for name, node in template.columns().items()]


def _column(node: Any) -> tuple[str, Value]:
    if isinstance(node, str) and node.startswith("/"):
        tokens = pointer(node)
        return "", lambda row: row.select(tokens)
    if isinstance(node, str) and node.startswith("$") and node[:2] not in {"$$", "$/"}:
        return _VARIABLES[variable(node)]
    if isinstance(node, dict | list):
        inner = Template(dumped(node).decode())
        return "string", lambda row: inner.line(row)[:-1].decode("utf-8", "replace")
    value = literal(node) if isinstance(node, str) else node
    return "", lambda _: value


_VARIABLES: Final[dict[str, tuple[str, Value]]] = {
    "source": ("string", lambda row: row.source.encode("utf-8", "replace").decode()),
    "line": ("int", lambda row: row.line),
    "byte": ("int", lambda row: row.byte),
    "rule": ("string", lambda row: None if row.rule is None else str(row.rule)),
    "rules": ("strings", lambda row: None if row.rules is None else [str(rule) for rule in row.rules]),
    "event": ("string", lambda row: None if row.text is None else row.text.decode("utf-8", "replace")),
    "error": ("string", lambda row: None if row.error is None else str(row.error)),
}


def kind_of(values: list[Any]) -> str:
    """Give the narrowest kind that holds all values: "" (nothing is there), bool, int, double, string or json."""
    kind = ""
    for value in values:
        if value is not None:
            kind = wider(kind, _kind(value))
            if kind == _TEXT:
                break
    return kind


def _kind(value: Any) -> str:
    match value:
        case bool():
            return "bool"
        case int():
            return "int" if -(1 << 63) <= value < 1 << 63 else _TEXT
        case float():
            return "double"
        case str():
            return "string"
        case _:
            return _TEXT


def wider(one: str, other: str) -> str:
    """Give the kind that holds both."""
    if not one or one == other:
        return other or one
    if not other:
        return one
    return "double" if {one, other} == {"int", "double"} else _TEXT


class Table:
    """A Parquet file that takes rows. `columns`: see the function. Raises MissingExtra, OSError.

    The file is a `Draft` until `close`. Room on the disk is reserved before a row group is written, and for what ends
    the file: where it is full, the rows before are whole. `rows`: those that were written.
    """

    def __init__(self, path: str | os.PathLike[str], columns: list[tuple[str, str, Value]]) -> None:
        try:
            import pyarrow  # noqa: ICN001  # its own name says more
            import pyarrow.parquet
        except ImportError:
            raise MissingExtra("parquet") from None
        self._arrow = pyarrow
        self._names = [name for name, _, _ in columns]
        self._kinds = [kind for _, kind, _ in columns]
        self._free = [not kind for kind in self._kinds]  # kinds that values decide
        self._greatest = [0] * len(columns)  # of the integers' magnitudes
        self._values = [value for _, _, value in columns]
        self._held: list[list[Any]] = [[] for _ in columns]
        self._bytes = 0
        self._draft = Draft(path)
        self._turn = 0  # times that the file was written over
        self._ended = False  # it could not be written on
        self._writer: Any = None
        self._room: _Room | None = None
        self.rows = 0

    def add(self, row: Row) -> None:
        """Take a row."""
        for held, value in zip(self._held, self._values, strict=True):
            held.append(value(row))
        self._bytes += len(row.text or b"")
        if len(self._held[0]) >= _ROWS or self._bytes >= _BYTES:
            self.flush()

    def flush(self) -> None:
        """Write the rows that are held, as a row group. Raises OSError; then the last of these rows are lost."""
        held, self._held, self._bytes = self._held, [[] for _ in self._names], 0
        if not held[0] or self._ended:
            return
        kinds = [self._fitting(number, values) for number, values in enumerate(held)]
        if self._writer is not None and kinds != self._kinds:
            self._widen(kinds)
        self._kinds = kinds
        self._write_most(self._table(held))

    def _fitting(self, number: int, values: list[Any]) -> str:
        """Give the kind of a column that takes these values too."""
        if not self._free[number]:
            return self._kinds[number]
        integers = (abs(value) for value in values if isinstance(value, int))
        self._greatest[number] = max(self._greatest[number], max(integers, default=0))
        kind = wider(self._kinds[number], kind_of(values))
        return _TEXT if kind == "double" and self._greatest[number] > _EXACT else kind

    def _widen(self, kinds: list[str]) -> None:
        """Write the file over with columns of these kinds; where that fails, the old one is what remains."""
        self._end()
        old = self._draft
        reader = self._arrow.parquet.ParquetFile(old.draft)
        self._turn += 1
        self._draft = Draft(old.path, f".{self._turn}")
        try:
            for number in range(reader.num_row_groups):
                self._write(self._cast(reader.read_row_group(number), kinds))
        except BaseException:
            self._writer = None
            self._draft.discard()
            self._draft, self._ended = old, True
            raise
        finally:
            reader.close()
        old.discard()

    def _cast(self, group: Any, kinds: list[str]) -> Any:
        """Give a row group with columns of these kinds."""
        made = []
        for number, kind in enumerate(kinds):
            column = group.column(number)
            field = group.schema.field(number)
            wanted = self._type(kind)
            if kind == _TEXT and (field.metadata or {}).get(b"matcher") != b"json":
                values = [None if value is None else dumped(value).decode() for value in column.to_pylist()]
                column = self._arrow.array(values, wanted)
            elif column.type != wanted:
                column = column.cast(wanted)
            made.append(column)
        return self._arrow.table(made, schema=self._schema(kinds))

    def _table(self, held: list[list[Any]]) -> Any:
        arrays = []
        for kind, values in zip(self._kinds, held, strict=True):
            if kind == _TEXT:
                values = [None if value is None else dumped(value).decode() for value in values]
            elif kind == "double":
                values = [None if value is None else float(value) for value in values]
            arrays.append(self._arrow.array(values, self._type(kind)))
        return self._arrow.table(arrays, schema=self._schema(self._kinds))

    def _type(self, kind: str) -> Any:
        arrow = self._arrow
        match kind:
            case "int":
                return arrow.int64()
            case "double":
                return arrow.float64()
            case "bool":
                return arrow.bool_()
            case "strings":
                return arrow.list_(arrow.string())
            case _:
                return arrow.string()

    def _schema(self, kinds: list[str]) -> Any:
        arrow = self._arrow
        return arrow.schema(
            [
                arrow.field(name, self._type(kind), metadata={"matcher": "json"} if kind == _TEXT else None)
                for name, kind in zip(self._names, kinds, strict=True)
            ]
        )

    def _write_most(self, table: Any) -> None:
        """Write rows as a group; where the disk has no room for it, as many of them as fit, in smaller groups."""
        try:
            self._write(table)
        except OSError:
            if table.num_rows <= _FEW:
                raise
            half = table.num_rows // 2
            self._write_most(table.slice(0, half))
            self._write_most(table.slice(half))
        else:
            self.rows += table.num_rows

    def _write(self, table: Any) -> None:
        self._begin(table.schema)
        assert self._room is not None
        self._room.reserve(table.nbytes + table.nbytes // 8, len(self._names))
        self._writer.write_table(table, row_group_size=_ROWS)

    def _begin(self, schema: Any) -> None:
        if self._writer is None:
            self._room = _Room(self._draft.number)
            self._writer = self._arrow.parquet.ParquetWriter(self._room, schema)

    def _end(self) -> None:
        """Write what ends the file."""
        self._begin(self._schema(self._kinds))
        writer, self._writer = self._writer, None
        try:
            writer.close()
        finally:
            writer.is_open = False  # a broken one is not to try again when it goes
        assert self._room is not None
        self._room.trim()

    def close(self) -> None:
        """Write the rows that are held, end the file and give it its name. Raises OSError.

        Where the disk is full, the file has the row groups before, if it can be ended.
        """
        try:
            self.flush()
        finally:
            try:
                if not self._ended:
                    self._end()
            except BaseException:
                self._draft.discard()
                self.rows = 0
                raise
            self._draft.publish()


class _Room(io.RawIOBase):
    """A file with room reserved ahead of what is written."""

    def __init__(self, number: int) -> None:
        self._number = number
        self._groups = 0
        self._at = 0

    def writable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def write(self, data: Any) -> int:
        view = memoryview(data).cast("B")
        sent = 0
        while sent < len(view):
            done = os.write(self._number, view[sent:])
            sent += done
            self._at += done
        return sent

    def reserve(self, size: int, columns: int) -> None:
        """Take room for a row group of so many bytes and for the file's end. Raises OSError where there is none."""
        self._groups += 1
        if not hasattr(os, "posix_fallocate"):
            return
        try:
            os.posix_fallocate(self._number, self._at, size + (64 << 10) + 1024 * columns * (self._groups + 2))
        except OSError as error:
            if error.errno in {errno.ENOSPC, errno.EFBIG, errno.EDQUOT}:
                self.trim()  # some file systems keep what they could reserve
                raise

    def trim(self) -> None:
        """Give back room that was not used: the file has ended."""
        with suppress(OSError):
            os.ftruncate(self._number, self._at)
