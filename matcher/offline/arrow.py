"""Turn an Arrow array of events into an array of the names of the rules that match each."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, Literal, TypeAlias

from matcher.errors import EventError
from matcher.ruleset import EventLike, PatternLike, RuleSet

__all__ = ["Errors", "RowError", "Rules", "answered", "compiled", "matched"]

#: A compiled set, whose names are strings, or what one is made of.
Rules: TypeAlias = "RuleSet[str] | Mapping[str, PatternLike]"
#: What becomes of an event that is refused: RowError, null, or null with the reason in a field of its own.
Errors: TypeAlias = Literal["raise", "null", "struct"]
#: Answers to rows: names, None for a null, or why the event was refused.
Answers: TypeAlias = "list[list[str] | EventError | None]"

# Rows that are Python objects at a time: enough that the threads are worth starting, and few enough that memory is
# used again while it is in the cache.
_ROWS: Final = 4096
_SHOWN: Final = 60  # bytes of a refused event in a message
_MESSAGE: Final = re.compile(r"(?P<place>.*?): at byte (?P<at>\d+): (?P<reason>.*?)(, in b[\"'].*)?")


class RowError(EventError):
    """An event of a column or a file that is refused; `place` says which: "row 3 of the batch", "a.jsonl: line 7".

    It is made from its message alone, as engines make an exception again that comes from another thread or process.
    """

    def __init__(self, message: str) -> None:
        found = _MESSAGE.fullmatch(message.partition("\n")[0])
        super().__init__(found["reason"] if found else message, int(found["at"]) if found else 0)
        self.place = found["place"] if found else ""
        self.args = (message,)

    @classmethod
    def of(cls, error: EventError, place: str, event: object) -> RowError:
        """Say where and of what an event was refused."""
        shown = event.encode(errors="replace") if isinstance(event, str) else event
        return cls(f"{place}: {error}" + (f", in {shown[:_SHOWN]!r}" if isinstance(shown, bytes) else ""))

    def __reduce__(self) -> tuple[type[RowError], tuple[str]]:  # type: ignore[override]
        return RowError, (str(self.args[0]),)


def compiled(rules: Rules) -> RuleSet[str]:
    """Compile rules unless they are; a set is taken as it is now. Raises PatternError, TypeError for other names."""
    made = rules.copy() if isinstance(rules, RuleSet) else RuleSet(rules)
    for name in made:
        if not isinstance(name, str):
            raise TypeError(f"a column of names needs rules named by strings, not {name!r}")
    return made


def answered(
    rules: RuleSet[str], pieces: Iterator[Sequence[EventLike | None]], errors: Errors, threads: int
) -> Iterator[Answers]:
    """Match the rows of a column, which come piece by piece, so that few of them are Python objects at once."""
    first = 0
    for events in pieces:
        answers: Answers
        if None in events:
            found = iter(rules.match_many([event for event in events if event is not None], threads, "return"))
            answers = [None if event is None else next(found) for event in events]
        else:
            answers = rules.match_many(events, threads, "return")  # type: ignore[arg-type]
        if errors == "raise":
            for row, answer in enumerate(answers):
                if isinstance(answer, EventError):
                    raise RowError.of(answer, f"row {first + row} of the batch", events[row])
        yield answers
        first += len(events)


def matched(events: Any, rules: Rules, *, errors: Errors = "raise", threads: int = 0) -> Any:
    """Give a list<string> array of the names of the rules that match each event, in the order first added.

    `events` is an Array or ChunkedArray of JSON text (any type of strings or binary, or dictionary-encoded), or of
    structs, and the answer is of the same kind; null stays null. A struct is an event whose fields are all there, those
    that are null as null. `errors` tells what becomes of an event that is refused: "raise" raises RowError, "null"
    makes it null, "struct" gives struct<rules: list<string>, error: string>. `threads`: 0 is one a core.

    Raises TypeError for an array of another type, PatternError.
    """
    import pyarrow as pa

    check_errors(errors, "raise", "null", "struct")
    made = compiled(rules)
    if isinstance(events, pa.ChunkedArray):
        chunks = [_matched(chunk, made, errors, threads) for chunk in events.chunks]
        return pa.chunked_array(chunks, type=_type(errors))
    return _matched(events, made, errors, threads)


def check_errors(errors: str, *known: str) -> None:
    """Raise ValueError unless `errors` is one of the known ways."""
    if errors not in known:
        raise ValueError(f"errors is one of {', '.join(map(repr, known))}, not {errors!r}")


def _matched(events: Any, rules: RuleSet[str], errors: Errors, threads: int) -> Any:
    import pyarrow as pa

    parts = [column(answers, errors) for answers in answered(rules, _pieces(events), errors, threads)]
    return pa.concat_arrays(parts) if parts else pa.array([], _type(errors))


def column(answers: Answers, errors: Errors) -> Any:
    """Turn answers into an array, as `matched` gives it."""
    import pyarrow as pa

    refused = [isinstance(answer, EventError) for answer in answers]
    if not any(refused):
        names = pa.array(answers, _names())
        reasons = pa.nulls(len(answers), pa.string()) if errors == "struct" else None
    else:
        plain = [None if bad else answer for answer, bad in zip(answers, refused, strict=True)]
        names = pa.array(plain, _names())
        reasons = pa.array([str(answer) if bad else None for answer, bad in zip(answers, refused, strict=True)])
    if errors != "struct":
        return names
    absent = pa.array([answer is None for answer in answers], pa.bool_())
    return pa.StructArray.from_arrays([names, reasons], fields=list(_type(errors)), mask=absent)


def _names() -> Any:
    import pyarrow as pa

    return pa.list_(pa.string())


def _type(errors: Errors) -> Any:
    import pyarrow as pa

    return pa.struct({"rules": _names(), "error": pa.string()}) if errors == "struct" else _names()


def _pieces(events: Any) -> Iterator[list[Any]]:
    import pyarrow as pa

    if isinstance(events, pa.ExtensionArray):
        events = events.storage
    kind = events.type
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    cast = _cast(kind)
    for start in range(0, len(events), _ROWS):
        yield cast(events.slice(start, _ROWS)).to_pylist()


def _cast(kind: Any) -> Callable[[Any], Any]:
    """Tell how an array of the type becomes one whose elements are bytes or dicts: text is not decoded."""
    import pyarrow as pa

    types = pa.types
    if types.is_struct(kind) or types.is_null(kind):
        return lambda events: events
    if types.is_binary(kind) or types.is_string(kind):
        return lambda events: events.cast(pa.binary())
    if types.is_large_binary(kind) or types.is_large_string(kind):
        return lambda events: events.cast(pa.large_binary())
    if types.is_string_view(kind) or types.is_binary_view(kind):
        return lambda events: events.cast(pa.binary_view())
    raise TypeError(f"a column of events is text, binary or structs, not {kind}")
