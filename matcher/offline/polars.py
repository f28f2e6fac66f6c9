"""Turn Polars columns of events, or files, into columns of the names of the rules that match (extra `polars`).

>>> import polars as pl
>>> from matcher import RuleSet
>>> from matcher.offline import polars as matching
>>> rules = RuleSet({"paid": {"state": ["paid"]}, "large": {"total": [{"numeric": [">", 100]}]}})
>>> orders = pl.LazyFrame({"event": ['{"state": "paid", "total": 250}', '{"state": "new", "total": 9}', None]})
>>> orders.with_columns(rules=matching.matched("event", rules)).collect()["rules"].to_list()
[['paid', 'large'], [], None]
>>> orders.filter(matching.matches("event", {"state": ["new"]})).collect(engine="streaming").height
1
>>> orders.select(rules=matching.matched("event", rules)).explode("rules").drop_nulls().group_by("rules").len().sort(
...     "rules"
... ).collect().rows()
[('large', 1), ('paid', 1)]
>>> matching.scan(rules, "orders.jsonl").select("line", "rules").collect().rows()
[(1, ['paid', 'large']), (3, ['paid'])]
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, cast

from matcher.errors import MissingExtra
from matcher.offline.arrow import Errors, Rules, answered, check_errors, column, compiled
from matcher.offline.tables import Paths, ScanErrors, located, tables
from matcher.ruleset import PatternLike, RuleSet
from matcher.single import Pattern

if TYPE_CHECKING:
    import polars as pl

__all__ = ["matched", "matches", "scan"]

_ROWS: Final = 4096  # that are Python objects at a time; see matcher.offline.arrow


def matched(events: pl.Expr | str, rules: Rules, *, errors: Errors = "raise", threads: int = 0) -> pl.Expr:
    """Give an expression for the names of the rules that match each event, in the order first added: List(String).

    `events` is a column or its name: String or Binary (JSON text), Categorical or Enum, or a Struct, which is an event
    whose fields are all there, those that are null as null. A null stays null. The expression is elementwise, so it
    works eagerly, lazily, and batch by batch in the streaming engine. `errors` tells what becomes of an event that is
    refused: "raise" raises `matcher.offline.arrow.RowError`, "null" makes it null, "struct" gives a Struct with the
    fields `rules` and `error`. `threads` match a batch; 0 is one a core. The rules are those of the moment of the call.

    Raises PatternError, TypeError for names that are no strings, and when it runs for a column of another type.
    """
    pl = _polars()
    check_errors(errors, "raise", "null", "struct")
    names = pl.List(pl.String)
    kind = pl.Struct({"rules": names, "error": pl.String}) if errors == "struct" else names
    return _column(events).map_batches(_Matched(compiled(rules), errors, threads), kind, is_elementwise=True)


def matches(
    events: pl.Expr | str,
    rule: Pattern | PatternLike | RuleSet[str],
    name: str | None = None,
    *,
    errors: Literal["raise", "null"] = "raise",
    threads: int = 0,
) -> pl.Expr:
    """Give an expression for whether each event matches: Boolean.

    `rule` is a pattern (a dict, JSON as str or bytes, a `Pattern`), or a rule set: then any rule of it counts, or the
    one of the name. The rest is as with `matched`. Raises KeyError for a name that is not in the set.
    """
    pl = _polars()
    check_errors(errors, "raise", "null")
    rules: RuleSet[Any]
    match rule:
        case RuleSet():
            rules = rule.copy()
        case Pattern():
            rules = rule._rules.copy()
        case _:
            rules = RuleSet({None: rule})
    if name is not None and name not in rules:
        raise KeyError(name)
    return _column(events).map_batches(_Matches(rules, name, errors, threads), pl.Boolean, is_elementwise=True)


def scan(
    rules: Rules,
    paths: Paths,
    *,
    every: bool = False,
    texts: bool = False,
    errors: ScanErrors = "column",
    threads: int = 0,
) -> pl.LazyFrame:
    """Give a lazy frame of the events of files that rules match, and of those that are refused.

    `paths`: files, directories and globs as `matcher.offline.expand` takes them, and URIs of file systems that pyarrow
    knows (s3://bucket/folder); JSON lines, arrays, CloudTrail's records, packed or not. Its columns: `source`; `line`
    (or element), from 1; `byte` where it begins in its source's text, null where that is unknown; with `texts` the
    `event` as Binary; `rules` that match; `error`, why the event was refused, or, where `line` is null, why the source
    can't be read to its end. Where there is an error `rules` is null; errors="raise" raises RowError or OSError instead.

    `every`: events that nothing matches come too. The files are read when the frame is collected, each time, chunk by
    chunk: memory does not grow with them beyond the rows that are kept. `threads`: 0 is one a core.
    """
    pl = _polars()
    check_errors(errors, "column", "raise")
    from polars.io.plugins import register_io_source

    wanted = {
        "source": pl.String(),
        "line": pl.Int64(),
        "byte": pl.Int64(),
        **({"event": pl.Binary()} if texts else {}),
        "rules": pl.List(pl.String),
        "error": pl.String(),
    }
    kept = [paths] if isinstance(paths, str | os.PathLike) else list(paths)
    reading = _Reading(compiled(rules), kept, every, texts, errors, threads)
    return register_io_source(reading, schema=wanted)


# ---- what runs on batches ----


@dataclass(frozen=True, slots=True)
class _Matched:
    """It is pickled with the compiled rules where a plan is sent elsewhere."""

    rules: RuleSet[str]
    errors: Errors
    threads: int

    def __call__(self, events: pl.Series) -> pl.Series:
        import polars as pl
        import pyarrow as pa

        answers = answered(self.rules, _pieces(events), self.errors, self.threads)
        parts = [column(some, self.errors) for some in answers] or [column([], self.errors)]
        made = pl.from_arrow(pa.chunked_array(parts))
        assert isinstance(made, pl.Series)
        return made.rename(events.name)


@dataclass(frozen=True, slots=True)
class _Matches:
    rules: RuleSet[Any]
    name: str | None
    errors: Errors
    threads: int

    def __call__(self, events: pl.Series) -> pl.Series:
        import polars as pl

        name = self.name
        found: list[bool | None] = []
        for answers in answered(self.rules, _pieces(events), self.errors, self.threads):
            found += [
                (bool(answer) if name is None else name in answer) if isinstance(answer, list) else None
                for answer in answers
            ]
        return pl.Series(events.name, found, pl.Boolean)


def _pieces(events: pl.Series) -> Iterator[list[bytes | None]]:
    import polars as pl

    kind = events.dtype
    if isinstance(kind, pl.Struct):
        _check_fields(kind, "")
    elif not isinstance(kind, pl.String | pl.Binary | pl.Categorical | pl.Enum | pl.Null):
        raise TypeError(f"a column of events is String, Binary, Categorical, Enum or Struct, not {kind}")
    for start in range(0, len(events), _ROWS):
        piece = events.slice(start, _ROWS)
        if not isinstance(kind, pl.Struct):
            yield (piece if isinstance(kind, pl.Binary) else piece.cast(pl.String).cast(pl.Binary)).to_list()
            continue
        texts = piece.struct.json_encode().cast(pl.Binary).to_list()
        if piece.null_count():
            texts = [None if null else text for null, text in zip(piece.is_null(), texts, strict=True)]
        yield texts


def _check_fields(kind: pl.DataType, at: str) -> None:
    """Refuse what `struct.json_encode` writes in a form that rules would not expect, or can't write."""
    import polars as pl

    match kind:
        case pl.Struct():
            for field in kind.fields:
                _check_fields(cast("pl.DataType", field.dtype), f"{at}.{field.name}" if at else field.name)
        case pl.List() | pl.Array():
            _check_fields(cast("pl.DataType", kind.inner), f"{at}[]")
        case pl.String() | pl.Categorical() | pl.Enum() | pl.Boolean() | pl.Null():
            pass
        case _ if not (kind.is_integer() or kind.is_float()):
            raise TypeError(f"the field {at} of the events is {kind}, which JSON has no form for: cast it, or drop it")


# ---- files ----


@dataclass(frozen=True, slots=True)
class _Reading:
    """A source of rows as Polars asks for them."""

    rules: RuleSet[str]
    paths: Paths
    every: bool
    texts: bool
    errors: ScanErrors
    threads: int

    def __call__(
        self, columns: list[str] | None, predicate: pl.Expr | None, rows: int | None, _: int | None
    ) -> Iterator[pl.DataFrame]:
        import polars as pl

        # Events are read only where the plan asks for them.
        texts = self.texts and (columns is None or "event" in columns)
        options: dict[str, Any] = {"every": self.every, "errors": self.errors, "threads": self.threads}
        for table in tables(self.rules, located(self.paths), texts=texts, **options):
            frame = cast("pl.DataFrame", pl.from_arrow(table))
            if rows is not None:
                frame = frame.head(rows)
                rows -= len(frame)
            if predicate is not None:
                frame = frame.filter(predicate)
            yield frame if columns is None else frame.select(columns)
            if rows == 0:
                return


def _column(events: pl.Expr | str) -> pl.Expr:
    import polars as pl

    return pl.col(events) if isinstance(events, str) else events


def _polars() -> Any:
    """Import polars, and what its columns go through."""
    try:
        import polars as pl
        import pyarrow as pa  # noqa: F401
    except ImportError:
        raise MissingExtra("polars") from None
    return pl
