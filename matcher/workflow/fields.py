"""Compile the fields that only one type of state has: times, error names, items and the bounds of a Map."""

from __future__ import annotations

import re
from typing import Final

import orjson

from matcher.workflow import expressions, failure
from matcher.workflow.asl.machine import ABSENT, Fail, ItemReader, Map, QueryLanguage, ResultWriter, State, Task, Wait
from matcher.workflow.choice import instant
from matcher.workflow.failure import Failure, plain, shown
from matcher.workflow.frames import Json
from matcher.workflow.paths import field_path, pick, shaper
from matcher.workflow.scene import Evaluator, Scene, constant

__all__ = ["special"]

#: The longest that a state may wait or run, in seconds, as AWS bounds it.
_LONGEST: Final = 99_999_999
_NUMERAL: Final = re.compile(r"-?(?:0|[1-9]\d{0,17})(?:\.\d+)?")


def special(state: State) -> dict[str, Evaluator]:
    """By the field's name without `Path`; a field that the state does not have is not there."""
    jsonata = state.language is QueryLanguage.JSONATA
    match state:
        case Wait():
            return _times(state, jsonata)
        case Fail():
            return _error(state, jsonata)
        case Task():
            number = _Numbers(jsonata, integer=True, low=1, high=_LONGEST)
            return number.fields(
                TimeoutSeconds=(state.timeout_seconds, state.timeout_seconds_path),
                HeartbeatSeconds=(state.heartbeat_seconds, state.heartbeat_seconds_path),
            )
        case Map():
            return {**_items(state, jsonata), **_bounds(state, jsonata)}
    return {}


def _times(state: Wait, jsonata: bool) -> dict[str, Evaluator]:
    if state.seconds_path is not None:
        return {"Seconds": _seconds_at(state.seconds_path)}
    if state.seconds is not None:
        return _Numbers(jsonata, integer=True, low=0, high=_LONGEST).fields(Seconds=(state.seconds, None))
    path = state.timestamp_path
    if path is not None:
        found, field = pick(path), "TimestampPath"
    else:
        field = "Timestamp"
        found = expressions.typed(state.timestamp, field, "string") if jsonata else constant(state.timestamp)

    def until(document: Json, scene: Scene) -> float:
        value = found(document, scene)
        moment = instant(value)
        if moment is None:
            text = plain(value) if path is None else f"{path} == {plain(value)}"
            wanted = "does not reference a valid ISO-8601 extended offset date-time format string"
            raise _wrong(jsonata, field, f"The {field} parameter {wanted}: {text}")
        return moment

    return {"Timestamp": until}


def _seconds_at(path: str) -> Evaluator:
    find = pick(path)

    def seconds(document: Json, scene: Scene) -> int:
        value = find(document, scene)
        if isinstance(value, bool) or not isinstance(value, int):
            cause = f"The SecondsPath parameter cannot be parsed as a long value: {path} == {plain(value)}"
        elif not 0 <= value <= _LONGEST:
            bound = "references a negative value" if value < 0 else f"references a value above {_LONGEST}"
            cause = f"The SecondsPath parameter {bound}: {path} == {value}"
        else:
            return value
        raise Failure(failure.RUNTIME, cause, described=True)

    return seconds


def _error(state: Fail, jsonata: bool) -> dict[str, Evaluator]:
    made: dict[str, Evaluator] = {}
    for name, value, path in (("Error", state.error, state.error_path), ("Cause", state.cause, state.cause_path)):
        if path is not None:
            made[name] = _text(field_path(path, f"{name}Path"), f"{name}Path")
        elif value is not None:
            made[name] = expressions.typed(value, name, "string") if jsonata else constant(value)
    return made


def _text(run: Evaluator, field: str) -> Evaluator:
    def check(document: Json, scene: Scene) -> Json:
        value = run(document, scene)
        if not isinstance(value, str):
            raise Failure(failure.RUNTIME, f"The {field} field refers to a value that is no string: {shown(value)}", described=True)
        return str(value)

    return check


