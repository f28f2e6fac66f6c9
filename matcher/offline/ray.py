"""Turn Ray datasets of events, or files, into datasets with the names of the rules that match (extra `ray`).

>>> import ray
>>> from matcher import RuleSet
>>> from matcher.offline import ray as matching
>>> rules = RuleSet({"paid": {"state": ["paid"]}, "large": {"total": [{"numeric": [">", 100]}]}})
>>> orders = ray.data.from_items([{"event": '{"state": "paid", "total": 250}'}, {"event": '{"state": "new"}'}])
>>> sorted(row["rules"] for row in matching.matched(orders, rules).take_all())
[[], ['paid', 'large']]
>>> found = matching.scan(rules, "orders.jsonl")
>>> sorted((row["line"], row["rules"]) for row in found.take_all())
[(1, ['paid', 'large']), (3, ['paid'])]
>>> sorted((row["rule"], row["events"]) for row in matching.counted(found).take_all())
[('large', 1), ('paid', 2)]

Workers are actors. The compiled rules lie in Ray's object store, and each worker unpickles them once, when it begins,
however many batches it matches.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

from matcher.errors import MissingExtra
from matcher.offline import arrow
from matcher.offline.arrow import Rules, check_errors, compiled
from matcher.offline.tables import Paths, ScanErrors, located, schema, tables
from matcher.ruleset import RuleSet

if TYPE_CHECKING:
    from ray.data import Dataset

__all__ = ["counted", "matched", "scan"]

#: What becomes of an event that is refused.
Errors = Literal["raise", "null", "column"]


def matched(
    dataset: Dataset,
    rules: Rules,
    column: str = "event",
    into: str = "rules",
    *,
    errors: Errors = "raise",
    threads: int = 1,
    **options: Any,
) -> Dataset:
    """Give the dataset with another column: the names of the rules that match each event, in the order first added.

    `column` holds JSON text, of any type of strings or binary, or structs (an event whose fields are all there, those
    that are null as null); null stays null. `errors` tells what becomes of an event that is refused: "raise" ends the
    job with an exception of Ray's that quotes `matcher.offline.arrow.RowError`, "null" makes it null, "column" does so
    and says why in a column "error". `threads` match a batch; a worker asks Ray for as many CPUs. The rules are those
    of the moment of the call.

    `options` are those of `Dataset.map_batches`: `compute=ray.data.ActorPoolStrategy(size=8)`, `batch_size`,
    `resources`, ... Raises PatternError, TypeError for names that are no strings; and when it runs TypeError for a
    column of another type, ValueError for one that is not there, or is there already.
    """
    ray = _ray()
    check_errors(errors, "raise", "null", "column")
    arguments = (ray.put(compiled(rules)), column, into, errors, threads)
    made: Dataset = dataset.map_batches(
        _Matching,
        fn_constructor_args=arguments,
        batch_format="pyarrow",
        udf_modifying_row_count=False,
        **_for_threads(threads, options),
    )
    return made


def scan(
    rules: Rules,
    paths: Paths,
    *,
    every: bool = False,
    texts: bool = False,
    errors: ScanErrors = "column",
    threads: int = 1,
    **options: Any,
) -> Dataset:
    """Give a dataset of the events of files that rules match, and of those that are refused.

    `paths`: files, directories and globs as `matcher.offline.expand` takes them, which all workers must see, or URIs of
    file systems that pyarrow knows (s3://bucket/folder); JSON lines, arrays, CloudTrail's records, packed or not.
    Columns: `source`, absolute; `line` (or element), from 1; `byte` where it begins in its source's text, null where that is
    unknown; with `texts` the `event` as binary; `rules` that match; `error`, why the event was refused, or, where `line`
    is null, why the source can't be read to its end. Where there is an error `rules` is null; errors="raise" ends the
    job instead.

    `every`: events that nothing matches come too. A file is read by one worker, with `threads` threads, in memory that
    does not grow with it. `options` are as with `matched`.
    """
    ray = _ray()
    check_errors(errors, "column", "raise")
    # Absolute, as a worker may have another working directory.
    sources = [source if "://" in source else str(Path(source).absolute()) for source in located(paths)]
    if not sources:
        return cast("Dataset", ray.data.from_arrow(schema(texts).empty_table()))
    settings = {"every": every, "texts": texts, "errors": errors, "threads": threads}
    files = ray.data.from_items([{"source": source} for source in sources], override_num_blocks=len(sources))
    made: Dataset = files.map_batches(
        _Scanning,
        fn_constructor_args=(ray.put(compiled(rules)), settings),
        batch_format="pyarrow",
        **_for_threads(threads, options),
    )
    return made


def counted(dataset: Dataset, column: str = "rules") -> Dataset:
    """Give the number of events that each rule matches: a row (rule, events) for each rule that matches any.

    `column` holds lists of names. Each batch is counted where it lies, so little is sent. This reads the dataset now.
    """
    ray = _ray()
    # To their end before they are summed: workers that hold all CPUs would wait for those that sum, and these for them.
    # Nor does this light work ask for a CPU of its own.
    tallies = dataset.map_batches(partial(_tally, column), batch_format="pyarrow", num_cpus=0).materialize()
    made: Dataset = tallies.groupby("rule").aggregate(ray.data.aggregate.Sum("events", alias_name="events"))
    return made


# ---- what workers run ----


class _Matching:
    """Rules come as a reference, so that nothing but the worker that needs them unpickles them, and once."""

    def __init__(self, rules: Any, column: str, into: str, errors: Errors, threads: int) -> None:
        self._rules = _fetched(rules)
        self._column = column
        self._into = into
        self._errors = errors
        self._threads = threads

    def __call__(self, batch: Any) -> Any:
        if self._column not in batch.column_names:
            raise ValueError(f"no column {self._column!r}; there are {', '.join(map(repr, batch.column_names))}")
        added = [self._into, "error"] if self._errors == "column" else [self._into]
        for name in added:
            if name in batch.column_names:
                raise ValueError(f"the column {name!r} is there already: name another, or drop it")
        ways: arrow.Errors = "struct" if self._errors == "column" else self._errors
        found = arrow.matched(batch[self._column], self._rules, errors=ways, threads=self._threads)
        columns = [found] if ways != "struct" else _fields(found)
        for name, values in zip(added, columns, strict=True):
            batch = batch.append_column(name, values)
        return batch


def _fields(found: Any) -> list[Any]:
    """Give the rules and the errors of a chunked array of structs; null where the struct is."""
    import pyarrow as pa
    import pyarrow.compute as pc

    fields = [pc.struct_field(found, [number]) for number in range(2)]
    return [field if isinstance(field, pa.ChunkedArray) else pa.chunked_array([field]) for field in fields]


class _Scanning:
    def __init__(self, rules: Any, settings: dict[str, Any]) -> None:
        self._rules = _fetched(rules)
        self._settings = settings

    def __call__(self, batch: Any) -> Iterator[Any]:
        yield schema(self._settings["texts"]).empty_table()  # its columns are known where no file has a row
        yield from tables(self._rules, batch["source"].to_pylist(), **self._settings)


def _fetched(rules: Any) -> RuleSet[str]:
    import ray

    return cast("RuleSet[str]", ray.get(rules))


def _tally(column: str, batch: Any) -> Any:
    import pyarrow as pa
    import pyarrow.compute as pc

    names = pc.list_flatten(batch[column])
    tally = pc.value_counts(names)
    return pa.table({"rule": tally.field("values").cast(pa.string()), "events": tally.field("counts")})


def _for_threads(threads: int, options: dict[str, Any]) -> dict[str, Any]:
    """Have a worker ask for as many CPUs as it uses, unless the caller says what it asks for."""
    if threads < 1:
        raise ValueError(f"threads is 1 or more, as each worker asks for so many CPUs, not {threads}")
    return options if "num_cpus" in options or "num_gpus" in options else {**options, "num_cpus": threads}


def _ray() -> Any:
    try:
        import pyarrow as pa  # noqa: F401
        import ray
        import ray.data
    except ImportError:
        raise MissingExtra("ray") from None
    return ray
