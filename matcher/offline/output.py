"""Turn rules and sources into a file of what matched: JSON lines or Parquet, whole lines whatever stops it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from contextlib import closing
from pathlib import Path
from typing import Any, BinaryIO, Generic, Literal, Protocol

from matcher.errors import StoreError
from matcher.offline import emit as emitting
from matcher.offline.answers import Answer, Keep
from matcher.offline.checkpoint import Checkpoint
from matcher.offline.hits import Counts, counted
from matcher.offline.job import Job, Stop, Stopped
from matcher.offline.sink import Sink
from matcher.offline.sources import expand
from matcher.ruleset import Name, RuleSet

__all__ = ["Export", "export", "refuse_overwriting"]

Target = str | os.PathLike[str] | BinaryIO


class _Writer(Protocol):
    def write(self, source: str, answers: list[Answer]) -> None: ...

    def close(self) -> None: ...


class Export(Generic[Name]):
    """One run over all sources that writes what matched, if anything is to be written. See `export`.

    `run` does the work, and may be ended by what `pulse` raises, by KeyboardInterrupt, or by an OSError in writing:
    what was found by then is in the file, and `counts` tells of it. `finish` forgets the checkpoint of a whole run.
    `waits` is true while a source is read that may be long in giving, as a pipe is: only there may a signal raise.
    """

    rows = 0  # that a Parquet file holds at the end

    def __init__(
        self,
        rules: RuleSet[Name],
        sources: Iterable[str | os.PathLike[str]],
        output: Target | None,
        *,
        form: Literal["jsonl", "parquet"] = "jsonl",
        emit: str | None = None,
        every: bool = False,
        threads: int = 0,
        limit: int | None = None,
        max_refused: int | None = None,
        checkpoint: str | os.PathLike[str] | None = None,
        pulse: Callable[[], None] | None = None,
    ) -> None:
        self.sources = expand(sources)
        self._output = output
        self._form = form
        self._every = every
        default = emitting.DEFAULT if form == "jsonl" else "source,line,byte,rules"
        self._template = emitting.Template(default if emit is None else emit, checked=rules._validate == "strict")
        self._refused = emitting.Template(emitting.REFUSED) if emit is None and form == "jsonl" else None
        self._refuse_clashes(checkpoint)
        self._checkpoint = self._state = None
        if checkpoint is not None:
            settings = {"output": form if output is not None else "count", "emit": emit or "", "all": str(every)}
            self._checkpoint = Checkpoint(checkpoint, rules, self.sources, settings)
            self._state = self._checkpoint.load()
        keep: Keep = "counts" if output is None else "all" if every else "matched"
        self.job = Job(
            rules,
            self.sources,
            keep=keep,
            texts=output is not None and self._template.texts,
            threads=threads,
            stop=Stop(limit, max_refused),
            checkpoint=self._checkpoint,
            state=self._state,
            pulse=pulse,
        )

    def _refuse_clashes(self, checkpoint: str | os.PathLike[str] | None) -> None:
        """Refuse to write over what is read."""
        output = self._output if isinstance(self._output, str | os.PathLike) else None
        if checkpoint is not None and self._output is not None and (output is None or self._form != "jsonl"):
            raise StoreError("a checkpoint needs an output that can be written on: JSON lines in a file, or counts")
        for path in (output, checkpoint):
            refuse_overwriting(path, self.sources)
        if output is not None and checkpoint is not None and os.path.realpath(output) == os.path.realpath(checkpoint):
            raise StoreError(f"{os.fspath(output)} can't be both the output and the checkpoint")

    @property
    def resumed(self) -> bool:
        """Whether it goes on from a checkpoint."""
        return self._state is not None

    @property
    def waits(self) -> bool:
        return self.job.waits

    @property
    def stopped(self) -> Stopped | None:
        """Where and why it ended early, if it did so as it was asked to."""
        return self.job.stopped

    def run(self) -> None:
        """Read all sources. Raises OSError where the output can't be written, MissingExtra."""
        writer = self._writer()
        try:
            with closing(self.job.steps()) as steps:
                for source, answers in steps:
                    if answers and writer is not None:
                        writer.write(source, answers)
        finally:
            try:
                if writer is not None:
                    writer.close()
            finally:
                self.rows = writer.rows if isinstance(writer, _Rows) else 0

    def _writer(self) -> _Writer | None:
        if self._output is None:
            return None
        if self._form == "parquet":
            return _Rows(self._output, self._template, self._every)
        resumed = None
        if self._checkpoint is not None:
            resumed = self._state.output or 0 if self._state is not None else 0
        sink = self.job.sink = Sink(self._output, resumed=resumed)
        self.job.state.output = sink.length if sink.regular else None
        return _Lines(sink, self._template, self._refused, self._every)

    def finish(self) -> None:
        """Forget the checkpoint, unless too many events were refused: then a run that allows more goes on."""
        if self._checkpoint is not None and (self.stopped is None or self.stopped.error is None):
            self._checkpoint.remove()

    def show(self, progress: Callable[[int, int], None]) -> None:
        """Have bytes of files that were taken, and events of them, told as they come."""
        self.job.progress = progress

    def counts(self) -> Counts[Name]:
        """Give what was counted so far."""
        return counted(self.sources, self.job.state.tallies)