def _wrong(jsonata: bool, field: str, cause: str) -> Failure:
    if jsonata:
        return Failure(failure.QUERY, cause, described=True, location=field)
    return Failure(failure.RUNTIME, cause, described=True)


def _items(state: Map, jsonata: bool) -> dict[str, Evaluator]:
    made: dict[str, Evaluator] = {}
    if state.items_path is not None:
        made["Items"] = _array_at(pick(state.items_path), state.items_path)
    elif jsonata and state.items is not ABSENT:
        made["Items"] = _array_of(expressions.typed(state.items, "Items", "array"))
    elif jsonata:
        made["Items"] = _input_array
    else:
        made["Items"] = _array_at(pick("$"), "$")
    selector = state.parameters if state.item_selector is ABSENT else state.item_selector
    if selector is not ABSENT:
        made["ItemSelector"] = expressions.template(selector, "ItemSelector") if jsonata else shaper(selector)
    if state.item_reader is not None:
        made["ItemReader"] = _reader(state.item_reader, jsonata)
        made.pop("Items")
    if state.result_writer is not None:
        made["ResultWriter"] = _writer(state.result_writer, jsonata)
    return made


def _array_at(run: Evaluator, path: str) -> Evaluator:
    """AWS writes a path into the context object with one `$`."""
    path = path[1:] if path.startswith("$$") else path

    def check(document: Json, scene: Scene) -> Json:
        value = run(document, scene)
        if not isinstance(value, list):
            raise Failure(failure.RUNTIME, f'Reference path "{path}" must point to array.', described=True)
        return value

    return check


def _array_of(run: Evaluator) -> Evaluator:
    """AWS takes an object at its word, and so does the check; when it runs it is no array."""

    def check(document: Json, scene: Scene) -> Json:
        value = run(document, scene)
        if not isinstance(value, list):
            raise _wrong(True, "Items", f"Items must be an array but was: {shown(value)}")
        return value

    return check


def _input_array(document: Json, _scene: Scene) -> Json:
    value = document["input"]
    if not isinstance(value, list):
        raise Failure(failure.QUERY, f"Map state input must be an array but was: {shown(value)}", described=True, location="")
    return value


def _reader(reader: ItemReader, jsonata: bool) -> Evaluator:
    """The reader's arguments and settings, found: what a `Read` says."""
    config = reader.reader_config
    bound = _Numbers(jsonata, integer=True, low=None).fields(MaxItems=(config.max_items, config.max_items_path))
    arguments = _arguments(reader.arguments, reader.parameters, "ItemReader", jsonata)
    fixed = {
        "InputType": config.input_type,
        "Transformation": config.transformation,
        "CSVHeaderLocation": config.csv_header_location,
        "CSVHeaders": None if config.csv_headers is None else list(config.csv_headers),
        "CSVDelimiter": config.csv_delimiter,
        "ManifestType": config.manifest_type,
        "ItemsPointer": config.items_pointer,
    }
    given = {name: value for name, value in fixed.items() if value is not None}

    def run(document: Json, scene: Scene) -> Json:
        settings = {**given, **{name: evaluate(document, scene) for name, evaluate in bound.items()}}
        return {"Resource": reader.resource, "Parameters": arguments(document, scene), "ReaderConfig": settings}

    return run


def _writer(writer: ResultWriter, jsonata: bool) -> Evaluator:
    arguments = _arguments(writer.arguments, writer.parameters, "ResultWriter", jsonata)
    config = writer.writer_config
    fixed = {"OutputType": config.output_type, "Transformation": config.transformation}
    settings = {name: value for name, value in fixed.items() if value is not None}
    return lambda document, scene: {
        "Resource": writer.resource,
        "Parameters": arguments(document, scene),
        "WriterConfig": settings,
    }


def _arguments(arguments: Json, parameters: Json, field: str, jsonata: bool) -> Evaluator:
    if jsonata and arguments is not ABSENT:
        return expressions.template(arguments, f"{field}/Arguments")
    if not jsonata and parameters is not ABSENT:
        return shaper(parameters)
    return constant({})


def _bounds(state: Map, jsonata: bool) -> dict[str, Evaluator]:
    batcher = state.item_batcher
    made = {
        **_Numbers(jsonata, integer=True, low=0).fields(
            MaxConcurrency=(state.max_concurrency, state.max_concurrency_path),
            ToleratedFailureCount=(state.tolerated_failure_count, state.tolerated_failure_count_path),
        ),
        **_Numbers(jsonata, integer=False, low=0, high=100).fields(
            ToleratedFailurePercentage=(state.tolerated_failure_percentage, state.tolerated_failure_percentage_path)
        ),
    }
    if batcher is None:
        return made
    made |= _Numbers(jsonata, integer=True, low=1).fields(
        MaxItemsPerBatch=(batcher.max_items_per_batch, batcher.max_items_per_batch_path),
        MaxInputBytesPerBatch=(batcher.max_input_bytes_per_batch, batcher.max_input_bytes_per_batch_path),
    )
    if batcher.batch_input is not ABSENT:
        field = "ItemBatcher/BatchInput"
        made["BatchInput"] = expressions.template(batcher.batch_input, field) if jsonata else shaper(batcher.batch_input)
    made["ItemBatcher"] = constant(True)
    return made


class _Numbers:
    """Fields that hold a number, a path to one, or an expression for one, of one kind and within bounds."""

    def __init__(self, jsonata: bool, *, integer: bool, low: int | None, high: int | None = None) -> None:
        self.jsonata = jsonata
        self.integer = integer
        self.low = low
        self.high = high

    def fields(self, **given: tuple[Json, str | None]) -> dict[str, Evaluator]:
        made: dict[str, Evaluator] = {}
        for name, (value, path) in given.items():
            if path is not None:
                made[name] = self._checked(pick(path), name, path)
            elif expressions.is_expression(value):
                made[name] = self._checked(expressions.typed(value, self._place(name), "number"), name, None)
            elif value is not None:
                made[name] = constant(value)
        return made

    @staticmethod
    def _place(name: str) -> str:
        inner = {"MaxItems": "ItemReader/ReaderConfig/MaxItems", "MaxItemsPerBatch": "ItemBatcher/MaxItemsPerBatch"}
        return inner.get(name, "ItemBatcher/MaxInputBytesPerBatch" if name == "MaxInputBytesPerBatch" else name)

    def _checked(self, run: Evaluator, name: str, path: str | None) -> Evaluator:
        def check(document: Json, scene: Scene) -> Json:
            value = run(document, scene)
            number = self._number(value)
            if number is None:
                wanted = "integer" if self.integer else "float"
                cause = (
                    f"The {name} field has the value {plain(value)}, which is not a valid {wanted}"
                    if path is None
                    else f'The {name}Path field refers to value "{plain(value)}" which is not a valid {wanted}: {path}'
                )
                raise _wrong(self.jsonata, self._place(name), cause)
            if (self.low is not None and number < self.low) or (self.high is not None and number > self.high):
                raise _wrong(self.jsonata, self._place(name), self._bounds(name))
            return number

        return check

    def _bounds(self, name: str) -> str:
        return f"{name} must be at least {self.low}." if self.high is None else f"{name} must be between {self.low} and {self.high}."

    def _number(self, value: Json) -> float | None:
        """The number, also where it is written as text; None where it is none of the kind."""
        if isinstance(value, str) and _NUMERAL.fullmatch(value):
            value = orjson.loads(value)
        if isinstance(value, bool) or not isinstance(value, int | float) or (self.integer and isinstance(value, float)):
            return None
        return value