class _Lines:
    def __init__(self, sink: Sink, template: emitting.Template, refused: emitting.Template | None, every: bool) -> None:
        self._sink = sink
        self._template = template
        self._refused = refused
        self._by_rule = "rule" in template.names
        self._errors = refused is not None or "error" in template.names
        self._every = every

    def write(self, source: str, answers: list[Answer]) -> None:
        line, refused = self._template.line, self._refused
        rows = emitting.rows(source, answers, by_rule=self._by_rule, errors=self._errors, every=self._every)
        made = [refused.line(row) if refused is not None and row.error is not None else line(row) for row in rows]
        if made:
            self._sink.write(b"".join(made))

    def close(self) -> None:
        self._sink.close()


class _Rows:
    def __init__(self, output: Target, template: emitting.Template, every: bool) -> None:
        from matcher.offline import parquet

        if not isinstance(output, str | os.PathLike) or (Path(output).exists() and not Path(output).is_file()):
            raise StoreError("Parquet needs a file to be written to: it can't go to standard output or a device")
        self._table = parquet.Table(output, parquet.columns(template))
        self._by_rule = "rule" in template.names
        self._errors = "error" in template.names
        self._every = every

    def write(self, source: str, answers: list[Answer]) -> None:
        add = self._table.add
        for row in emitting.rows(source, answers, by_rule=self._by_rule, errors=self._errors, every=self._every):
            add(row)

    @property
    def rows(self) -> int:
        return self._table.rows

    def close(self) -> None:
        self._table.close()


def export(
    rules: RuleSet[Name],
    sources: str | os.PathLike[str] | Iterable[str | os.PathLike[str]],
    output: Target,
    **options: Any,
) -> Counts[Name]:
    """Write what rules match in all sources (see `expand`) to a file, and give the counts.

    `form`: "jsonl", or "parquet" (extra `parquet`; a path is needed). `emit`: the template of a line or the columns,
    see `matcher.offline.emit`. `every`: events that nothing matches too. `threads`: 0 is one a core. It ends after
    `limit` events that match, and where more than `max_refused` are refused. `checkpoint`: a file from which a run
    that was cut short, even by the loss of power, goes on to the same output. A path is written under another name
    and renamed at the end; with a checkpoint in place.

    Raises OSError where the output can't be written (the file has what was found by then, whole lines), EmitError,
    StoreError for a checkpoint of another run, MissingExtra, and the EventError that was one too many.
    """
    paths = [sources] if isinstance(sources, str | os.PathLike) else sources
    made = Export(rules, paths, output, **options)
    made.run()
    made.finish()
    if made.stopped is not None and made.stopped.error is not None:
        raise made.stopped.error
    return made.counts()


def refuse_overwriting(path: str | os.PathLike[str] | None, sources: Iterable[str]) -> None:
    """Raise StoreError if a path that is to be written is that of a source."""
    if path is not None and any(_same(source, path) for source in sources):
        raise StoreError(f"{os.fspath(path)} is to be written, and is among the events to be read")


def _same(one: str | os.PathLike[str], other: Any) -> bool:
    try:
        return Path(one).samefile(other)
    except OSError:
        return False
